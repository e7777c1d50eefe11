"""What is missing from the samples that a claim rests on: lost by us, never sent, or unreadable."""

from collections.abc import Iterator
from typing import Final

import polars as pl

from pocchaos.metrics.base import Trouble, View
from pocchaos.model.outcome import Outcome
from pocchaos.model.units import show_share

LOST: Final = 0.01  # share of the samples that our generator may lose
SENT: Final = 0.99  # share of the plan that must have gone out
UNKNOWN: Final = 0.01  # share of the samples whose assert or hook may have raised

UNCHECKED: Final = (  # answers that no assert looked at: right as far as anybody knows
    ((pl.col("outcome") == Outcome.ANSWERED.value) & ~pl.col("checked")).alias("unchecked")
)
SINCE: Final = " since the fault's end"


def lost(number: int, unsent: int, due: int, *, stopped: bool, since: str = "") -> Iterator[Trouble]:
    """Our generator lost too many of those that were due; `unsent` of them were never begun."""
    if number > LOST * due:
        yield Trouble(
            why=f"our generator lost {number:,} of {due:,} requests{since} ({show_share(number / due)})",
            remedy="lower the rate, or give the generator more workers",
            fail_stands=stopped and unsent <= LOST * due,
        )


def sent(view: View, stages: tuple[int, ...], since: str = "") -> Iterator[Trouble]:
    """Too little of what was planned in these stages went out."""
    table = view.ground.table
    planned = sum(table.planned.get(index, 0) for index in stages)
    number = sum(view.ground.sent.get(index, 0) for index in stages if index in table.planned)
    if number < SENT * planned:
        yield Trouble(
            why=f"{number:,} of {planned:,} planned requests{since} were sent ({show_share(number / planned)})",
            remedy="run it again; lower the rate, or give the generator more workers",
            fail_stands=bool(table.stopped),
        )


def unkept(number: int, of: int, since: str = "") -> Iterator[Trouble]:
    """A judgement needs a body that was not kept whole."""
    if number:
        yield Trouble(
            why=f"{number:,} of {of:,} bodies{since} were not kept whole: nothing is judged on an excerpt",
            remedy="run it again with a larger --keep, or let answers be shorter than 16 KiB",
        )


def unknown(number: int, of: int, since: str = "") -> Iterator[Trouble]:
    """An assert or hook raised on too many."""
    if number > UNKNOWN * of:
        yield Trouble(
            why=f"an assert or hook raised on {number:,} of {of:,} samples{since} ({show_share(number / of)})",
            remedy="mend the assert, then `judge` reads the same run again",
        )


def unchecked(rows: pl.DataFrame, since: str = "") -> tuple[Trouble, ...]:
    """Answers without an assert were taken for right; `rows` have UNCHECKED and `input`. A failure needs none."""
    bare = rows.filter("unchecked")
    if not bare.height:
        return ()
    return (
        Trouble(
            why=f"{bare.height:,} of {rows.height:,} samples{since} were answers to inputs without an assert: "
            "any text would pass",
            remedy=f"give the {bare['input'].n_unique():,} inputs an assert "
            "(`not-empty` says on purpose that any text will do)",
            fail_stands=True,
        ),
    )


def doubts_of_series(view: View, origin: int, end: int) -> tuple[Trouble, ...]:
    """Reasons against judging what is due in [origin, end) µs: it crosses stage borders, unlike the scope."""
    table = view.ground.table
    raised, kept = pl.col("outcome") == Outcome.UNKNOWN.value, pl.col("kept")
    counts = (
        view.selected.filter(pl.col("expects") & (pl.col("due") >= origin) & (pl.col("due") < end))
        .select(
            due=(pl.col("lost") | pl.col("judged") | raised).sum(),
            lost=pl.col("lost").sum(),
            unsent=(pl.col("lost") & pl.col("lag").is_null()).sum(),
            unkept=((pl.col("judged") | raised) & ~kept).sum(),
            unknown=(raised & kept).sum(),
        )
        .collect()
        .row(0, named=True)
    )
    due = counts["due"]
    crossed = tuple(stage.index for stage in table.stages if stage.planned[0] < end and stage.planned[1] > origin)
    return (
        *lost(counts["lost"], counts["unsent"], due, stopped=bool(table.stopped), since=SINCE),
        *unkept(counts["unkept"], due, SINCE),
        *unknown(counts["unknown"], due, SINCE),
        *sent(view, crossed, SINCE),
    )
