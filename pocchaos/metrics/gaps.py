"""What is missing from a series of samples that crosses stage borders: lost by us, or unreadable."""

from collections.abc import Iterator
from typing import Final

import polars as pl

from pocchaos.metrics.base import Trouble, View
from pocchaos.model.outcome import Outcome
from pocchaos.model.units import show_share

LOST: Final = 0.01  # share of the series that our generator may lose
SENT: Final = 0.99  # share of the plan that must have gone out in the stages that it crosses
UNKNOWN: Final = 0.01  # share of the series whose assert or hook may have raised


def doubts_of_series(view: View, origin: int, end: int) -> tuple[Trouble, ...]:
    """Reasons against judging what is due in [origin, end) µs: it is not the scope's stage alone."""
    return (*_lost(view, origin, end), *_sent(view, origin, end))


def _lost(view: View, origin: int, end: int) -> Iterator[Trouble]:
    unknown, kept = pl.col("outcome") == Outcome.UNKNOWN.value, pl.col("kept")
    counts = (
        view.selected.filter(pl.col("expects") & (pl.col("due") >= origin) & (pl.col("due") < end))
        .select(
            due=(pl.col("lost") | pl.col("judged") | unknown).sum(),
            lost=pl.col("lost").sum(),
            unsent=(pl.col("lost") & pl.col("lag").is_null()).sum(),
            unkept=((pl.col("judged") | unknown) & ~kept).sum(),
            unknown=(unknown & kept).sum(),
        )
        .collect()
        .row(0, named=True)
    )
    due, lost, unknowns = counts["due"], counts["lost"], counts["unknown"]
    if lost > LOST * due:
        yield Trouble(
            why=f"our generator lost {lost:,} of {due:,} requests since the fault's end ({show_share(lost / due)})",
            remedy="lower the rate, or give the generator more workers",
            fail_stands=bool(view.ground.table.stopped) and counts["unsent"] <= LOST * due,
        )
    if counts["unkept"]:
        yield Trouble(
            why=f"{counts['unkept']:,} of {due:,} bodies since the fault's end were not kept whole",
            remedy="run it again with a larger --keep, or let answers be shorter than 16 KiB",
        )
    if unknowns > UNKNOWN * due:
        yield Trouble(
            why=f"an assert or hook raised on {unknowns:,} of {due:,} samples since the fault's end",
            remedy="mend the assert, then `judge` reads the same run again",
        )


def _sent(view: View, origin: int, end: int) -> Iterator[Trouble]:
    table, ground = view.ground.table, view.ground
    crossed = [s.index for s in table.stages if s.planned[0] < end and s.planned[1] > origin]
    planned = sum(table.planned.get(index, 0) for index in crossed)
    sent = sum(ground.sent.get(index, 0) for index in crossed if index in table.planned)
    if sent < SENT * planned:
        yield Trouble(
            why=f"{sent:,} of the {planned:,} requests planned since the fault's end were sent",
            remedy="run it again; lower the rate, or give the generator more workers",
            fail_stands=bool(table.stopped),
        )
