"""`pocchaos doctor`: is this machine fit to run on, and if not, how to mend it."""

import json
import os
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer


def doctor(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where run directories go.")] = Path("results"),
    *,
    as_json: Annotated[bool, typer.Option("--json", help="The findings as one JSON array.")] = False,
) -> None:
    """Look at what a run needs: Python, toxiproxy-server, ports, open files, memory, clock, results, leftovers.

    Ends with 2 if something is so wrong that no run would come to an end.

    Example: pocchaos doctor
    """
    from pocchaos.conductor.doctor import State, examine

    found = examine(out, environ=os.environ, say=partial(typer.echo, err=True))
    if as_json:
        sys.stdout.write(json.dumps([asdict(one) for one in found], indent=1) + "\n")
    else:
        for one in found:
            sys.stdout.write(f"{one.state.value:<8} {one.what:<17} {one.said}\n")
            if one.remedy:
                sys.stdout.write(f"{'':<8} {'':<17} → {one.remedy}\n")
    if any(one.state is State.WRONG for one in found):
        raise typer.Exit(2)
