"""`pocchaos samples RUN`: the raw evidence, one request a line."""

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pocchaos.cli.options import RunPath

if TYPE_CHECKING:  # Polars takes its time, and `--help` has none
    import polars as pl

    from pocchaos.files.rundir import RunDirectory

_SHOWN = ("request", "due", "stage", "tenant", "category", "outcome", "status", "response", "how", "error")
_ONE = ("request", "step")  # what names one exchange


def samples(
    run: RunPath,
    *,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Every column, one JSON object a line.")] = False,
) -> None:
    """Print every request of a run with its outcome.

    Example: pocchaos samples results/20261124-101500-llm-outage-3f9a2b1c04 --jsonl | jq 'select(.outcome == "hung")'
    """
    from pocchaos.files.rundir import RunDirectory

    frame = _told(RunDirectory.open(run))
    if jsonl:
        for row in frame.iter_rows(named=True):
            line = json.dumps({**row, "headers": json.loads(row["headers"])}, ensure_ascii=False)
            sys.stdout.write(_escaped(line) + "\n")
        return
    sys.stdout.write("\t".join(_SHOWN) + "\n")
    for cells in frame.select(_SHOWN).iter_rows():
        sys.stdout.write("\t".join(map(_cell, cells)) + "\n")


def _told(run: "RunDirectory") -> "pl.DataFrame":
    """What was judged, and beside it what was recorded and answered; a column of both is the judged one."""
    import polars as pl

    from pocchaos.judging.table import build

    judged = build(run).table.samples.with_columns(pl.col("step").cast(pl.String))
    recorded = run.samples()
    beside = recorded.select(*_ONE, *(name for name in recorded.columns if name not in judged.columns))
    answers = run.contents().select("hash", "answer")
    return judged.join(beside, on=_ONE, how="left", maintain_order="left").join(
        answers, left_on="content", right_on="hash", how="left", maintain_order="left"
    )


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    text = f"{value:.4f}" if isinstance(value, float) else str(value)
    return "".join(c if c.isprintable() else "·" for c in text)  # an answer's escapes must not reach the terminal


def _escaped(line: str) -> str:
    """JSON with nothing in it that a terminal obeys: what the target wrote is in it."""
    return line if line.isprintable() else "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in line)
