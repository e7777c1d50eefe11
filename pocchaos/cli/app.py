"""The Typer application: the verbs, put together.

A verb imports what it works with inside its function, when it is called: Polars, Rich, the language and the load
would cost each `--help`, each `--version` and each Tab a second.
"""

from typing import Annotated

import typer

from pocchaos import __version__
from pocchaos.cli.check import check
from pocchaos.cli.doctor import doctor
from pocchaos.cli.judge import judge
from pocchaos.cli.recover import recover
from pocchaos.cli.report import report
from pocchaos.cli.run import run
from pocchaos.cli.samples import samples
from pocchaos.cli.schema import schema

app = typer.Typer(
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,  # a crash of ours shows plainly; a user's mistake never gets so far
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - the form that Typer calls
    if wanted:
        typer.echo(f"pocchaos {__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Chaos and degradation tests for AI proofs of concept.

    A scenario file says what is done to the POC and what is expected of it; a run ends in a verdict with evidence.

    Example: pocchaos run scenarios/llm_outage.yaml
    """


for verb in (check, run, judge, report, samples, schema, recover, doctor):
    app.command(no_args_is_help=verb not in (schema, recover, doctor))(verb)
