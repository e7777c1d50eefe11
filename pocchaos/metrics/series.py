"""Successes in bins of time after a moment, and the first bin from which they are back in the baseline's band."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import polars as pl

from pocchaos.statistics import wilson

IN_BAND: Final = 0.95  # of the baseline's share: what a bin must not be shown to lie below
BACK: Final = 0.9  # of the baseline's share: what all that follows must be shown to reach
RUN: Final = 3  # bins in a row
SURE_OF_A_BIN: Final = 0.99
SURE_OF_THE_REST: Final = 0.95
PER_BIN: Final = 20  # samples that a bin should hold
SHORTEST: Final = 1.0  # s


@dataclass(frozen=True, kw_only=True, slots=True)
class Recovery:
    """What one series came to; times in seconds from its origin."""

    value: float | None  # start of the first bin that is back; None: never
    bin: float
    n: int
    undecided: float | None = None  # start of the first bin in band whose rest could not be told from 0.9 p0


def bin_length(planned: int, seconds: float) -> float:
    """b = max(1 s, 20 / planned rate)."""
    return max(SHORTEST, PER_BIN * seconds / planned) if planned else max(SHORTEST, seconds)


def recovery(rows: pl.DataFrame, origin: int, end: int, bin_seconds: float, p0: float) -> Recovery:
    """The first return into the band of `p0`. `rows` have `due` (µs) and `success`; those in [origin, end) count."""
    length = round(bin_seconds * 1e6)
    counted = (
        rows.filter((pl.col("due") >= origin) & (pl.col("due") < end))
        .group_by(((pl.col("due") - origin) // length).alias("bin"))
        .agg(pl.len().alias("n"), pl.col("success").sum().alias("hits"))
    )
    found = {at: (hits, n) for at, n, hits in counted.iter_rows()}
    whole = (end - origin) // length
    bins = [found.get(at, (0, 0)) for at in range(max(whole, *found, 0) + 1 if found else whole)]
    value, undecided = _first_back(bins, whole, p0)
    return Recovery(
        value=None if value is None else value * bin_seconds,
        bin=bin_seconds,
        n=sum(n for _, n in bins),
        undecided=None if undecided is None else undecided * bin_seconds,
    )


def _first_back(bins: Sequence[tuple[int, int]], whole: int, p0: float) -> tuple[int | None, int | None]:
    hits = list(accumulate((hit for hit, _ in reversed(bins)), initial=0))
    sizes = list(accumulate((n for _, n in reversed(bins)), initial=0))
    undecided = None
    for at in range(whole - RUN + 1):
        if not all(_in_band(*bins[at + k], p0) for k in range(RUN)):
            continue
        low, high = wilson(hits[len(bins) - at], sizes[len(bins) - at], SURE_OF_THE_REST)
        if low >= BACK * p0:
            return at, undecided
        if undecided is None and high >= BACK * p0:
            undecided = at
    return None, undecided


def _in_band(hits: int, n: int, p0: float) -> bool:
    return n > 0 and wilson(hits, n, SURE_OF_A_BIN)[1] >= IN_BAND * p0
