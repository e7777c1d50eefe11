"""Shares of outcomes: who counts, who does not, and on how many independent samples it rests."""

import pytest

from pocchaos.metrics import Ask, Clock, Reading, Table, View, named
from pocchaos.statistics import wilson
from tests.metrics.builders import (
    answered,
    crashed,
    degraded,
    fault,
    hung,
    lost,
    mixed,
    refused,
    shed,
    stage,
    table,
    under_refused,
    unknown,
    whole,
    wrong,
)


def read(metric: str, view: View | Table, at_least: float | None = None, **facts: object) -> Reading:
    sense = "at_most" if at_least is None else "at_least"
    seen = view if isinstance(view, View) else whole(view)
    return named(metric).read(seen, Ask(sense=sense, limit=at_least, **facts))  # type: ignore[arg-type]


def test_answered_is_taken_of_those_who_deserve_an_answer() -> None:
    run = table(stage("baseline", 60, answered(90), wrong(10), refused(50)))
    found = read("answered", run, 0.95)
    assert (found.figure, found.n) == (0.9, 100)


def test_lost_cancelled_and_unknown_samples_are_in_no_population() -> None:
    run = table(stage("baseline", 60, answered(90), lost(7), unknown(3)))
    assert read("answered", run, 0.9).n == 90
    assert read("graceful", run, 0.9).n == 90


def test_over_quota_requests_are_judged_but_deserve_no_answer() -> None:
    run = table(stage("baseline", 60, answered(90), refused(10, expect="answer", over_quota=True)))
    assert read("answered", run, 0.9).n == 90
    assert read("graceful", run, 0.9).n == 100


@pytest.mark.parametrize(("metric", "figure"), [("refused", 0.75), ("under_refused", 0.25)])
def test_refusals_are_taken_of_those_who_should_be_refused(metric: str, figure: float) -> None:
    run = table(stage("baseline", 60, answered(90), refused(30), under_refused(10)))
    found = read(metric, run)
    assert (found.figure, found.n) == (figure, 40)


def test_graceful_and_ungraceful_are_each_others_complement() -> None:
    run = table(stage("baseline", 60, answered(50), degraded(20), shed(10), refused(10), hung(6), crashed(4)))
    graceful, ungraceful = read("graceful", run, 0.9), read("ungraceful", run)
    assert graceful.figure == 0.9
    assert graceful.interval is not None
    assert ungraceful.figure == pytest.approx(0.1)
    assert ungraceful.interval == pytest.approx((1 - graceful.interval[1], 1 - graceful.interval[0]))


def test_within_asks_for_the_outcome_and_for_the_time() -> None:
    run = table(stage("baseline", 60, answered(80, took=1.0), answered(20, response=2.5, service=1.5)))
    assert read("answered", run, 0.9, within=2.0).figure == 0.8
    assert read("answered", run, 0.9, within=2.0, clock=Clock.SERVICE).figure == 1
    assert read("ungraceful", run, within=2.0).figure == pytest.approx(0.2)


def test_in_good_weather_the_input_is_the_unit() -> None:
    """960 requests over 50 inputs are worth no more than 50."""
    run = table(stage("baseline", 60, answered(960, inputs=50)))
    found = read("answered", run, 0.95)
    assert (found.n, found.n_eff, found.need) == (960, 50, 73)
    assert found.interval == pytest.approx(wilson(50, 50))


def test_a_claim_about_these_inputs_alone_counts_requests_and_says_so() -> None:
    run = table(stage("baseline", 60, answered(960, inputs=50)))
    found = read("answered", whole(run, fixed=True), 0.95)
    assert found.n_eff == 960
    assert "about these 50 inputs, not others like them" in found.notes


def test_in_an_outage_requests_count_and_one_window_is_named_as_such() -> None:
    run = table(stage("baseline", 60, answered(100)), stage("out", 60, degraded(960, inputs=50), faults=[fault()]))
    found = read("graceful", whole(run, "out"), 0.95)
    assert found.n_eff == 960
    assert "this interval covers this outage, not outages" in found.notes


def test_a_scope_with_any_unfaulted_stage_is_bound_by_its_inputs() -> None:
    run = table(
        stage("baseline", 60, answered(100, inputs=50)), stage("out", 60, degraded(500, inputs=50), faults=[fault()])
    )
    assert read("graceful", run, 0.95).n_eff == 50


def test_failures_that_come_together_count_as_few() -> None:
    """Forty failures within five seconds are one event, not forty."""
    spread = table(stage("out", 60, mixed(degraded(560), hung(40)), faults=[fault()]))
    burst = table(stage("out", 60, degraded(280), hung(40), degraded(280), faults=[fault()]))
    assert read("graceful", spread, 0.9).n_eff == pytest.approx(600, rel=0.01)
    assert read("graceful", burst, 0.9).n_eff < 60


def test_four_windows_that_differ_are_the_unit_of_an_outage() -> None:
    parts = [
        stage("out", 20, mixed(degraded(200 - bad), *([hung(bad)] if bad else [])), faults=[fault()])
        for bad in (0, 30, 4, 26)
    ]
    found = read("graceful", table(*parts), 0.9)
    assert found.share is not None
    assert (found.share.decided_by, found.share.df) == ("windows", 3)


def test_an_answer_without_an_assert_proves_nothing() -> None:
    run = table(stage("baseline", 60, answered(90), answered(10, checked=False)))
    trouble = read("answered", run, 0.9).troubles[0]
    assert trouble.why == "10 of 100 samples were answers to inputs without an assert: any text would pass"
    assert "10 inputs an assert" in trouble.remedy
    assert trouble.fail_stands, "the other failures are none the better for it"
    for metric in ("wrong", "graceful", "ungraceful"):
        assert read(metric, run).troubles
    assert not read("crashed", run).troubles


def test_a_failure_needs_no_assert_and_nor_does_a_refusal() -> None:
    run = table(stage("baseline", 60, answered(90), hung(10, checked=False), refused(10, checked=False)))
    assert not read("answered", run, 0.9).troubles
    assert not read("graceful", run, 0.9).troubles


def test_nothing_seen_among_many_is_given_its_upper_bound() -> None:
    run = table(stage("baseline", 60, answered(300)))
    assert "none in 300: upper bound 1 % if all were independent" in read("crashed", run).notes


def test_what_counts_against_a_claim_is_shown_worst_first() -> None:
    run = table(
        stage("baseline", 60, answered(10), wrong(2), crashed(1), hung(1), hung(1, took=4.0), refused(1)),
    )
    against = named("graceful").against(whole(run), Ask(sense="at_least"))
    assert against == (12, 13, 14, 10, 11)
    assert named("wrong").against(whole(run), Ask(sense="at_most")) == (10, 11)


def test_a_scope_without_samples_has_no_figure() -> None:
    run = table(stage("baseline", 60, answered(10)))
    found = read("refused", run, 0.9)
    assert found.figure is None
    assert found.troubles


def test_one_input_is_named_in_the_singular() -> None:
    run = table(stage("baseline", 60, answered(20, inputs=1)))
    assert "1 different input" in read("answered", run, 0.9).notes
