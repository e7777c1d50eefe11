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
from pocchaos.metrics.population import KEYS, Population
from pocchaos.model.outcome import Outcome
from pocchaos.model.units import show_seconds, show_share
from pocchaos.statistics import ClusteredShare, need, wilson

_NAME = re.compile(r"(latency|ttft|tpot|gap_max)\.p(\d{1,2}(?:\.\d+)?)")
_FEW_TOKENS: Final = 0.2  # share of A with fewer than two tokens above which times between tokens say little
_CANDIDATES: Final = 50  # ranks looked at for an end of the interval, from a quarter of its expected distance
_ALL_CANDIDATES: Final = 200  # so many reach the quickest of ten million
_NEAREST: Final = 0.25
_WIDER: Final = 1.1  # times further each: an end is found to a tenth of its distance, on the safe side
_MANY: Final = 50_000
_BELOW: Final = 0.15  # how far below the asked share times are kept at hand


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
        curve = _Curve(rows, ask, self.share)
        at_limit = curve.within(curve.figure if ask.limit is None else ask.limit)
        if ask.brief and ask.limit is not None:
            return Reading(figure=curve.figure, interval=_sides(at_limit, self.share, ask.limit), n=at_limit.n)
        return Reading(
            figure=curve.figure,
            interval=curve.interval(),
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
        rows = everybody.select("request", *KEYS.values(), value.alias("value")).collect()
        n, missing = rows.height, rows["value"].null_count()
        rows = rows.filter(pl.col("value").is_not_null()) if missing else rows
        if missing <= _FEW_TOKENS * n:
            return rows, ()
        return rows, (
            Trouble(
                why=f"{missing:,} of {n:,} answers have fewer than two tokens",
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
    """Times in order, asked for the share within a time and for the time that a share stays within."""

    def __init__(self, rows: pl.DataFrame, ask: Ask, share: float) -> None:
        self._people = Population(rows)
        self._confidence, self._share, self._limit = ask.confidence, share, ask.limit
        self._known: dict[float, ClusteredShare] = {}
        self._edges: dict[float, int] = {}
        self._late: dict[str, pl.DataFrame] = {}
        self.n = rows.height
        self.unanswered = int(rows["value"].is_infinite().sum())
        self._sorted = _upper_part(rows["value"], share)
        self._missing = self.n - len(self._sorted)  # the quick ones, which nobody asks for, are left out
        self.figure = self.at(share)
        self._learn([self.figure, *([] if ask.limit is None else [ask.limit])])

    def at(self, share: float, *, answered: bool = False) -> float:
        """The least time within which this share was served; of those who were served at all with `answered`."""
        n = self.n - (self.unanswered if answered else 0)
        return self._time(max(0, ceil(share * n - 1e-9) - 1)) if n else inf

    def within(self, time: float) -> ClusteredShare:
        """The share of those who needed at most this long; requests of a cluster are not independent."""
        if time not in self._known:
            self._learn([time])
        return self._known[time]

    def interval(self) -> tuple[float, float]:
        """The times whose interval of "within it" holds the share; it agrees with the judgement at the limit.

        Both bounds on "within t" rise with t, so each end is the first time at which a bound reaches the share.
        """
        return self._first(lambda found: found.high >= self._share, 0), self._first(
            lambda found: found.low >= self._share, 1
        )

    def _first(self, holds: Callable[[ClusteredShare], bool], end: int) -> float:
        at, times = self._search(holds, self._candidates(end, _CANDIDATES))
        if at == 0 and not end:  # further away than any candidate: look everywhere
            at, times = self._search(holds, self._candidates(end, _ALL_CANDIDATES))
        found = times[at] if at < len(times) else inf
        if self._limit is None:
            return found
        return min(found, self._limit) if holds(self.within(self._limit)) else max(found, _above(self._limit))

    def _search(self, holds: Callable[[ClusteredShare], bool], times: list[float]) -> tuple[int, list[float]]:
        """The position of the first time for which it holds; it does from there on."""
        low, high = -1, len(times)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if holds(self.within(times[middle])) else (middle, high)
        return high, times

    def _candidates(self, end: int, count: int) -> list[float]:
        """Times among which an end of the interval lies: denser where it is expected, and all of them if few."""
        centre, found = self._share * self.n, self.within(self.figure)
        bound = wilson(self._share * found.n_eff, found.n_eff, self._confidence)[end] * self.n
        ranks = {centre, float(self.n)} if end else {centre}
        ranks |= {centre + (bound - centre) * _NEAREST * _WIDER**step for step in range(count)}
        times = sorted({self._time(min(self.n - 1, max(0, round(rank) - 1))) for rank in ranks})
        self._learn_about(times)
        return times

    def _learn_about(self, times: list[float]) -> None:
        """Count once for all of them how many of each cluster needed longer; looked at only when asked."""
        edges = pl.Series(times, dtype=pl.Float64)
        late = self._people.rows.filter(pl.col("value") > times[0])
        late = late.with_columns(passed=edges.search_sorted(late["value"], side="left"))
        self._edges = {time: at for at, time in enumerate(times)}
        lazy = [late.lazy().group_by(key, "passed").agg(pl.len().alias("failures")) for key in KEYS.values()]
        self._late = dict(zip(KEYS, pl.collect_all(lazy), strict=True))

    def _learn(self, times: list[float]) -> None:
        for time in times:
            if (at := self._edges.get(time)) is None:
                late = pl.col("value") > time
                self._known[time] = self._people.share(late, confidence=self._confidence, capped=False)
            else:
                self._known[time] = self._counted(at)

    def _counted(self, at: int) -> ClusteredShare:
        late = {
            name: self._late[name].lazy().filter(pl.col("passed") > at).group_by(key).agg(pl.col("failures").sum())
            for name, key in KEYS.items()
        }
        return self._people.counted(late, confidence=self._confidence, capped=False, thorough=False)

    def _time(self, rank: int) -> float:
        if rank < self._missing:
            self._sorted, self._missing = self._people.rows["value"].sort(), 0
        return float(self._sorted[rank - self._missing])


def _upper_part(values: pl.Series, share: float) -> pl.Series:
    """The times around and above the asked share, in order; of few all. Sorting all of a million is the dear part."""
    if len(values) < _MANY:
        return values.sort()
    some = values.gather_every(len(values) // 10_000).sort()
    least = some[int(len(some) * max(0.0, share - _BELOW))]
    return values.filter(values >= least).sort()


def _sides(at_limit: ClusteredShare, share: float, limit: float) -> tuple[float, float]:
    """No more than on which side of the limit the interval lies."""
    low = 0.0 if at_limit.high >= share else _above(limit)
    return low, limit if at_limit.low >= share else inf


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
