"""What must hold before any figure is judged: reasons that make a criterion INCONCLUSIVE, whatever its metric."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl

from pocchaos.metrics import gaps
from pocchaos.metrics.base import NO_SAMPLE, Metric, Trouble, View
from pocchaos.metrics.ground import Ground
from pocchaos.metrics.table import FaultScope
from pocchaos.model.outcome import Outcome
from pocchaos.model.units import show_seconds, show_share

HEALTHY: Final = 0.80  # share of the baseline that must be answered
CALM: Final = 10  # samples below which a baseline shows nothing
SATURATED_LAG: Final = 0.005  # s; own generator, measured at 1,000/s on one core
LAG_SHARE: Final = 0.02  # of the limit


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """What is in a view, counted in one pass."""

    due: int  # judged or lost, of everyone in scope
    lost: int
    unsent: int  # of these, never begun; the others our end of the run cut off
    rows: int  # in the population, whatever became of them
    ended: int  # of those whose bodies the metric reads: judged, or unknown
    unkept: int  # of these, without the whole body that a judgement needs
    unknown: int  # of these, an assert or hook raised
    late: float  # p99 of the time inside our own generator, s, where that is more than SATURATED_LAG; else 0


def count(view: View, metric: Metric) -> Counts:
    """The counts that the conditions look at."""
    unknown = pl.col("outcome") == Outcome.UNKNOWN.value
    ended, kept = metric.reads & (pl.col("judged") | unknown), pl.col("kept")
    everyone = view.everyone.select(
        lost=pl.col("lost").sum(),
        unsent=(pl.col("lost") & pl.col("lag").is_null()).sum(),
        judged=pl.col("judged").sum(),
        late=(pl.col("lag") > SATURATED_LAG).sum(),
    )
    rows = view.rows.select(
        rows=pl.len(),
        ended=ended.sum(),
        unkept=(ended & ~kept).sum(),
        unknown=(ended & unknown & kept).sum(),
    )
    first, second = (frame.row(0, named=True) for frame in pl.collect_all([everyone, rows]))
    return Counts(
        due=first["lost"] + first["judged"],
        lost=first["lost"],
        unsent=first["unsent"],
        rows=second["rows"],
        ended=second["ended"],
        unkept=second["unkept"],
        unknown=second["unknown"],
        late=_p99(view) if first["late"] > 0.01 * first["judged"] else 0.0,
    )


def _p99(view: View) -> float:
    return float(view.everyone.select(pl.col("lag").quantile(0.99, "higher")).collect().item())


def troubles(view: View, metric: Metric, counts: Counts) -> tuple[Trouble, ...]:
    """All reasons that stand against this view, the most telling first."""
    found = list(_stopped(view.ground))
    if metric.exempt:
        return tuple(found)
    found += _nothing(view, counts)
    found += _capped(view)
    found += _unproven(metric.rests_on(view), view.ground)
    found += _baseline(view)
    found += gaps.lost(counts.lost, counts.unsent, counts.due, stopped=bool(view.ground.table.stopped))
    found += gaps.sent(view, tuple(stage.index for stage in view.stages))
    if metric.bodies:
        found += gaps.unkept(counts.unkept, counts.ended)
        found += gaps.unknown(counts.unknown, counts.ended - counts.unkept)
    return tuple(found)


def lag_note(counts: Counts, limit: float | None) -> tuple[str, ...]:
    """Our own generator's share in a time, where it is more than a trifle."""
    bound = max(SATURATED_LAG, LAG_SHARE * (limit or 0.0))
    if counts.late <= bound:
        return ()
    return (f"requests left our generator late: p99 {show_seconds(counts.late)}, more than {show_seconds(bound)}",)


def _stopped(ground: Ground) -> Iterator[Trouble]:
    if ground.table.stopped:
        yield Trouble(
            why=f"the run ended before its plan did: {ground.table.stopped}",
            remedy="run it again, to its end",
            fail_stands=True,
        )


def _nothing(view: View, counts: Counts) -> Iterator[Trouble]:
    if not view.stages:
        yield Trouble(why="no stage or fault of the run is in this scope", remedy="name one of the scenario's stages")
    elif not view.spans:
        names = ", ".join(dict.fromkeys(stage.name for stage in view.stages))
        yield Trouble(
            why=f"nothing of {names} is left to be judged after settling, confirming and the last deadline",
            remedy=f"make it longer than {show_seconds(view.ground.table.deadline)} and its `settle`",
        )
    elif not counts.rows:
        yield NO_SAMPLE


def _capped(view: View) -> Iterator[Trouble]:
    """Our own stand refused calls of the target: what followed is our doing, good or bad."""
    last = max((stage.planned[1] for stage in view.stages), default=0)
    for upstream, (first, cap) in view.ground.table.capped.items():
        if first < last:
            yield Trouble(
                why=f"max_attempts of {upstream} ({cap:,}) was used up at {show_seconds(max(0, first) / 1e6)}: "
                "from then on our own stand refused the target's calls",
                remedy=f"raise upstreams.{upstream}.max_attempts",
            )


def _unproven(faults: tuple[FaultScope, ...], ground: Ground) -> Iterator[Trouble]:
    for fault in faults:
        if fault.bite is not None and fault.bite.bitten:
            continue
        stage = next((s.name for s in ground.table.stages if s.index == fault.stage), "its stage")
        reason = fault.bite.why if fault.bite is not None else "there is no evidence"
        advice = fault.bite.remedy if fault.bite is not None else ""
        yield Trouble(
            why=f"{fault.id} is not proven to have bitten in {stage}: {reason}",
            remedy=advice or "raise the load, vary the inputs, or lengthen the stage",
        )


def _baseline(view: View) -> Iterator[Trouble]:
    healthy = view.ground.healthy
    if view.ground.baseline is None or (healthy is None and not _refusals_only(view)):
        yield Trouble(
            why="the baseline has no sample: nothing shows that the target was healthy",
            remedy="give the baseline more time, less `settle`",
            fail_stands=view.on_baseline,
        )
    elif healthy is not None and healthy < HEALTHY:
        yield Trouble(
            why=f"the baseline was unhealthy: {show_share(healthy)} answered, {show_share(HEALTHY)} are needed",
            remedy="mend the target (or its wiring, inputs and asserts) in good weather first",
            fail_stands=view.on_baseline,
        )
    elif healthy is not None:
        yield from _thin(view)


def _thin(view: View) -> Iterator[Trouble]:
    """A baseline that is answered as far as one can see, but too few, or too many of whom nobody knows."""
    known, unclear = view.ground.calm
    if known < CALM:
        yield Trouble(
            why=f"the baseline has {known} judged samples, {CALM} are needed to show that the target was healthy",
            remedy="give the baseline more time or a higher rate",
            fail_stands=view.on_baseline,
        )
    if unclear > gaps.UNKNOWN * (known + unclear):
        yield Trouble(
            why=f"{unclear:,} of {known + unclear:,} samples of the baseline could not be judged: an assert raised, "
            "or their bodies were not kept whole",
            remedy="mend the assert, or run it again with a larger --keep; answers are kept up to 16 KiB",
            fail_stands=view.on_baseline,
        )


def _refusals_only(view: View) -> bool:
    """A scenario in which no input deserves an answer has no answered share to look at."""
    return not view.ground.samples["expects"].any()
