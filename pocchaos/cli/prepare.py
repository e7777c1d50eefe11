"""From a scenario file to a plan that may be run, or every reason why not."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import typer

from pocchaos.files.inputs import read_inputs
from pocchaos.files.scenario import Loaded, read_scenario
from pocchaos.model.errors import UsageError
from pocchaos.scenario.compile import compile_plan
from pocchaos.scenario.draft import draft_of
from pocchaos.scenario.extent import requests
from pocchaos.scenario.plan import Plan

TAKES_A_WHILE: Final = 200_000  # requests: some seconds of planning


def prepare(file: Path, *, env: Mapping[str, str], seed: int | None) -> tuple[Loaded, Plan]:
    """Read, check and compile; raises ScenarioError with all problems at once."""
    if not file.is_file():
        raise UsageError(f"{file} is not a file: name a scenario file, such as scenarios/llm_outage.yaml")
    loaded = read_scenario(file, env=env)
    rows = read_inputs(loaded.scenario, file.parent, place=loaded.problem)
    draft = draft_of(loaded.scenario)
    if (many := sum(requests(placed, draft) for placed in draft.stages)) > TAKES_A_WHILE:
        typer.echo(f"· planning about {many:,.0f} requests: this takes a while", err=True)
    return loaded, compile_plan(loaded.scenario, rows, loaded.scenario.seed if seed is None else seed)
