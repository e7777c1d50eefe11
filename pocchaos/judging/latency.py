"""Latency in HdrHistograms: counts come from grouped buckets, never from a call per value."""

from collections.abc import Iterator, Mapping
from math import ceil, inf
from typing import Final

import polars as pl

from pocchaos.files.histogram import HIGHEST, Histogram, bucket_of, rank
from pocchaos.files.hlog import Interval
from pocchaos.metrics.table import Table
from pocchaos.model.outcome import NO_ANSWER, Outcome
from pocchaos.model.verdict import Percentiles

INTERVALS: Final = 1_000  # lines per tag in latency.hlog at most
SHOWN: Final = (0.5, 0.95, 0.99)

_NO_ANSWER: Final = sorted(outcome.value for outcome in NO_ANSWER)
_WITHOUT: Final = [*_NO_ANSWER, Outcome.LOST.value, Outcome.CANCELLED.value]


def answered() -> pl.Expr:
    """Samples that came with an answer, good or bad."""
    return ~pl.col("outcome").is_in(_WITHOUT) & pl.col("response").is_not_null()


def micros_of(name: str) -> pl.Expr:
    """A time of the table in whole microseconds again."""
    return (pl.col(name) * 1e6).round().cast(pl.Int64)


def summary(samples: pl.DataFrame) -> Mapping[str, float]:
    """p50, p95, p99 and max (s) of the requests with an answer; empty where there is none."""
    histogram = histogram_of(samples.filter(answered()), micros_of("response"))
    if not histogram.count:
        return {}
    found = histogram.percentiles(SHOWN)
    return {
        **{f"p{fraction * 100:g}": value / 1e6 for fraction, value in zip(SHOWN, found, strict=True)},
        "max": histogram.max / 1e6,
    }


def histogram_of(samples: pl.DataFrame, time: pl.Expr) -> Histogram:
    """The histogram of a time in microseconds; above one hour counts as one hour."""
    buckets = samples.lazy().select(bucket=bucket_of(time.clip(0, HIGHEST))).group_by("bucket").len().collect()
    return Histogram.of(((min(bucket, HIGHEST), count) for bucket, count in buckets.iter_rows()), clamp=True)


def curves(judged: pl.DataFrame, table: Table) -> tuple[Percentiles, ...]:
    """The latency curve of each stage name over what expects an answer; without one it is +∞, not left out."""
    names = dict.fromkeys(stage.name for stage in table.stages)
    return tuple(curve for name in names if (curve := _curve(name, judged.filter(pl.col("stage") == name))).n)


def intervals(samples: pl.DataFrame, table: Table) -> Iterator[Interval]:
    """The lines of latency.hlog: by second of due time (longer in long runs), stage, category and kind."""
    end = max((stage.planned[1] for stage in table.stages), default=0)
    length = max(1, ceil(end / 1e6 / INTERVALS)) * 1_000_000
    planned = samples.lazy().filter(pl.col("stage_index") >= 0, pl.col("response").is_not_null())
    with_answer, without = (
        planned.filter(answered()),
        planned.filter(pl.col("outcome").is_in(_NO_ANSWER)),
    )
    kinds = (
        ("response", with_answer, micros_of("response")),
        ("service", with_answer, micros_of("service")),
        ("ttft", with_answer, micros_of("ttft")),
        ("no_answer", without, micros_of("response")),
    )
    for kind, population, time in kinds:
        yield from _lines(kind, population, time, length)


def _lines(kind: str, population: pl.LazyFrame, time: pl.Expr, length: int) -> Iterator[Interval]:
    buckets = (
        population.select(
            slot=pl.col("due") // length, stage="stage", category="category", bucket=bucket_of(time.clip(0, HIGHEST))
        )
        .drop_nulls("bucket")
        .group_by("slot", "stage", "category", "bucket")
        .len()
        .sort("slot", "stage", "category", "bucket")
        .collect()
    )
    for rows in buckets.partition_by("slot", "stage", "category", maintain_order=True):
        slot, stage, category = rows.row(0)[:3]
        counts = zip(rows["bucket"], rows["len"], strict=True)
        yield Interval(
            start=slot * length / 1e6,
            length=length / 1e6,
            stage=stage,
            category=category,
            kind=kind,
            histogram=Histogram.of(((min(bucket, HIGHEST), count) for bucket, count in counts), clamp=True),
        )


def _curve(name: str, judged: pl.DataFrame) -> Percentiles:
    population = judged.filter(
        pl.col("expect") == "answer",
        ~pl.col("outcome").is_in([Outcome.LOST.value, Outcome.CANCELLED.value]),
        ~pl.col("over_quota"),
    )
    n = len(population)
    histogram = histogram_of(population.filter(answered()), micros_of("response"))
    fractions = [fraction for fraction in _fractions(n) if rank(fraction, n) <= histogram.count]
    values = histogram.percentiles([rank(f, n) / histogram.count for f in fractions]) if histogram.count else ()
    curve = [(fraction, value / 1e6) for fraction, value in zip(fractions, values, strict=False)]
    curve += [(fraction, inf) for fraction in _fractions(n)[len(fractions) :]]
    return Percentiles(stage=name, n=n, curve=tuple(curve))


def _fractions(n: int) -> list[float]:
    """1 − 10^(−d/10) for d = 0, 1, …: ten points a decade, cut where fewer than one sample lies beyond."""
    found: list[float] = []
    while n and 10 ** (len(found) / 10) <= n:
        found.append(1 - 10 ** (-len(found) / 10))
    return found
