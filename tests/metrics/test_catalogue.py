"""Names and limits as criteria write them."""

import pytest

from pocchaos.metrics import NAMED, named


@pytest.mark.parametrize("name", [*NAMED, "latency.p95", "ttft.p50", "tpot.p99", "gap_max.p99.9"])
def test_every_metric_is_found_by_its_name(name: str) -> None:
    assert named(name).name == name


@pytest.mark.parametrize("name", ["latency", "latency.p0", "latency.p100", "latency.95", "gracefull", ""])
def test_what_is_no_metric_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not a metric"):
        named(name)


def test_a_slip_of_the_pen_is_met_with_the_name_that_was_meant() -> None:
    with pytest.raises(ValueError, match='Did you mean "graceful"'):
        named("gracefull")


@pytest.mark.parametrize(
    ("metric", "text", "value"),
    [
        ("graceful", "95%", 0.95),
        ("graceful", "99.9%", 0.999),
        ("latency.p95", "3s", 3.0),
        ("latency.p95", "250ms", 0.25),
        ("time_to_recover", "2m", 120.0),
        ("attempts_per_request", "3", 3.0),
        ("leaked", "0", 0.0),
        ("leaked", 0, 0.0),
    ],
)
def test_a_limit_is_read_in_the_metrics_unit(metric: str, text: str, value: float) -> None:
    found = named(metric).limit(text)
    assert found.value == pytest.approx(value)
    assert found.kind == "plain"


@pytest.mark.parametrize(
    ("metric", "text", "value", "kind"),
    [("latency.p95", "1.5x", 1.5, "times"), ("graceful", "-5pp", -0.05, "points"), ("graceful", "0.9x", 0.9, "times")],
)
def test_a_limit_against_another_stage_is_a_ratio_or_a_difference(
    metric: str, text: str, value: float, kind: str
) -> None:
    found = named(metric).limit(text, of=True)
    assert found.value == pytest.approx(value)
    assert found.kind == kind


@pytest.mark.parametrize(
    ("metric", "text", "of", "says"),
    [
        ("graceful", "3s", False, "is not a share"),
        ("latency.p95", "95%", False, "is not a duration"),
        ("attempts_per_request", "3s", False, "is not a number"),
        ("latency.p95", "1.5x", False, "say which with `of`"),
        ("latency.p95", "3s", True, "write a ratio such as 1.5x"),
        ("latency.p95", "-5pp", True, "write a ratio such as 1.5x"),
        ("graceful", "95%", True, "or a difference such as -5pp"),
    ],
)
def test_a_limit_of_the_wrong_kind_is_refused_with_the_remedy(metric: str, text: str, of: bool, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        named(metric).limit(text, of=of)
