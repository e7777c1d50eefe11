"""`pocchaos schema`: the language for an editor."""

import json

import typer


def schema() -> None:
    """Print the JSON Schema (2020-12) of scenario files.

    Example: pocchaos schema > scenario.schema.json
    """
    from pocchaos.scenario.schema import json_schema

    typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
