"""`pocchaos check FILE`: validate a scenario and print its plan; touches nothing."""

import os

from rich.console import Console

from pocchaos.cli.foresee import refuse
from pocchaos.cli.options import ScenarioFile, Seed, Set, environment
from pocchaos.cli.plan_view import show_plan
from pocchaos.cli.prepare import prepare
from pocchaos.files.scenario import Loaded
from pocchaos.scenario.forecast import Forecast, forecast
from pocchaos.scenario.plan import Plan


def check(file: ScenarioFile, seed: Seed = None, settings: Set = None) -> None:
    """Validate a scenario and print its plan: stages, faults, requests, and what each criterion will rest on.

    Nothing is started, sent or written. Ends with 2 if the scenario cannot be run or a criterion cannot pass.

    Example: pocchaos check scenarios/llm_outage.yaml
    """
    loaded, plan = prepare(file, env=environment(settings), seed=seed)
    foreseen = forecast(loaded.scenario, plan)
    render(loaded, plan, foreseen)
    refuse(loaded, foreseen)


def render(loaded: Loaded, plan: Plan, foreseen: Forecast, console: Console | None = None) -> None:
    """The plan on stdout; plain text where that is no terminal."""
    console = console or Console(no_color=bool(os.environ.get("NO_COLOR")))
    if not console.is_terminal:
        console.width = max(console.width, 160)  # a log file is not cut at 80 columns
    show_plan(loaded.scenario, plan, foreseen, console)
