"""Percentiles, curves, the timeline and the interval log: all from grouped buckets."""

from math import ceil, inf

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocchaos.files.histogram import Histogram
from pocchaos.judging.latency import curves, intervals, quantiles
from pocchaos.judging.table import build
from pocchaos.judging.timeline import BUCKETS, timeline
from pocchaos.model.evidence import How
from tests.judging.builders import Stretch, answered, ended, hung, replied
from tests.judging.conftest import RunDir


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(1, 4_000_000_000), min_size=1, max_size=50))
def test_what_is_shown_is_what_the_histogram_says(ends: list[int]) -> None:
    samples = pl.LazyFrame({"stage": "a", "response": [end / 1e6 for end in ends], "outcome": "answered"})
    found = quantiles(samples, "stage").collect().row(0, named=True)
    histogram = Histogram.of(((end, 1) for end in ends), clamp=True)
    assert found.pop("max") == histogram.max
    for name, fraction in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        assert found[name] == histogram.percentile(fraction)


def test_what_has_no_answer_is_in_no_quantile(run_dir: RunDir) -> None:
    samples = build(run_dir(Stretch(name="baseline", replies=[answered(), hung(3.0)]))).samples.lazy()
    assert quantiles(samples, "stage").collect()["max"].to_list() == pytest.approx([100_000], rel=1e-3)
    assert quantiles(samples.filter(pl.col("outcome") == "hung"), "stage").collect().is_empty()


def test_a_curve_holds_what_never_came_as_infinitely_late(run_dir: RunDir) -> None:
    """One in ten hung: beyond 90 % there is no answer however long one waits."""
    replies = [*[answered(after=0.1)] * 9, hung(3.0)]
    found = build(run_dir(Stretch(name="baseline", replies=replies)))
    (curve,) = curves(found.samples.filter(pl.col("in_window")), found.table)
    assert curve.n == 100
    assert all((value < inf) == (ceil(round(share * 100, 6)) <= 90) for share, value in curve.curve)
    assert curve.curve[-1][0] == pytest.approx(0.99)
    assert curve.curve[-1][1] == inf


def test_the_timeline_has_rates_outcomes_and_the_slowest_of_each_bucket(run_dir: RunDir) -> None:
    run = run_dir(
        Stretch(name="baseline", lasts=10, replies=[answered(after=0.1), answered(after=0.3)]),
        Stretch(name="later", lasts=5, replies=[hung(3.0), ended(How.NOT_SENT)]),
    )
    found = build(run)
    line = timeline(found.samples, found.plan, found.table)
    assert line.bucket == 1.0
    assert line.offered == (10.0,) * 15
    assert line.achieved == (*(10.0,) * 10, *(5.0,) * 5)
    assert line.p50[:10] == pytest.approx((0.1,) * 10, rel=1e-3)
    assert line.p95[:10] == pytest.approx((0.3,) * 10, rel=1e-3)
    assert line.p50[10:] == (None,) * 5
    assert line.slowest == pytest.approx((*(0.3,) * 10, *(3.0,) * 5))
    assert line.outcomes["hung"] == (*(0,) * 10, *(5,) * 5)
    assert line.outcomes["lost"] == (*(0,) * 10, *(5,) * 5)


def test_the_timeline_of_a_long_run_stays_short_and_keeps_the_slowest(run_dir: RunDir) -> None:
    found = build(run_dir(Stretch(name="baseline", lasts=5_000, rate=0.1, replies=[*[answered()] * 30, hung(3.0)])))
    line = timeline(found.samples, found.plan, found.table)
    assert len(line.start) <= BUCKETS
    assert max(value for value in line.slowest if value is not None) == 3.0
    assert sum(sum(counts) for counts in line.outcomes.values()) == 500


def test_the_interval_log_keeps_what_has_no_answer_apart(run_dir: RunDir) -> None:
    found = build(run_dir(Stretch(name="baseline", lasts=2, replies=[answered(first_token=50_000), hung(3.0)])))
    lines = list(intervals(found.samples, found.table))
    counts = {line.kind: sum(other.histogram.count for other in lines if other.kind == line.kind) for line in lines}
    assert counts == {"response": 10, "service": 10, "ttft": 10, "no_answer": 10}
    assert {(line.start, line.length) for line in lines} == {(0.0, 1.0), (1.0, 1.0)}
    assert {line.tag for line in lines if line.kind == "no_answer"} == {"baseline/in_scope/no_answer"}


def test_refusals_that_should_not_be_are_no_answer(run_dir: RunDir) -> None:
    found = build(run_dir(Stretch(name="baseline", replies=[replied(400, "no"), answered()])))
    (curve,) = curves(found.samples.filter(pl.col("in_window")), found.table)
    assert curve.curve[-1][1] == inf
