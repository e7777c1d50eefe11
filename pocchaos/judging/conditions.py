"""What must hold before any figure is judged: reasons that make a criterion INCONCLUSIVE, whatever its metric."""

from collections.abc import Iterator
from typing import Final

import polars as pl

from pocchaos.metrics.base import NO_SAMPLE, Metric, Trouble, View
from pocchaos.metrics.ground import Ground
from pocchaos.metrics.table import FaultScope
from pocchaos.model.outcome import Outcome
from pocchaos.model.units import show_seconds, show_share

LOST: Final = 0.01  # share of the scope's samples that our generator may lose
SENT: Final = 0.99  # share of the plan that must have gone out
HEALTHY: Final = 0.80  # share of the baseline that must be answered
UNKNOWN: Final = 0.01  # share of the scope's samples whose assert or hook may have raised
SATURATED_LAG: Final = 0.005  # s; own generator, measured at 1,000/s on one core
LAG_SHARE: Final = 0.02  # of the limit


def troubles(view: View, metric: Metric) -> tuple[Trouble, ...]:
    """All reasons that stand against this view, the most telling first."""
    found = list(_stopped(view.ground))
    if metric.exempt:
        return tuple(found)
    found += _nothing(view)
    found += _unproven(metric.rests_on(view), view.ground)
    found += _baseline(view)
    found += _lost(view)
    found += _sent(view)
    if metric.bodies:
        found += _bodies(view)
        found += _unknown(view)
    return tuple(found)


def lag_note(view: View, limit: float | None) -> tuple[str, ...]:
    """Our own generator's share in a time, where it is more than a trifle."""
    lag = view.judged["lag"].quantile(0.99, "higher")
    bound = max(SATURATED_LAG, LAG_SHARE * (limit or 0.0))
    if lag is None or lag <= bound:
        return ()
    return (f"requests left our generator late: p99 {show_seconds(lag)}, more than {show_seconds(bound)}",)


def _stopped(ground: Ground) -> Iterator[Trouble]:
    if ground.table.stopped:
        yield Trouble(
            why=f"the run ended before its plan did: {ground.table.stopped}",
            remedy="run it again, to its end",
            fail_stands=True,
        )


def _nothing(view: View) -> Iterator[Trouble]:
    if not view.stages:
        yield Trouble(why="no stage or fault of the run is in this scope", remedy="name one of the scenario's stages")
    elif not view.spans:
        names = ", ".join(dict.fromkeys(stage.name for stage in view.stages))
        yield Trouble(
            why=f"nothing of {names} is left to be judged after settling, confirming and the last deadline",
            remedy=f"make it longer than {show_seconds(view.ground.table.deadline)} and its `settle`",
        )
    elif not view.rows.height:
        yield NO_SAMPLE


def _unproven(faults: tuple[FaultScope, ...], ground: Ground) -> Iterator[Trouble]:
    for fault in faults:
        if fault.bite is not None and fault.bite.bitten:
            continue
        stage = next((s.name for s in ground.table.stages if s.index == fault.stage), "its stage")
        reason = fault.bite.why if fault.bite is not None else "there is no evidence"
        yield Trouble(
            why=f"{fault.id} is not proven to have bitten in {stage}: {reason}",
            remedy="raise the load, vary the inputs, or lengthen the stage",
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


def _refusals_only(view: View) -> bool:
    """A scenario in which no input deserves an answer has no answered share to look at."""
    return not view.ground.samples["expects"].any()


def _lost(view: View) -> Iterator[Trouble]:
    lost = int(view.everyone["lost"].sum())
    due = lost + view.everyone.filter("judged").height
    if due and lost > LOST * due:
        yield Trouble(
            why=f"our generator lost {lost:,} of {due:,} requests ({show_share(lost / due)})",
            remedy="lower the rate, or give the generator more workers",
        )


def _sent(view: View) -> Iterator[Trouble]:
    ground = view.ground
    planned = sum(ground.table.planned.get(stage.index, 0) for stage in view.stages)
    sent = sum(ground.sent.get(stage.index, 0) for stage in view.stages if stage.index in ground.table.planned)
    if sent < SENT * planned:
        yield Trouble(
            why=f"{sent:,} of {planned:,} planned requests were sent ({show_share(sent / planned)})",
            remedy="run it again; lower the rate, or give the generator more workers",
        )


def _bodies(view: View) -> Iterator[Trouble]:
    rows = view.rows.filter("judged")
    missing = rows.height - int(rows["kept"].sum())
    if missing:
        yield Trouble(
            why=f"{missing:,} of {rows.height:,} bodies were not kept whole: nothing is judged on an excerpt",
            remedy="run it again with a larger --keep, or let answers be shorter than 16 KiB",
        )


def _unknown(view: View) -> Iterator[Trouble]:
    unknown = view.rows.filter(pl.col("outcome") == Outcome.UNKNOWN.value).height
    total = unknown + view.rows.filter("judged").height
    if total and unknown > UNKNOWN * total:
        yield Trouble(
            why=f"an assert or hook raised on {unknown:,} of {total:,} samples ({show_share(unknown / total)})",
            remedy="mend the assert, then `judge` reads the same run again",
        )
