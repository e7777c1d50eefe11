"""Three values: what passes, what fails, and what cannot be told; the conditions that hold for every metric."""

from dataclasses import replace
from math import inf

import pytest

from pocchaos.judging.criteria import judge_criteria
from pocchaos.metrics import Table
from pocchaos.model.verdict import Judgement, Verdict
from pocchaos.scenario.language import Criterion
from tests.judging.claims import judge
from tests.metrics.builders import (
    Part,
    answered,
    attempts,
    crashed,
    degraded,
    fault,
    hung,
    lost,
    mixed,
    refused,
    stage,
    table,
    unknown,
    with_attempts,
    wrong,
)

PASS, FAIL, INCONCLUSIVE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE


def calm() -> Part:
    return stage("baseline", 60, answered(400))


def verdicts_of(good: int, bad: int, limit: str) -> Verdict:
    rows = mixed(answered(good), *([wrong(bad)] if bad else []))
    return judge(table(stage("baseline", 60, rows)), "answered", at_least=limit).verdict


@pytest.mark.parametrize(
    ("good", "bad", "verdict"), [(73, 0, PASS), (72, 0, INCONCLUSIVE), (985, 15, PASS), (960, 40, INCONCLUSIVE)]
)
def test_a_claim_passes_only_if_its_whole_interval_is_on_the_good_side(good: int, bad: int, verdict: Verdict) -> None:
    assert verdicts_of(good, bad, "95%") is verdict


@pytest.mark.parametrize(("good", "bad", "verdict"), [(920, 80, FAIL), (940, 60, INCONCLUSIVE)])
def test_a_claim_fails_only_if_its_whole_interval_is_on_the_bad_side(good: int, bad: int, verdict: Verdict) -> None:
    assert verdicts_of(good, bad, "95%") is verdict


def test_at_most_is_judged_the_other_way_round() -> None:
    run = table(stage("baseline", 60, mixed(answered(985), wrong(15))))
    assert judge(run, "wrong", at_most="3%").verdict is PASS
    assert judge(run, "wrong", at_most="1.5%").verdict is INCONCLUSIVE
    assert judge(run, "wrong", at_most="0.5%").verdict is FAIL


def test_a_judgement_carries_what_it_rests_on() -> None:
    run = table(stage("baseline", 60, mixed(answered(985), wrong(15, first=985))))
    found = judge(run, "answered", at_least="95%", category="in_scope", claim="right nearly always")
    assert (found.n, found.n_eff, found.need, found.limit, found.sense) == (1000, 1000, 73, 0.95, "at_least")
    assert found.figure == pytest.approx(0.985)
    assert found.interval == pytest.approx((0.9754, 0.9909), abs=1e-4)
    assert found.scope == {"category": ["in_scope"]}
    assert (found.claim, found.unit, found.remedy) == ("right nearly always", "share", "")
    assert found.why == "97.54 % to 99.09 % lies wholly on the good side of 95 %"
    assert len(found.evidence) == 5


def test_more_confidence_asks_for_more() -> None:
    run = table(stage("baseline", 60, answered(100)))
    assert judge(run, "answered", at_least="95%").verdict is PASS
    assert judge(run, "answered", at_least="95%", confidence="99%").verdict is INCONCLUSIVE


def test_percentiles_pass_fail_or_straddle() -> None:
    run = table(stage("baseline", 60, mixed(answered(930), answered(50, took=2.0), hung(20))))
    assert judge(run, "latency.p95", at_most="3s").verdict is PASS
    assert judge(run, "latency.p95", at_most="1s").verdict is FAIL
    assert judge(run, "latency.p98", at_most="3s").verdict is INCONCLUSIVE


def test_a_percentile_without_an_answer_is_infinite() -> None:
    found = judge(table(stage("baseline", 60, mixed(answered(900), hung(100)))), "latency.p95", at_most="3s")
    assert (found.verdict, found.figure) == (FAIL, inf)


# --- conditions -----------------------------------------------------------------------------------------------------


def test_a_generator_that_lost_more_than_one_percent_decides_nothing() -> None:
    ok, bad = (table(calm(), stage("load", 60, answered(1000), lost(n))) for n in (10, 11))
    assert judge(ok, "answered", stage="load", at_least="95%").verdict is PASS
    found = judge(bad, "answered", stage="load", at_least="95%")
    assert (found.verdict, found.why) == (INCONCLUSIVE, "our generator lost 11 of 1,011 requests (1.088 %)")
    assert found.remedy == "lower the rate, or give the generator more workers"


def test_a_fail_too_is_void_where_our_generator_lost_requests() -> None:
    run = table(calm(), stage("load", 60, answered(500), crashed(400), lost(100)))
    assert judge(run, "answered", stage="load", at_least="95%").verdict is INCONCLUSIVE


@pytest.mark.parametrize(("planned", "verdict"), [(1010, PASS), (1011, INCONCLUSIVE)])
def test_less_than_99_percent_of_the_plan_decides_nothing(planned: int, verdict: Verdict) -> None:
    """Samples that never reached the log are missing from it: only the plan knows of them."""
    run = table(calm(), stage("load", 60, answered(1000)), planned={0: 400, 1: planned})
    assert judge(run, "answered", stage="load", at_least="95%").verdict is verdict


def test_an_unhealthy_baseline_decides_nothing_elsewhere() -> None:
    base = stage("baseline", 60, mixed(answered(316), crashed(84)))
    run = table(base, stage("load", 60, answered(500)), stage("bad", 60, crashed(500)))
    for name in ("load", "bad"):
        found = judge(run, "answered", stage=name, at_least="95%")
        assert found.verdict is INCONCLUSIVE
        assert found.why == "the baseline was unhealthy: 79 % answered, 80 % are needed"
        assert found.remedy


def test_a_claim_on_the_baseline_itself_may_fail_in_an_unhealthy_one_but_not_pass() -> None:
    run = table(stage("baseline", 60, mixed(answered(300), degraded(100))))
    assert judge(run, "answered", stage="baseline", at_least="95%").verdict is FAIL
    assert judge(run, "graceful", stage="baseline", at_least="95%").verdict is INCONCLUSIVE


def test_a_baseline_without_samples_shows_nothing() -> None:
    run = table(stage("baseline", 60), stage("load", 60, answered(500)))
    assert "baseline has no sample" in judge(run, "answered", stage="load", at_least="95%").why


def test_a_second_baseline_fails_on_its_own_like_the_first() -> None:
    run = table(stage("baseline", 60, wrong(400)), stage("baseline", 60, wrong(400)))
    assert judge(run, "answered", at_least="95%", stage="baseline").verdict is FAIL


def test_a_scenario_in_which_nothing_deserves_an_answer_has_no_unhealthy_baseline() -> None:
    run = table(stage("baseline", 60, refused(500)))
    assert judge(run, "refused", at_least="95%").verdict is PASS


@pytest.mark.parametrize("rows", [degraded(500), crashed(500)])
def test_a_fault_that_is_not_proven_to_bite_decides_nothing(rows: list[dict[str, object]]) -> None:
    """Silence is no evidence of grace, and what failed then failed of something else."""
    run = table(calm(), stage("out", 60, rows, faults=[fault(bit=False)]))
    found = judge(run, "graceful", stage="out", at_least="95%")
    assert found.verdict is INCONCLUSIVE
    assert found.why == "llm.stall is not proven to have bitten in out: no attempt arrived"
    assert found.remedy == "raise the load, vary the inputs, or lengthen the stage"


def test_a_fault_that_nobody_looked_at_is_not_proven_either() -> None:
    run = table(calm(), stage("out", 60, degraded(500), faults=[replace(fault(), bite=None)]))
    assert judge(run, "graceful", stage="out", at_least="95%").verdict is INCONCLUSIVE


def test_one_cycle_that_did_not_bite_is_enough() -> None:
    run = table(
        calm(),
        stage("out", 60, degraded(500), faults=[fault()]),
        stage("out", 60, degraded(500), faults=[fault(bit=False)]),
    )
    assert judge(run, "graceful", stage="out", at_least="95%").verdict is INCONCLUSIVE


def test_a_fault_out_of_scope_need_not_bite() -> None:
    run = table(
        calm(),
        stage("out", 60, degraded(500), faults=[fault()]),
        stage("db", 60, degraded(500), faults=[fault("db", bit=False)]),
    )
    assert judge(run, "graceful", stage="out", at_least="95%").verdict is PASS


def test_recovery_from_a_fault_that_did_not_bite_is_no_recovery() -> None:
    parts = [stage("out", 20, degraded(800), faults=[fault(bit=False)]), stage("rest", 30, answered(1200))]
    run = table(stage("baseline", 30, answered(1200)), *parts)
    assert "not proven to have bitten" in judge(run, "time_to_recover", stage="rest", at_most="10s").why


def test_after_a_stop_a_fail_stands_and_all_else_is_inconclusive() -> None:
    run = table(
        calm(), stage("good", 60, answered(500)), stage("bad", 60, crashed(500)), stopped="no_answer above 50 %"
    )
    assert judge(run, "answered", stage="bad", at_least="95%").verdict is FAIL
    found = judge(run, "answered", stage="good", at_least="95%")
    assert (found.verdict, found.why) == (INCONCLUSIVE, "the run ended before its plan did: no_answer above 50 %")


def test_bodies_that_were_not_kept_are_not_judged() -> None:
    run = table(stage("baseline", 60, answered(499), answered(1, kept=False)))
    found = judge(run, "answered", at_least="95%")
    assert found.verdict is INCONCLUSIVE
    assert found.why.startswith("1 of 500 bodies were not kept whole")
    assert "--keep" in found.remedy


def test_one_body_that_was_not_kept_is_enough_however_many_were() -> None:
    """What nobody can read may have been garbage: it must not drop out in silence."""
    run = table(stage("baseline", 60, mixed(answered(999), unknown(1, kept=False))))
    for metric, limit in (
        ("answered", {"at_least": "95%"}),
        ("wrong", {"at_most": "5%"}),
        ("graceful", {"at_least": "90%"}),
    ):
        found = judge(run, metric, **limit)
        assert (found.verdict, found.why[:36]) == (INCONCLUSIVE, "1 of 1,000 bodies were not kept whol")
        assert "--keep" in found.remedy
        assert "16 KiB" in found.remedy


def test_a_body_that_the_claim_does_not_read_need_not_be_kept() -> None:
    away = unknown(5, kept=False, expect="refuse", category="off_topic")
    run = table(stage("baseline", 60, mixed(answered(500), refused(500), away)))
    assert judge(run, "answered", at_least="95%").verdict is PASS
    assert judge(run, "refused", at_least="95%").verdict is INCONCLUSIVE


@pytest.mark.parametrize(("count", "verdict"), [(5, PASS), (6, INCONCLUSIVE)])
def test_more_than_one_percent_unknown_decides_nothing(count: int, verdict: Verdict) -> None:
    run = table(stage("baseline", 60, answered(500), unknown(count)))
    assert judge(run, "answered", at_least="95%").verdict is verdict


def test_a_stage_of_which_nothing_is_left_is_not_judged() -> None:
    run = table(calm(), stage("short", 4, answered(100)), guard=5.0)
    gone = replace(run, stages=(run.stages[0], replace(run.stages[1], window=None)))
    found = judge(gone, "answered", stage="short", at_least="95%")
    assert (found.verdict, found.n) == (INCONCLUSIVE, 0)
    assert "nothing of short is left" in found.why


def test_samples_outside_their_window_are_not_judged() -> None:
    run = table(calm(), stage("load", 60, answered(500), crashed(500, in_window=False)))
    assert judge(run, "answered", stage="load", at_least="95%").n == 500


def test_a_scope_that_names_nothing_of_the_run_is_inconclusive() -> None:
    found = judge(table(calm()), "answered", stage="nowhere", at_least="95%")
    assert (found.verdict, found.why) == (INCONCLUSIVE, "no stage or fault of the run is in this scope")


def test_an_exception_while_judging_is_unknown_never_a_pass_or_a_crash() -> None:
    run = table(calm())
    broken = replace(run, samples=run.samples.drop("outcome"))
    found = judge(broken, "answered", at_least="95%")
    assert found.verdict is INCONCLUSIVE
    assert found.why.startswith("unknown: judging it raised ColumnNotFoundError")
    assert found.remedy


def test_one_broken_criterion_leaves_the_others_alone() -> None:
    criteria = [Criterion(id="a", metric="nonsense", at_most="3"), Criterion(id="b", metric="answered", at_least="95%")]
    found = judge_criteria(table(calm()), criteria)
    assert [(one.id, one.verdict) for one in found] == [("a", INCONCLUSIVE), ("b", PASS)]
    assert '"nonsense" is not a metric' in found[0].why


def test_every_inconclusive_says_why_and_what_to_do() -> None:
    runs: list[tuple[Table, str, dict[str, str]]] = [
        (table(stage("baseline", 60, answered(50))), "answered", {"at_least": "95%"}),
        (table(stage("baseline", 60, mixed(answered(950), wrong(50)))), "answered", {"at_least": "95%"}),
        (table(stage("baseline", 60, answered(50))), "latency.p95", {"at_most": "3s"}),
        (table(calm(), stage("x", 60, answered(50))), "answered", {"at_least": "-1pp", "of": "baseline", "stage": "x"}),
        (table(calm()), "leaked", {"at_most": "0"}),
        (table(calm()), "attempts_per_request", {"at_most": "3", "upstream": "nobody"}),
        (table(calm()), "time_to_recover", {"at_most": "3s"}),
        (table(calm()), "refused", {"at_least": "95%"}),
    ]
    for run, metric, facts in runs:
        found = judge(run, metric, **facts)
        assert found.verdict is INCONCLUSIVE
        assert found.why
        assert found.remedy
        assert "\n" not in found.remedy


# --- leaked ---------------------------------------------------------------------------------------------------------


def leaky(**facts: object) -> Table:
    rows = [*answered(100, own=["docs"]), *answered(1, secrets=[0]), *lost(50)]
    base = stage("baseline", 60, rows)
    return table(base, canary_surfaces={"acme": ("docs",), "globex": ("docs",)}, **facts)  # type: ignore[arg-type]


def test_one_leak_fails_whatever_else_went_wrong() -> None:
    """Half of the run lost, stopped early, a tenant that never saw its own canary: a finding is a finding."""
    found = judge(leaky(stopped="leaked above 0"), "leaked", at_most="0")
    assert (found.verdict, found.figure, found.why) == (FAIL, 1, "1 found")
    assert found.evidence == (100,)


def test_one_leak_fails_even_a_limit_that_would_allow_it() -> None:
    assert judge(leaky(), "leaked", at_most="2").verdict is FAIL


def test_no_leak_passes_only_if_each_tenant_saw_its_own_canaries() -> None:
    rows = [*answered(100, own=["docs"]), *answered(100, tenant="globex")]
    run = table(stage("baseline", 60, rows), canary_surfaces={"acme": ("docs",), "globex": ("docs",)})
    found = judge(run, "leaked", at_most="0")
    assert found.verdict is INCONCLUSIVE
    assert "globex never saw its own canary" in found.why
    both = replace(run, canary_surfaces={"acme": ("docs",)})
    assert judge(both, "leaked", at_most="0").verdict is PASS


def test_no_leak_in_a_run_that_was_stopped_is_no_pass() -> None:
    run = table(stage("baseline", 60, answered(100)), secrets=1, stopped="interrupted")
    assert judge(run, "leaked", at_most="0").verdict is INCONCLUSIVE


def test_an_unhealthy_baseline_does_not_hide_that_nothing_leaked() -> None:
    assert judge(table(stage("baseline", 60, crashed(100)), secrets=1), "leaked", at_most="0").verdict is PASS


# --- both clocks ----------------------------------------------------------------------------------------------------


def lagging(response: float, service: float) -> Table:
    rows = mixed(answered(900), answered(100, response=response, service=service, lag=response - service))
    return table(stage("baseline", 60, rows))


def test_a_fail_that_our_own_lag_made_is_our_generators() -> None:
    found = judge(lagging(4.0, 1.0), "latency.p95", at_most="3s")
    assert found.verdict is INCONCLUSIVE
    assert found.why.startswith("our generator decides it: FAIL by response time (4 s), not by service time (1 s)")
    assert judge(lagging(4.0, 3.5), "latency.p95", at_most="3s").verdict is FAIL


def test_a_pass_needs_the_response_time_and_lag_is_noted() -> None:
    found = judge(lagging(2.5, 1.0), "latency.p95", at_most="3s")
    assert found.verdict is PASS
    assert any("left our generator late: p99 1.5 s" in note for note in found.notes)
    assert not any("late" in note for note in judge(lagging(1.0, 1.0), "latency.p95", at_most="3s").notes)


def test_a_small_lag_is_not_worth_a_note() -> None:
    run = table(stage("baseline", 60, answered(500, lag=0.055)))
    assert not any("late" in note for note in judge(run, "latency.p95", at_most="3s").notes)
    assert any("late" in note for note in judge(run, "latency.p95", at_most="1s").notes)


def test_within_is_judged_by_both_clocks_too() -> None:
    found = judge(lagging(4.0, 1.0), "answered", at_least="95%", within="3s")
    assert found.verdict is INCONCLUSIVE
    assert "our generator decides it" in found.why


def test_a_bad_outcome_within_a_time_may_not_hide_behind_our_lag() -> None:
    """A wrong answer that we fetched late is a wrong answer in time: PASS by response alone would be ours."""
    rows = mixed(answered(900), wrong(100, response=4.0, service=1.0, lag=3.0))
    assert judge(table(stage("baseline", 60, rows)), "wrong", at_most="3%", within="3s").verdict is INCONCLUSIVE


def test_a_recovery_that_our_lag_delayed_is_our_generators() -> None:
    rows = [*answered(800, response=9.0, service=0.5, lag=8.5), *answered(1600)]
    run = table(
        stage("baseline", 30, answered(1200)),
        stage("out", 20, degraded(800), faults=[fault()]),
        stage("rest", 60, rows),
    )
    found = judge(run, "time_to_recover", stage="rest", at_most="10s")
    assert (found.verdict, found.figure) == (INCONCLUSIVE, 20.0)
    assert "our generator" in found.why


# --- time to recover, attempts --------------------------------------------------------------------------------------


def recovering(slow: int, length: int = 30) -> Judgement:
    rows = [*hung(40 * slow), *answered(40 * (length - slow))]
    run = table(
        stage("baseline", 30, answered(1200)),
        stage("out", 20, degraded(800), faults=[fault()]),
        stage("rest", length, rows),
    )
    return judge(run, "time_to_recover", stage="rest", at_most="8s")


@pytest.mark.parametrize(("slow", "verdict"), [(8, PASS), (9, INCONCLUSIVE), (10, FAIL), (30, FAIL)])
def test_a_recovery_is_judged_in_bins(slow: int, verdict: Verdict) -> None:
    """Read as v = slow: PASS if v ≤ 8, FAIL if v − 1 > 8; 9 could have been 8.1."""
    assert recovering(slow).verdict is verdict


def test_a_recovery_in_too_short_a_rest_is_no_pass_but_may_fail() -> None:
    assert recovering(2, length=15).verdict is INCONCLUSIVE
    assert recovering(11, length=15).verdict is FAIL
    assert recovering(15, length=15).verdict is INCONCLUSIVE


def test_the_good_side_of_an_attempts_limit_includes_the_limit() -> None:
    run = table(calm(), stage("out", 30, degraded(300), faults=[fault()]))
    run = with_attempts(run, attempts(run, 2))
    assert judge(run, "attempts_per_request", stage="out", at_most="2").verdict is PASS
    assert judge(run, "attempts_per_request", stage="out", at_most="1.9").verdict is FAIL


def test_a_criterion_without_samples_of_its_kind_is_inconclusive() -> None:
    assert judge(table(calm()), "refused", at_least="95%").verdict is INCONCLUSIVE
