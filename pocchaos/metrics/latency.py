"""Percentiles of times, each judged as the share of those who got theirs within the limit.

No answer is infinitely late: `p95 ≤ 3s` means that at least 95 % got an answer within three seconds.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil, inf
from typing import Final

import polars as pl

from pocchaos.metrics.base import NO_SAMPLE, Ask, Clock, Metric, Reading, Trouble, Unit, View
from pocchaos.metrics.population import Population
from pocchaos.model.outcome import Outcome
from pocchaos.model.units import show_seconds, show_share
from pocchaos.statistics import ClusteredShare, need, wilson

_NAME = re.compile(r"(latency|ttft|tpot|gap_max)\.p(\d{1,2}(?:\.\d+)?)")
_FEW_TOKENS: Final = 0.2  # share of A with fewer than two tokens above which times between tokens say little
_CLOSE: Final = 1.002  # an end of the interval is found to 0.2 %


@dataclass(frozen=True, kw_only=True)
class Percentile(Metric):
    """One percentile of one time; `of` is latency, ttft, tpot or gap_max, `share` what it asks for (0.95)."""

    of: str
    share: float
    unit: Unit = field(default="seconds", init=False)
    timed: bool = field(default=True, init=False)

    def read(self, view: View, ask: Ask) -> Reading:
        """The percentile and every time whose interval for "within it" holds the asked share."""
        rows, troubles = self._values(view, ask.clock)
        if not rows.height:
            return Reading(troubles=(*troubles, NO_SAMPLE))
        curve = _Curve(rows, ask.confidence)
        figure = curve.at(self.share)
        at_limit = curve.within(figure if ask.limit is None else ask.limit)
        return Reading(
            figure=figure,
            interval=curve.interval(self.share, figure, ask.limit),
            n=at_limit.n,
            n_eff=at_limit.n_eff,
            need=need(self.share, ask.confidence),
            share=at_limit,
            asked=self.share,
            notes=self._notes(curve, at_limit, view, ask),
            troubles=troubles,
        )

    def against(self, view: View, ask: Ask) -> tuple[int, ...]:
        """The slowest, those without an answer first."""
        rows, _ = self._values(view, ask.clock)
        slow = rows if ask.limit is None else rows.filter(pl.col("value") > ask.limit)
        ordered = slow.sort(["value", "request"], descending=[True, False]).head(5)
        return tuple(ordered["request"].to_list())

    def _values(self, view: View, clock: Clock) -> tuple[pl.DataFrame, tuple[Trouble, ...]]:
        everybody = view.answerable
        value = _VALUES[self.of](clock, view.ground.table.deadline)
        rows = everybody.select("request", "input", "block", "stage_index", value.alias("value"))
        rows = rows.filter(pl.col("value").is_not_null())
        missing = everybody.height - rows.height
        if missing <= _FEW_TOKENS * everybody.height:
            return rows, ()
        return rows, (
            Trouble(
                why=f"{missing:,} of {everybody.height:,} answers have fewer than two tokens",
                remedy="ask for longer answers, or judge latency instead",
            ),
        )

    def _notes(self, curve: "_Curve", at_limit: ClusteredShare, view: View, ask: Ask) -> tuple[str, ...]:
        notes = []
        if ask.limit is not None:
            notes.append(
                f"{show_share(at_limit.share)} within {show_seconds(ask.limit)} "
                f"({show_share(at_limit.low)} to {show_share(at_limit.high)})"
            )
        if unanswered := curve.unanswered:
            notes.append(
                f"{unanswered:,} of {at_limit.n:,} had none and count as infinitely late; "
                f"among the others {self.name} is {show_seconds(curve.at(self.share, answered=True))}"
            )
        if view.faulted and len(view.spans) == 1:
            notes.append("this interval covers this outage, not outages")
        return tuple(notes)


class _Curve:
    """Sorted times, asked for the share within a time and for the time that a share stays within."""

    def __init__(self, rows: pl.DataFrame, confidence: float) -> None:
        self._people = Population(rows)
        self._sorted = rows["value"].sort()
        self._confidence = confidence
        self._known: dict[float, ClusteredShare] = {}
        self.unanswered = int(rows["value"].is_infinite().sum())

    def within(self, time: float) -> ClusteredShare:
        """The share of those who needed at most this long; requests of a cluster are not independent."""
        if time not in self._known:
            self._known[time] = self._people.share(pl.col("value") > time, confidence=self._confidence, capped=False)
        return self._known[time]

    def at(self, share: float, *, answered: bool = False) -> float:
        """The least time within which this share was served; of those who were served at all with `answered`."""
        n = len(self._sorted) - (self.unanswered if answered else 0)
        return float(self._sorted[max(0, ceil(share * n - 1e-9) - 1)]) if n else inf

    def interval(self, share: float, figure: float, limit: float | None) -> tuple[float, float]:
        """The times whose interval of "within it" holds `share`; it agrees with the judgement at `limit`."""
        return (
            self._first(lambda found: found.high >= share, share, figure, limit, end=0),
            self._first(lambda found: found.low >= share, share, figure, limit, end=1),
        )

    def _first(
        self, holds: Callable[[ClusteredShare], bool], share: float, figure: float, limit: float | None, *, end: int
    ) -> float:
        """The first time for which it holds: it does from there on, for both bounds rise with the time."""
        low, high = -1, len(self._sorted)  # ranks: at `low` it does not hold, at `high` it does
        guess = self._guess(share, figure, end)
        low, high = self._bracket(holds, guess, low, high)
        while high - low > 1 and (low < 0 or high == len(self._sorted) or self._apart(low, high)):
            middle = (low + high) // 2
            low, high = (low, middle) if holds(self.within(self._time(middle))) else (middle, high)
        found = self._time(high) if high < len(self._sorted) else inf
        if limit is None:
            return found
        return min(found, limit) if holds(self.within(limit)) else max(found, _above(limit))

    def _bracket(self, holds: Callable[[ClusteredShare], bool], guess: int, low: int, high: int) -> tuple[int, int]:
        step = max(2, len(self._sorted) // 500)
        while low < guess < high:
            if holds(self.within(self._time(guess))):
                high, guess = guess, guess - step
            else:
                low, guess = guess, guess + step
            step *= 2
            if low >= 0 and high < len(self._sorted):
                break
        return low, high

    def _guess(self, share: float, figure: float, end: int) -> int:
        bound = wilson(share * self.within(figure).n_eff, self.within(figure).n_eff, self._confidence)[end]
        return min(len(self._sorted) - 1, max(0, round(bound * len(self._sorted)) - 1))

    def _apart(self, low: int, high: int) -> bool:
        return self._time(high) > self._time(low) * _CLOSE

    def _time(self, rank: int) -> float:
        return float(self._sorted[rank])


def _above(limit: float) -> float:
    return limit * (1 + 1e-12) + 1e-12


def _latency(clock: Clock, deadline: float) -> pl.Expr:
    del deadline
    time = pl.col("response" if clock is Clock.RESPONSE else "service")
    return pl.when(pl.col("unanswered")).then(inf).otherwise(time.fill_null(inf))


def _ttft(clock: Clock, deadline: float) -> pl.Expr:
    del deadline
    time = pl.col("ttft") if clock is Clock.RESPONSE else pl.col("ttft") - pl.col("lag")
    return time.fill_null(inf)


def _tpot(clock: Clock, deadline: float) -> pl.Expr:
    del clock, deadline
    return pl.when(pl.col("tokens") >= 2).then(pl.col("tpot"))


def _gap_max(clock: Clock, deadline: float) -> pl.Expr:
    """Hung in mid-stream is a silence up to the deadline."""
    del clock
    hung = (pl.col("outcome") == Outcome.HUNG.value) & (pl.col("tokens") >= 1)
    return pl.when(hung).then(deadline).when(pl.col("tokens") >= 2).then(pl.col("gap_max"))


_VALUES: Final[Mapping[str, Callable[[Clock, float], pl.Expr]]] = {
    "latency": _latency,
    "ttft": _ttft,
    "tpot": _tpot,
    "gap_max": _gap_max,
}


def percentile(name: str) -> Percentile | None:
    """`latency.p95` as a metric; None if the name is not that of a percentile."""
    if not (found := _NAME.fullmatch(name)) or float(found[2]) <= 0:
        return None
    return Percentile(name=name, of=found[1], share=round(float(found[2]) / 100, 12))
