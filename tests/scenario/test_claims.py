"""What a criterion may claim: the language and the judging know the same metrics."""

import pytest

from pocchaos.metrics import NAMED, named
from pocchaos.scenario.claims import FAMILIES, NAMES, PERCENTILES, family


def test_the_language_takes_exactly_the_metrics_that_are_judged() -> None:
    assert FAMILIES.keys() - set(PERCENTILES) == NAMED.keys()
    for name in NAMES:
        known = family(name)
        assert known is not None
        assert known.unit == named(name).unit


@pytest.mark.parametrize("name", ["latency.p1", "latency.p50", "ttft.p99", "gap_max.p99.9", "tpot.p99.99"])
def test_any_percentile_between_is_a_metric(name: str) -> None:
    known = family(name)
    assert known is not None
    assert known.percentile == pytest.approx(float(name.split(".p")[1]) / 100)
    named(name)


@pytest.mark.parametrize(
    "name", ["latency", "latency.p0", "latency.p100", "latency.95", "answered.p95", "latency.p", "", "Answered"]
)
def test_what_is_no_metric_is_none(name: str) -> None:
    assert family(name) is None
