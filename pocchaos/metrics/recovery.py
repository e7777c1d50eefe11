"""Time to recover: from the last confirmed end of a fault until answers are back in the baseline's band to stay."""

from dataclasses import dataclass, field, replace
from math import inf
from typing import Final

import polars as pl

from pocchaos.metrics.base import Ask, Clock, Metric, Reading, Trouble, Unit, View
from pocchaos.metrics.gaps import SINCE, UNCHECKED, doubts_of_series, unchecked
from pocchaos.metrics.population import worst_five
from pocchaos.metrics.series import PER_BIN, RUN, Recovery, bin_length, recovery
from pocchaos.metrics.table import FaultScope, StageWindow
from pocchaos.model.outcome import Outcome
from pocchaos.model.units import show_seconds, show_share

LOWEST_BASELINE: Final = 0.85  # below it the reading is unreliable (simulated at 0.8)
_COLUMNS: Final = (
    *("request", "stage_index", "due", "outcome", "response", "service"),
    *("answerable", "lost", "in_window", "unanswered", "checked", "input"),
)
CONFIRMING: Final = 0.5  # s: a series that lasts just as long as needed by the plan is shortened by its confirmed edge
FAST: Final = 2.0  # × baseline p95: an answer later than that is no success


@dataclass(frozen=True, kw_only=True, slots=True)
class _Yardstick:
    """What the baseline says a success is, and how many there are."""

    fast: float  # s
    p0: float
    rows: pl.DataFrame  # all of A at any time, with `due` and `success`; of the lost ones only the plan


@dataclass(frozen=True, kw_only=True, slots=True)
class _Cycle:
    """One recovery: where its series begins and ends, and what it came to."""

    stage: StageWindow
    origin: int  # µs
    end: int  # µs: the stage's guard, or where the run was stopped
    until: int  # µs: the same with what is due in the guard
    found: Recovery
    doubts: tuple[Trouble, ...] = ()

    def fails(self, limit: float | None) -> bool:
        """Whether it alone decides: later than the limit, and no doubt about it."""
        return limit is not None and _interval(self)[0] > limit and all(t.fail_stands for t in self.doubts)


@dataclass(frozen=True, kw_only=True)
class TimeToRecover(Metric):
    """Seconds from the fault's end to the first of three bins in band after which all stays in band.

    The series crosses stage borders; the stage only says which recovery is meant. Of several cycles the worst is
    judged. The value v is read in bins of length b: the truth lies in (v − b, v].
    """

    unit: Unit = field(default="seconds", init=False)
    timed: bool = field(default=True, init=False)

    def read(self, view: View, ask: Ask) -> Reading:
        """The worst of the scope's recoveries, and how the others went."""
        yard, troubles = self._yardstick(view, ask)
        if yard is None:
            return Reading(troubles=troubles)
        cycles, lacking = self._cycles(view, yard, ask)
        if not cycles:
            return Reading(troubles=(*troubles, *lacking))
        failing = [cycle for cycle in cycles if cycle.fails(ask.limit)]  # one of them decides, whatever of the others
        worst = max(failing or cycles, key=lambda cycle: inf if cycle.found.value is None else cycle.found.value)
        doubts = worst.doubts if failing else (*lacking, *(doubt for cycle in cycles for doubt in cycle.doubts))
        n = sum(cycle.found.n for cycle in cycles)
        return Reading(
            figure=inf if worst.found.value is None else worst.found.value,
            interval=_interval(worst),
            n=n,
            n_eff=float(n),
            notes=(*self._notes(cycles, yard), *self._metastable(view, ask, yard, worst)),
            troubles=(*troubles, *doubts),
        )

    def against(self, view: View, ask: Ask) -> tuple[int, ...]:
        """The worst requests that were due later than the limit after the fault's end and were no success."""
        yard, _ = self._yardstick(view, ask)
        if yard is None:
            return ()
        late = round((ask.limit or 0.0) * 1e6)
        bad = [
            yard.rows.filter((pl.col("due") >= c.origin + late) & (pl.col("due") < c.end) & ~pl.col("success"))
            for c in self._cycles(view, yard, ask)[0]
        ]
        return worst_five(pl.concat(bad).lazy()) if bad else ()

    def rests_on(self, view: View) -> tuple[FaultScope, ...]:
        """The faults of the stage whose fault ended last: a fault that did not bite is recovered from at once."""
        faults, stages = view.ground.table.faults, set()
        for stage in view.stages:
            origin = _origin(view, stage)
            stages |= {fault.stage for fault in faults if fault.off is not None and fault.off == origin}
        return tuple(fault for fault in faults if fault.stage in stages)

    def _yardstick(self, view: View, ask: Ask) -> tuple[_Yardstick | None, tuple[Trouble, ...]]:
        """Success and its share in the baseline; the baseline itself must read as recovered at once."""
        base = view.ground.baseline
        if base is None or base.window is None:
            return None, (_unusable("there is no judged baseline"),)
        asked = view.selected.filter(pl.col("expects") & (pl.col("answerable") | pl.col("lost"))).select(*_COLUMNS)
        calm = asked.filter(
            (pl.col("stage_index") == base.index) & pl.col("in_window") & pl.col("answerable")
        ).collect()
        if not calm.height:
            return None, (_unusable("the baseline has no such request"),)
        times = pl.when(pl.col("unanswered")).then(inf).otherwise(pl.col("response").fill_null(inf))
        p95 = calm.select(times.quantile(0.95, "higher")).item()
        if p95 == inf:
            return None, (_unusable("more than 5 % of the baseline got no answer"),)
        time = pl.col("response" if ask.clock is Clock.RESPONSE else "service")
        good = (pl.col("outcome") == Outcome.ANSWERED.value) & (time <= FAST * p95).fill_null(value=False)
        rows = asked.with_columns(success=good).collect()
        p0 = float(calm.select(good.mean()).item())
        yard = _Yardstick(fast=FAST * p95, p0=p0, rows=rows)
        if p0 < LOWEST_BASELINE:
            return yard, (_unusable(f"its share of fast answers is {show_share(p0)}, below 85 %"),)
        itself = self._series(yard, base.window[0], base.window[1], base.window[1])
        if itself.value != 0:
            return yard, (_unusable("it does not itself read as recovered: its share is not steady"),)
        return yard, ()

    def _series(self, yard: _Yardstick, origin: int, end: int, planned_end: int) -> Recovery:
        due = yard.rows.filter((pl.col("due") >= origin) & (pl.col("due") < planned_end)).height
        length = bin_length(due, (planned_end - origin) / 1e6)
        return recovery(yard.rows.filter(~pl.col("lost")), origin, end, length, yard.p0)

    def _cycles(self, view: View, yard: _Yardstick, ask: Ask) -> tuple[list[_Cycle], tuple[Trouble, ...]]:
        cycles, lacking = [], []
        for stage in view.stages:
            origin, end, until = _origin(view, stage), _end(stage), stage.planned[1]
            if view.ground.ended is not None:
                end, until = min(end, view.ground.ended), min(until, view.ground.ended)
            if origin is None:
                lacking.append(
                    Trouble(
                        why=f"no fault ended before or in {stage.name}: there is nothing to recover from",
                        remedy="name the stage that follows the outage",
                    )
                )
            elif origin >= end:
                lacking.append(
                    Trouble(
                        why=f"the last fault ended where {stage.name} does: nothing is left to see of a recovery",
                        remedy="name the stage that follows the outage",
                    )
                )
            else:
                found = self._series(yard, origin, end, until)
                cycle = _Cycle(stage=stage, origin=origin, end=end, until=until, found=found)
                series = yard.rows.filter((pl.col("due") >= origin) & (pl.col("due") < end) & pl.col("answerable"))
                bare = unchecked(series.select("input", UNCHECKED), SINCE)
                doubts = (*doubts_of_series(view, origin, end), *bare, *_doubts(view, ask, cycle))
                cycles.append(replace(cycle, doubts=doubts))
        return cycles, tuple(lacking)

    def _notes(self, cycles: list[_Cycle], yard: _Yardstick) -> tuple[str, ...]:
        every = "; ".join(f"{c.stage.name} {c.stage.cycle + 1}: {_shown(c)}" for c in cycles)
        return (
            f"a success is an answer within {show_seconds(yard.fast)}; the baseline has {show_share(yard.p0)}",
            every if len(cycles) > 1 else f"read in bins of {show_seconds(cycles[0].found.bin)}",
        )

    def _metastable(self, view: View, ask: Ask, yard: _Yardstick, worst: _Cycle) -> tuple[str, ...]:
        """Never back under its own load, but within the limit once a later stage had less of it."""
        if worst.found.value is not None or ask.limit is None:
            return ()
        rate = self._rate(yard, worst.stage)
        for stage in view.ground.table.stages[worst.stage.index + 1 :]:
            if stage.faulted:
                break
            end = _end(stage)
            if self._rate(yard, stage) < 0.9 * rate:
                later = self._series(yard, stage.planned[0], end, stage.planned[1])
                if later.value is not None and later.value <= ask.limit:
                    return (f"recovered only when load dropped, in {stage.name}",)
        return ()

    def _rate(self, yard: _Yardstick, stage: StageWindow) -> float:
        return yard.rows.filter(pl.col("stage_index") == stage.index).height / (stage.planned[1] - stage.planned[0])


def _doubts(view: View, ask: Ask, cycle: _Cycle) -> tuple[Trouble, ...]:
    """What stands against one recovery: another fault, too short a series, too little to tell."""
    limit, found, doubts = ask.limit, cycle.found, []
    if crossing := _crossing(view, cycle.origin, cycle.end):
        doubts.append(
            Trouble(
                why=f"{crossing} goes on before {cycle.stage.name} ends: recovery cannot be seen under a fault",
                remedy="name the stage that follows the outage, with no fault in it",
            )
        )
    if limit is None:
        return tuple(doubts)
    length = (cycle.until - cycle.origin) / 1e6
    wanted = limit + RUN * found.bin + view.ground.table.deadline
    if length < wanted - CONFIRMING:
        doubts.append(
            Trouble(
                why=f"{cycle.stage.name} ends {show_seconds(length)} after the fault; the limit, three bins of "
                f"{show_seconds(found.bin)} and a deadline need {show_seconds(wanted)}",
                remedy=f"lengthen {cycle.stage.name} by {wanted - length:.0f} s",
                fail_stands=found.value is not None,
            )
        )
    late = found.value is None or found.value - found.bin > limit
    if late and found.undecided is not None and found.undecided <= limit:
        doubts.append(
            Trouble(
                why="after the first return into the band the rest cannot be told from 90 % of the baseline",
                remedy=f"lengthen {cycle.stage.name}, or raise the rate",
            )
        )
    if found.value is not None and found.value - found.bin <= limit < found.value:
        doubts.append(
            Trouble(
                why=f"the limit lies inside a bin of {show_seconds(found.bin)}",
                remedy=f"raise the rate: a bin needs {PER_BIN} requests and lasts at least 1 s",
            )
        )
    return tuple(doubts)


def _end(stage: StageWindow) -> int:
    """The stage's guard: up to where its samples are judged, µs."""
    return stage.window[1] if stage.window else stage.planned[1]


def _interval(cycle: _Cycle) -> tuple[float, float]:
    if cycle.found.value is None:
        return ((cycle.until - cycle.origin) / 1e6, inf)  # later than the stage lasts
    return (max(0.0, cycle.found.value - cycle.found.bin), cycle.found.value)


def _shown(cycle: _Cycle) -> str:
    if cycle.found.value is None:
        return f"not within {show_seconds((cycle.until - cycle.origin) / 1e6)}"
    return show_seconds(cycle.found.value)


def _origin(view: View, stage: StageWindow) -> int | None:
    """The last confirmed end of a fault, or end of a load of its own, in this stage or before it."""
    table = view.ground.table
    ends = [fault.off for fault in table.faults if fault.off is not None]
    ends += [other.planned[1] for other in table.stages if other.own_load]
    return max((at for at in ends if at <= stage.planned[1]), default=None)


def _crossing(view: View, origin: int, end: int) -> str:
    for fault in view.ground.table.faults:
        if fault.on is not None and fault.on < end and (fault.off is None or fault.off > origin):
            return fault.id
    return ""


def _unusable(why: str) -> Trouble:
    return Trouble(
        why=f"the baseline is no yardstick: {why}",
        remedy="mend the target in good weather first, or give the baseline `settle` or more time",
    )


TIME_TO_RECOVER = TimeToRecover(name="time_to_recover")
