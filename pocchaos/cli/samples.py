"""`pocchaos samples RUN`: the raw evidence, one request a line."""

import json
import sys
from typing import Annotated, Any

import typer

from pocchaos.cli.options import RunPath

_SHOWN = ("request", "due", "stage", "tenant", "category", "outcome", "status", "response", "how", "error")


def samples(
    run: RunPath,
    *,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Every column, one JSON object a line.")] = False,
) -> None:
    """Print every request of a run with its outcome.

    Example: pocchaos samples results/20261124-101500-llm-outage-3f9a2b1c04 --jsonl | jq 'select(.outcome == "hung")'
    """
    from pocchaos.files.rundir import RunDirectory
    from pocchaos.judging.table import build

    frame = build(RunDirectory.open(run)).samples
    if jsonl:
        for row in frame.iter_rows(named=True):
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
        return
    shown = [name for name in _SHOWN if name in frame.columns]
    sys.stdout.write("\t".join(shown) + "\n")
    for cells in frame.select(shown).iter_rows():
        sys.stdout.write("\t".join(map(_cell, cells)) + "\n")


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    text = f"{value:.4f}" if isinstance(value, float) else str(value)
    return "".join(c if c.isprintable() else "·" for c in text)  # an answer's escapes must not reach the terminal
