"""The rows of the judged table, made slice by slice: what is held at once is small, whatever the run's length."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final

import polars as pl

from pocchaos.judging.bodies import Bodies
from pocchaos.judging.checks import Checks
from pocchaos.judging.columns import coded, with_bodies, with_checks, with_outcomes, with_plan
from pocchaos.judging.markers import Signs
from pocchaos.metrics.table import SAMPLES, Span, StageWindow
from pocchaos.model.outcome import Outcome
from pocchaos.scenario.language import Target
from pocchaos.scenario.plan import Plan

SLICE: Final = 100_000  # samples
SECONDS: Final = 1e-6  # in a µs; not a division, which Polars does one way for one row and another way for many

_KNOWN_WITHOUT_BODY: Final = (Outcome.LOST, Outcome.CANCELLED, Outcome.LEAKED, Outcome.HUNG, Outcome.BROKEN)


@dataclass(frozen=True, kw_only=True)
class Deciding:
    """What the samples of a run are decided by."""

    target: Target
    plan: Plan
    requests: pl.DataFrame  # `columns.planned` of the plan
    bodies: Bodies
    signs: Signs
    checks: Checks
    stages: tuple[StageWindow, ...]
    changing: tuple[Span, ...]  # while a change was being confirmed
    bitten: pl.Series  # request numbers that a fault touched


def judged_samples(recorded: pl.LazyFrame, deciding: Deciding) -> pl.DataFrame:
    """Columns of `SAMPLES`, and `place`: the position of each body in `Bodies`."""
    count = recorded.select(pl.len()).collect().item()
    slices = [recorded.slice(at, SLICE) for at in range(0, max(1, count), SLICE)]
    with ThreadPoolExecutor(max_workers=2) as two:  # while Python decides on one, Polars reads another
        return pl.concat(two.map(partial(_decided, by=deciding), slices))


def _decided(recorded: pl.LazyFrame, by: Deciding) -> pl.DataFrame:
    samples = with_plan(coded(recorded, by.bodies, by.signs), by.requests)
    samples = with_checks(with_bodies(samples, by.bodies, by.signs), by.bodies, by.checks)
    baselines = [stage.index for stage in by.stages if stage.baseline]
    samples = _named(_windowed(with_outcomes(samples, by.target, baselines), by.stages, by.changing), by.plan)
    return _timed(samples, by.bitten).select(
        *(pl.col(name).cast(kind) for name, kind in SAMPLES.items()), pl.col("place")
    )


def _windowed(samples: pl.DataFrame, stages: tuple[StageWindow, ...], changing: tuple[Span, ...]) -> pl.DataFrame:
    """Whether each sample was due inside the judged window of its stage, and while nothing was changing."""
    windows = pl.DataFrame(
        {
            "window_from": pl.Series([stage.window[0] if stage.window else None for stage in stages], dtype=pl.Int64),
            "window_to": pl.Series([stage.window[1] if stage.window else None for stage in stages], dtype=pl.Int64),
        }
    ).select(pl.all().gather(samples["stage_index"]))
    inside = pl.col("due").is_between("window_from", "window_to", closed="left").fill_null(value=False)
    in_change = pl.any_horizontal(
        pl.lit(value=False), *(pl.col("due").is_between(start, end, closed="left") for start, end in changing)
    )
    return samples.hstack(windows).with_columns(in_window=inside & ~in_change)


def _named(samples: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """The words of the plan beside its numbers; empty for what is outside the plan."""
    texts = pl.Categorical
    words = (
        pl.Series("stage", [stage.name for stage in plan.stages], dtype=texts).gather(samples["stage_index"]),
        pl.Series("tenant", list(plan.tenants), dtype=texts).gather(samples["tenant_index"]),
        pl.Series("category", [row.category for row in plan.inputs], dtype=texts).gather(samples["input"]),
    )
    cycles = pl.Series("cycle", [stage.cycle for stage in plan.stages], dtype=pl.Int32).gather(samples["stage_index"])
    return samples.with_columns(*(word.fill_null("") for word in words), cycles.fill_null(0)).with_columns(
        pl.col("stage_index", "input").fill_null(-1)
    )


def _timed(samples: pl.DataFrame, bitten: pl.Series) -> pl.DataFrame:
    """Times in seconds, and which requests a fault touched."""
    streamed = pl.col("tokens") >= 2
    certain = pl.col("outcome").is_in([known.value for known in _KNOWN_WITHOUT_BODY])
    return samples.with_columns(
        kept=pl.col("kept") | certain,
        checked=pl.col("has_assertion"),
        expect=pl.when("refuse").then(pl.lit("refuse")).otherwise(pl.lit("answer")),
        response=(pl.col("end") - pl.col("due")) * SECONDS,
        service=(pl.col("end") - pl.col("start")) * SECONDS,
        lag=(pl.col("start") - pl.col("due")) * SECONDS,
        ttft=(pl.col("first_token") - pl.col("due")) * SECONDS,
        tpot=pl.when(streamed).then((pl.col("last_token") - pl.col("first_token")) * SECONDS / (pl.col("tokens") - 1)),
        gap_max=pl.when(streamed).then(pl.col("gap_max") * SECONDS),
        bitten=pl.col("request").is_in(bitten.implode()),
        over_quota=pl.lit(value=False),  # quotas are refused when a scenario is read: none is known yet
    )
