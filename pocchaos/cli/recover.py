"""`pocchaos recover [RUN]`: undo what a run that ended badly has left behind."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer


def recover(
    run: Annotated[
        Path | None,
        typer.Argument(metavar="RUN", help="A run directory; without it, every run in --out.", show_default=False),
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where run directories lie.")] = Path("results"),
) -> None:
    """Take off faults and end processes that a run has left behind, and say what was done.

    A run cleans up after itself, and its watchdog does so when it is killed; this is for a power cut, or for a
    shared toxiproxy-server that nobody could reach then. Ends with 4 if something could not be undone.

    Example: pocchaos recover
    """
    from pocchaos.model.errors import HarnessError
    from pocchaos.watchdog import recover as rollback

    say = partial(typer.echo, err=True)
    runs = [run] if run is not None else list(rollback.runs_with_leftovers(out))
    found = [rollback.recover(one, say=say) for one in runs]
    for one in found:
        for sentence in one.done:
            typer.echo(f"{one.run.name}: {sentence}")
        for sentence in one.failed:
            say(f"{one.run.name}: {sentence}")
    if not any(one.done or one.failed for one in found):
        typer.echo(f"nothing is left behind by {run if run is not None else f'the runs in {out}'}")
    if any(one.failed for one in found):
        raise typer.Exit(HarnessError.exit_code)
