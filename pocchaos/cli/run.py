"""`pocchaos run FILE`: record, judge, report."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from pocchaos.cli.options import ScenarioFile, Seed, Set, environment
from pocchaos.model.errors import UsageError


def run(
    file: ScenarioFile,
    seed: Seed = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where run directories go.")] = Path("results"),
    settings: Set = None,
    keep: Annotated[
        str, typer.Option("--keep", metavar="SIZE", help="How much of the answers to keep before sampling them.")
    ] = "2GiB",
    *,
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="Let upstreams listen on other addresses than loopback.")
    ] = False,
) -> None:
    """Run a scenario against its target and judge it.

    Ends with 0 if every criterion passes, 1 if one fails, 3 if the evidence does not decide it.

    Example: pocchaos run scenarios/llm_outage.yaml --seed 7
    """
    from pocchaos.cli.foresee import foresee, refuse_remote
    from pocchaos.cli.live import live_view
    from pocchaos.cli.prepare import prepare
    from pocchaos.conductor.run import Options, record
    from pocchaos.judging import judge_and_keep
    from pocchaos.model.units import parse_size
    from pocchaos.report import write_reports
    from pocchaos.report.console import print_judged

    try:
        size = parse_size(keep)
    except ValueError as error:
        raise UsageError(f"--keep {error}") from None
    loaded, plan = prepare(file, env=environment(settings), seed=seed)
    foresee(loaded, plan)
    if not allow_remote:
        refuse_remote(loaded)
    with live_view(loaded.scenario.name, started=datetime.now().astimezone()) as view:
        recorded = record(
            loaded,
            plan,
            options=Options(out=out, keep=size),
            say=view.say,
            watch=view.show,
        )
    judged = judge_and_keep(recorded.directory)
    write_reports(judged, recorded.directory.path)
    print_judged(judged, recorded.directory.path)
    raise typer.Exit(judged.exit_code if recorded.exit_code is None else recorded.exit_code)
