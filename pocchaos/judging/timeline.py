"""The run on one axis of time, at most 2,000 buckets, each keeping its slowest request."""

from math import ceil
from typing import Any, Final

import polars as pl

from pocchaos.judging.latency import micros_of, quantiles
from pocchaos.metrics.table import Table
from pocchaos.model.outcome import Outcome
from pocchaos.model.verdict import Timeline
from pocchaos.scenario.plan import Plan

BUCKETS: Final = 2_000


def timeline(samples: pl.DataFrame, plan: Plan, table: Table) -> Timeline:
    """Offered and achieved rate, latency and outcomes by time of due (achieved: by time of start).

    Percentiles are the nearest rank over the requests with an answer, each the value of its HdrHistogram bucket.
    """
    end = max((stage.planned[1] for stage in table.stages), default=0)
    width = max(1, ceil(end / 1e6 / BUCKETS)) * 1_000_000
    count = max(1, ceil(end / width))
    axis = pl.DataFrame({"bucket": pl.Series(range(count), dtype=pl.Int64)})
    planned = samples.lazy().filter(pl.col("stage_index") >= 0).with_columns(bucket=pl.col("due") // width)

    started = (pl.col("due") + micros_of("lag")) // width
    offered = pl.LazyFrame({"bucket": pl.Series(plan.requests.due, dtype=pl.Int64) // width})
    columns = axis.lazy()
    for name, counts in {
        "offered": offered,
        "achieved": planned.filter(pl.col("lag").is_not_null()).select(bucket=started),
    }.items():
        columns = columns.join(counts.group_by("bucket").agg(pl.len().alias(name)), on="bucket", how="left")
    slowest = planned.group_by("bucket").agg(slowest=micros_of("response").max())
    shown = quantiles(planned, "bucket").drop("max")
    columns = columns.join(slowest, on="bucket", how="left").join(shown, on="bucket", how="left")
    found = columns.sort("bucket").collect()
    length = width / 1e6
    return Timeline(
        bucket=length,
        start=tuple(place * length for place in range(count)),
        offered=tuple((value or 0) / length for value in found["offered"]),
        achieved=tuple((value or 0) / length for value in found["achieved"]),
        p50=tuple(map(_seconds, found["p50"])),
        p95=tuple(map(_seconds, found["p95"])),
        p99=tuple(map(_seconds, found["p99"])),
        slowest=tuple(map(_seconds, found["slowest"])),
        outcomes=_outcomes(planned, axis),
    )


def _outcomes(planned: pl.LazyFrame, axis: pl.DataFrame) -> dict[str, tuple[int, ...]]:
    counts = planned.group_by("bucket", "outcome").len().collect()
    found: dict[str, Any] = {}
    for outcome in Outcome:
        own = counts.filter(pl.col("outcome") == outcome.value)
        if len(own):
            column = axis.join(own, on="bucket", how="left", maintain_order="left")["len"].fill_null(0)
            found[outcome.value] = tuple(int(value) for value in column)
    return found


def _seconds(micros: int | None) -> float | None:
    return None if micros is None else micros / 1e6
