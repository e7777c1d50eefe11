"""Latency in HdrHistograms: counts come from grouped buckets, never from a call per value."""

from collections.abc import Iterator
from itertools import groupby
from math import ceil, inf
from operator import itemgetter
from typing import Final

import polars as pl

from pocchaos.files.histogram import HIGHEST, Histogram, bucket_of, rank
from pocchaos.files.hlog import Interval
from pocchaos.metrics.table import Table
from pocchaos.model.outcome import NO_ANSWER, Outcome
from pocchaos.model.verdict import Percentiles

INTERVALS: Final = 150  # lines per tag in latency.hlog at most: a line costs about a millisecond
SHOWN: Final = (0.5, 0.95, 0.99)

_NO_ANSWER: Final = sorted(outcome.value for outcome in NO_ANSWER)
_WITHOUT: Final = [*_NO_ANSWER, Outcome.LOST.value, Outcome.CANCELLED.value]


def answered() -> pl.Expr:
    """Samples that came with an answer, good or bad."""
    return ~pl.col("outcome").is_in(_WITHOUT) & pl.col("response").is_not_null()


def micros_of(name: str) -> pl.Expr:
    """A time of the table in whole microseconds again."""
    return (pl.col(name) * 1e6).round().cast(pl.Int64)


def quantiles(samples: pl.LazyFrame, by: str) -> pl.LazyFrame:
    """p50, p95, p99 and max (µs) of the requests with an answer, a row for each value of `by`.

    Nearest rank, to the three digits of an HdrHistogram: the value of the bucket is the same whether it is taken
    before or after the rank, so each group is sorted once and only what is shown falls into a bucket. Whole numbers
    are handed out, to be divided in Python: Polars divides a column of one row, but multiplies a longer one by the
    reciprocal, and how rows fall into chunks differs from one judgement to the next.
    """
    times = samples.filter(answered()).group_by(by).agg(time=micros_of("response").clip(0, HIGHEST).sort())
    time, count = pl.col("time").list, pl.col("time").list.len()
    ranked = {f"p{fraction * 100:g}": time.get(_place(fraction, count)) for fraction in SHOWN}
    return times.select(by, *(bucket_of(value).alias(name) for name, value in {**ranked, "max": time.max()}.items()))


def curves(judged: pl.DataFrame, table: Table) -> tuple[Percentiles, ...]:
    """The latency curve of each stage name over what expects an answer; without one it is +∞, not left out."""
    population = judged.lazy().filter(
        pl.col("expect") == "answer",
        ~pl.col("outcome").is_in([Outcome.LOST.value, Outcome.CANCELLED.value]),
        ~pl.col("over_quota"),
    )
    sizes = dict(population.group_by("stage").len().collect().iter_rows())
    buckets = (
        population.filter(answered())
        .group_by("stage", bucket=bucket_of(micros_of("response").clip(0, HIGHEST)))
        .len()
        .collect()
    )
    names = dict.fromkeys(stage.name for stage in table.stages)
    return tuple(
        _curve(name, sizes[name], _histogram(buckets.filter(pl.col("stage") == name).select("bucket", "len")))
        for name in names
        if name in sizes
    )


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
    for (slot, stage, category), rows in groupby(buckets.iter_rows(), key=itemgetter(0, 1, 2)):
        yield Interval(
            start=slot * length / 1e6,
            length=length / 1e6,
            stage=stage,
            category=category,
            kind=kind,
            histogram=Histogram.of_buckets({bucket: count for *_, bucket, count in rows}),
        )


def _curve(name: str, n: int, histogram: Histogram) -> Percentiles:
    fractions = [fraction for fraction in _fractions(n) if rank(fraction, n) <= histogram.count]
    values = histogram.percentiles([rank(f, n) / histogram.count for f in fractions]) if histogram.count else ()
    curve = [(fraction, value / 1e6) for fraction, value in zip(fractions, values, strict=False)]
    curve += [(fraction, inf) for fraction in _fractions(n)[len(fractions) :]]
    return Percentiles(stage=name, n=n, curve=tuple(curve))


def _histogram(buckets: pl.DataFrame) -> Histogram:
    return Histogram.of_buckets(dict(buckets.iter_rows()))


def _place(fraction: float, count: pl.Expr) -> pl.Expr:
    """Where the nearest rank stands, from 0: as `pocchaos.files.histogram.rank`, over a column of counts."""
    return (count * fraction).round(6).ceil().cast(pl.Int64).clip(1, count.cast(pl.Int64)) - 1


def _fractions(n: int) -> list[float]:
    """1 − 10^(−d/10) for d = 0, 1, …: ten points a decade, cut where fewer than one sample lies beyond."""
    found: list[float] = []
    while n and 10 ** (len(found) / 10) <= n:
        found.append(1 - 10 ** (-len(found) / 10))
    return found
