"""What a verdict rests on: enough samples, seen by us, and all of them read."""

from dataclasses import replace

import pytest

from pocchaos.metrics import Table
from pocchaos.model.verdict import Verdict
from tests.judging.claims import judge
from tests.metrics.builders import (
    Part,
    Row,
    answered,
    attempts,
    degraded,
    fault,
    hung,
    lost,
    mixed,
    stage,
    table,
    unknown,
    with_attempts,
    wrong,
)

PASS, FAIL, INCONCLUSIVE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE


def calm() -> Part:
    return stage("baseline", 60, answered(600))


def out() -> Part:
    return stage("outage", 30, hung(300), faults=[fault()])


def early(rows: list[Row], start: int) -> list[Row]:
    """Ten a second from `start` µs on, whatever the stage's length."""
    return [{**row, "due": start + at * 100_000} for at, row in enumerate(rows)]


# --- attempts -------------------------------------------------------------------------------------------------------


def test_attempts_of_which_none_was_ever_seen_are_no_evidence() -> None:
    run = table(calm(), stage("peak", 60, answered(600)))
    found = judge(run, "attempts_per_request", stage="peak", at_most="3")
    assert found.verdict is INCONCLUSIVE
    assert found.why == "no attempt at llm was seen in the whole run: nothing was counted"


def test_a_target_that_stops_asking_under_the_fault_may_pass() -> None:
    run = table(calm(), stage("out", 60, degraded(600), faults=[fault()]))
    seen = with_attempts(run, attempts(run, 1, stage="baseline"))
    assert judge(seen, "attempts_per_request", stage="out", at_most="3").verdict is PASS


def test_the_pauses_of_a_flapping_fault_do_not_count() -> None:
    """Four attempts while it is on, one in the pauses: 4, not 2.5."""
    run = table(calm(), stage("out", 60, degraded(600), faults=[fault()]))
    on = tuple((at * 1_000_000, (at + 10) * 1_000_000) for at in (60, 80, 100))
    run = replace(run, faults=(replace(run.faults[0], spans=on),))
    more = [row for row in attempts(run, 3) if any(start <= due(run, row) < end for start, end in on)]
    seen = with_attempts(run, [*attempts(run, 1), *more])
    assert judge(seen, "attempts_per_request", fault="llm.stall", at_most="3").figure == 4


def due(run: Table, attempt: Row) -> int:
    return int(run.samples["due"][attempt["request"]])


# --- few samples ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "verdict"), [(1, INCONCLUSIVE), (2, INCONCLUSIVE), (3, FAIL), (10, FAIL)])
def test_a_fail_below_the_need_must_hold_by_the_exact_binomial(count: int, verdict: Verdict) -> None:
    """Of one sample that failed, 80 % asked: one in five healthy runs looks like that."""
    run = table(calm(), stage("out", 60, hung(count), faults=[fault()]))
    assert judge(run, "graceful", stage="out", at_least="80%").verdict is verdict


def test_many_samples_of_one_input_are_one_sample() -> None:
    run = table(calm(), stage("peak", 60, wrong(50, inputs=1)))
    assert judge(run, "answered", stage="peak", at_least="75%").verdict is INCONCLUSIVE


@pytest.mark.parametrize(("count", "verdict"), [(9, INCONCLUSIVE), (10, PASS)])
def test_a_baseline_of_a_few_samples_shows_nothing(count: int, verdict: Verdict) -> None:
    run = table(stage("baseline", 60, answered(count)), stage("peak", 60, answered(400)))
    assert judge(run, "answered", stage="peak", at_least="95%").verdict is verdict


@pytest.mark.parametrize("kept", [True, False])
def test_a_baseline_that_nobody_could_judge_shows_nothing(kept: bool) -> None:
    base = stage("baseline", 60, mixed(answered(380), unknown(20, kept=kept)))
    found = judge(table(base, out()), "graceful", stage="outage", at_least="95%")
    assert (found.verdict, found.why[:33]) == (INCONCLUSIVE, "20 of 400 samples of the baseline")


# --- stopped --------------------------------------------------------------------------------------------------------


def test_a_fail_stands_in_the_stage_in_which_the_run_was_stopped() -> None:
    cut = [*hung(150), *lost(30, lag=0.0)]
    run = table(calm(), stage("outage", 60, cut, faults=[fault()]), planned={0: 600, 1: 600}, stopped="leaked above 0")
    assert judge(run, "graceful", stage="outage", at_least="95%").verdict is FAIL
    good = table(calm(), stage("outage", 60, degraded(150), faults=[fault()]), planned={0: 600, 1: 600}, stopped="x")
    assert judge(good, "graceful", stage="outage", at_least="95%").verdict is INCONCLUSIVE


def test_what_our_generator_never_sent_voids_a_fail_of_a_stopped_run_too() -> None:
    run = table(calm(), stage("outage", 60, hung(150), lost(30), faults=[fault()]), stopped="leaked above 0")
    assert judge(run, "graceful", stage="outage", at_least="95%").verdict is INCONCLUSIVE


@pytest.mark.parametrize(("seconds", "verdict"), [(5, INCONCLUSIVE), (20, FAIL)])
def test_a_recovery_is_seen_only_up_to_the_stop(seconds: int, verdict: Verdict) -> None:
    rest = stage("recovery", 60, early(hung(10 * seconds), 90_000_000))
    run = table(calm(), out(), rest, stopped="Ctrl-C", planned={0: 600, 1: 300, 2: 600})
    assert judge(run, "time_to_recover", stage="recovery", at_most="8s").verdict is verdict


# --- recovery -------------------------------------------------------------------------------------------------------


def test_what_we_lost_on_the_way_voids_a_recovery() -> None:
    run = table(calm(), out(), stage("recovery", 30, lost(300)), stage("steady", 60, answered(600)))
    found = judge(run, "time_to_recover", stage="steady", at_most="10s")
    assert found.verdict is INCONCLUSIVE
    assert found.why.startswith("our generator lost 300 of 900 requests since the fault's end")


@pytest.mark.parametrize("kept", [True, False])
def test_what_nobody_could_read_on_the_way_voids_a_recovery(kept: bool) -> None:
    rows = [*unknown(50, kept=kept), *answered(250)]
    run = table(calm(), out(), stage("recovery", 30, rows), stage("steady", 60, answered(600)))
    found = judge(run, "time_to_recover", stage="steady", at_most="20s")
    assert found.verdict is INCONCLUSIVE
    assert "50 of 900" in found.why


def test_where_the_last_fault_ends_with_the_stage_nothing_is_left_to_see() -> None:
    parts = [out(), stage("rest", 60, answered(600)), stage("last", 60, hung(600), faults=[fault()])]
    found = judge(table(calm(), *parts), "time_to_recover", stage="last", at_most="8s")
    assert found.verdict is INCONCLUSIVE
    assert "nothing is left to see" in found.why


def test_a_short_fault_in_the_guard_is_not_skipped_for_an_earlier_one() -> None:
    run = table(calm(), out(), stage("rest", 60, answered(600)), stage("tail", 60, answered(600)), guard=3.0)
    off = run.stages[3].planned[1] - 1_000_000
    blip = replace(run.faults[0], id="llm.blip", stage=3, on=off - 1_500_000, off=off)
    found = judge(replace(run, faults=(*run.faults, blip)), "time_to_recover", stage="tail", at_most="8s")
    assert (found.verdict, found.figure) == (INCONCLUSIVE, None)


def test_one_cycle_that_never_recovers_decides_whatever_the_others_show() -> None:
    undecided = stage("recovery", 60, mixed(answered(543), wrong(57)))
    never = stage("recovery", 60, hung(600))
    for second in (undecided, stage("recovery", 12, hung(120))):
        run = table(calm(), out(), never, out(), second)
        assert judge(run, "time_to_recover", stage="recovery", at_most="10s").verdict is FAIL
    good = stage("recovery", 60, answered(600))
    assert judge(table(calm(), out(), good, out(), undecided), "time_to_recover", at_most="10s").verdict is INCONCLUSIVE


def test_a_recovery_shows_no_effective_number_of_its_own() -> None:
    found = judge(
        table(calm(), out(), stage("recovery", 60, answered(600))), "time_to_recover", stage="recovery", at_most="10s"
    )
    assert found.n_eff == found.n
