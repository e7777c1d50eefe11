"""Which samples a criterion is about; several values; another stage; what would settle it."""

from dataclasses import replace

import pytest

from pocchaos.metrics import Table
from pocchaos.model.verdict import Judgement, Verdict
from tests.judging.claims import judge
from tests.metrics.builders import (
    answered,
    attempts,
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
    with_attempts,
    wrong,
)

PASS, FAIL, INCONCLUSIVE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE


def busy() -> Table:
    """Three cycles of two outages, each with a rest."""
    cycle = [
        stage("llm-gone", 20, degraded(200, bitten=True), shed(20), faults=[fault()]),
        stage("rest-1", 20, answered(200)),
        stage("db-slow", 20, mixed(answered(150, tenant="globex"), hung(50)), faults=[fault("db", "latency")]),
        stage("rest-2", 20, answered(180, category="edge_case"), answered(20, step="ask[2]")),
    ]
    return table(stage("baseline", 60, answered(400)), *cycle, *cycle, *cycle, upstreams={"llm": True, "db": False})


def n(metric: str, **scope: object) -> int:
    return judge(busy(), metric, at_least="50%", **scope).n


def test_repeated_stages_of_one_name_pool() -> None:
    assert n("graceful", stage="llm-gone") == 660


@pytest.mark.parametrize(
    ("scope", "count"),
    [
        ({"stage": "rest-*"}, 1200),
        ({"stage": ["llm-gone", "db-slow"]}, 1260),
        ({"stage": ["rest-1", "base*"]}, 1000),
        ({}, 2860),
        ({"category": "edge_case"}, 540),
        ({"category": ["edge_case", "in_*"]}, 2860),
        ({"tenant": "globex"}, 450),
        ({"step": "ask"}, 60),
        ({"step": "ask[[]2]"}, 60),
        ({"fault": "llm.*"}, 660),
        ({"fault": "*", "stage": "db-*"}, 600),
        ({"stage": "llm-gone", "tenant": "globex"}, 0),
    ],
)
def test_names_lists_and_globs_select(scope: dict[str, object], count: int) -> None:
    assert n("graceful", **scope) == count


def test_an_upstream_leaves_out_the_stages_whose_faults_are_on_others() -> None:
    assert n("graceful", upstream="llm", stage=["llm-gone", "db-slow"]) == 660


def test_a_faults_scope_is_its_own_window_not_its_stages() -> None:
    run = busy()
    start = run.faults[0].window[0]  # type: ignore[index]
    narrow = replace(run, faults=(replace(run.faults[0], window=(start, start + 5_000_000)), *run.faults[1:]))
    assert judge(narrow, "graceful", fault="llm.stall", at_least="50%").n == 440 + 55


def test_only_the_bitten_are_judged_where_asked_for() -> None:
    found = judge(busy(), "graceful", stage="llm-gone", population="bitten", at_least="95%")
    assert (found.n, found.figure) == (600, 1)
    assert found.scope == {"stage": ["llm-gone"], "population": "bitten"}


def test_none_bitten_is_no_pass() -> None:
    assert judge(busy(), "graceful", stage="db-slow", population="bitten", at_least="95%").verdict is INCONCLUSIVE


# --- each -----------------------------------------------------------------------------------------------------------


def by(key: str, **facts: object) -> Judgement:
    return judge(busy(), "graceful", each=key, at_least="90%", **facts)


def test_each_gives_one_verdict_a_value_and_the_worst_wins() -> None:
    found = by("stage", stage=["llm-gone", "db-slow"])
    assert [(one.id, one.verdict) for one in found.each] == [("it[llm-gone]", PASS), ("it[db-slow]", FAIL)]
    assert (found.id, found.verdict, found.figure) == ("it", FAIL, 0.75)
    assert found.why.startswith("db-slow: ")
    assert found.scope == {"stage": ["llm-gone", "db-slow"]}


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("stage", ["baseline", "llm-gone", "rest-1", "db-slow", "rest-2"]),
        ("category", ["edge_case", "in_scope"]),
        ("tenant", ["acme", "globex"]),
        ("fault", ["llm.stall", "db.latency"]),
    ],
)
def test_each_goes_through_the_values_of_the_run(key: str, values: list[str]) -> None:
    assert [one.id for one in by(key).each] == [f"it[{value}]" for value in values]


def test_a_named_value_that_never_occurred_is_not_passed_over() -> None:
    run = table(stage("baseline", 60, answered(400)))
    found = judge(run, "answered", each="category", category=["in_scope", "edge_case"], at_least="95%")
    assert [one.verdict for one in found.each] == [PASS, INCONCLUSIVE]
    assert found.verdict is INCONCLUSIVE


def test_an_each_that_fails_shows_evidence_adjusted_for_the_number_of_looks() -> None:
    note = by("stage", stage=["llm-gone", "db-slow"]).notes[-1]
    assert note.startswith("p after Holm for 2 values: db-slow ")
    assert float(note.rsplit(" ", 1)[1]) < 0.001


def test_a_name_with_brackets_means_itself() -> None:
    run = table(stage("baseline", 60, answered(200)), stage("a[1]", 60, answered(100)), stage("a1", 60, wrong(100)))
    found = judge(run, "answered", each="stage", at_least="90%")
    assert [(one.n, one.verdict) for one in found.each] == [(200, PASS), (100, PASS), (100, FAIL)]
    assert found.each[1].scope == {"stage": ["a[1]"]}


def test_each_without_any_value_is_inconclusive() -> None:
    run = table(stage("baseline", 60, answered(200)))
    assert judge(run, "answered", each="fault", at_least="90%").verdict is INCONCLUSIVE


# --- of -------------------------------------------------------------------------------------------------------------


def against_baseline(metric: str, rows: list[dict[str, object]], **facts: object) -> Judgement:
    run = table(stage("baseline", 60, mixed(answered(570), wrong(30, first=570))), stage("load", 60, rows))
    return judge(run, metric, stage="load", of="baseline", **facts)


def test_a_difference_in_points_is_newcombes() -> None:
    """95 % against 90 % of 600 each: −5 points, and Newcombe's interval is −8.0 to −2.0."""
    found = against_baseline("answered", mixed(answered(540), wrong(60, first=540)), at_least="-10pp")
    assert (found.verdict, found.unit) == (PASS, "points")
    assert found.figure == pytest.approx(-0.05)
    assert found.interval == pytest.approx((-0.0801, -0.0203), abs=5e-4)
    assert found.of is not None
    assert (found.of["stage"], found.of["figure"], found.of["n"]) == ("baseline", 0.95, 600)


@pytest.mark.parametrize(("limit", "verdict"), [("-10pp", PASS), ("-5pp", INCONCLUSIVE), ("-1pp", FAIL)])
def test_a_difference_passes_fails_or_straddles(limit: str, verdict: Verdict) -> None:
    assert against_baseline("answered", mixed(answered(540), wrong(60, first=540)), at_least=limit).verdict is verdict


def test_a_ratio_compares_both_intervals_crosswise_each_at_half_the_error() -> None:
    found = against_baseline("wrong", mixed(answered(540), wrong(60, first=540)), at_most="3x")
    assert found.unit == "times"
    assert found.figure == pytest.approx(2.0)
    assert found.interval is not None
    inner, outer = (0.0757 / 0.0722, 0.1315 / 0.0342), (0.0757 / 0.0750, 0.1320 / 0.0330)
    assert outer[0] - 0.05 <= found.interval[0] <= inner[0]
    assert inner[1] - 0.05 <= found.interval[1] <= outer[1] + 0.3
    assert found.verdict is INCONCLUSIVE


def test_a_ratio_of_percentiles_passes_and_fails() -> None:
    slower = answered(600, took=0.7)
    assert against_baseline("latency.p95", slower, at_most="1.5x").verdict is PASS
    assert against_baseline("latency.p95", slower, at_most="1.2x").verdict is FAIL


def test_nothing_against_nothing_is_no_ratio() -> None:
    found = judge(
        table(stage("baseline", 60, answered(500)), stage("load", 60, answered(500))),
        "crashed",
        stage="load",
        of="baseline",
        at_most="2x",
    )
    assert found.figure is None
    assert found.verdict is INCONCLUSIVE


def test_the_other_stage_must_be_sound_as_well() -> None:
    run = table(stage("baseline", 60, answered(400)), stage("ref", 60), stage("load", 60, answered(400)))
    assert judge(run, "answered", stage="load", of="ref", at_least="-5pp").verdict is INCONCLUSIVE


def test_what_our_generator_lost_there_voids_the_comparison() -> None:
    base, here = stage("baseline", 60, answered(400)), stage("load", 60, answered(400))
    run = table(base, stage("ref", 60, answered(400), lost(50)), here)
    found = judge(run, "answered", stage="load", of="ref", at_least="-5pp")
    assert (found.verdict, found.why) == (INCONCLUSIVE, "our generator lost 50 of 450 requests (11.11 %)")


def test_the_same_scope_is_taken_there_but_for_stage_fault_and_bite() -> None:
    run = busy()
    found = judge(run, "graceful", stage="llm-gone", population="bitten", of="rest-1", at_least="-5pp", tenant="acme")
    assert found.of is not None
    assert (found.n, found.of["n"]) == (600, 600)


def test_attempts_are_compared_at_the_same_upstream() -> None:
    run = table(
        stage("baseline", 60, answered(600)),
        stage("out", 30, degraded(300), faults=[fault()]),
        upstreams={"llm": True, "db": True},
    )
    rows = attempts(run, 1, stage="baseline") + attempts(run, 3, stage="out") + attempts(run, 2, upstream="db")
    by_fault = judge(with_attempts(run, rows), "attempts_per_request", fault="llm.*", of="baseline", at_most="3x")
    assert (by_fault.verdict, by_fault.figure) == (PASS, 3.0)
    found = judge(
        with_attempts(run, rows), "attempts_per_request", upstream="llm", stage="out", of="baseline", at_most="3x"
    )
    assert (found.verdict, found.figure, found.unit) == (PASS, 3.0, "times")


# --- remedies -------------------------------------------------------------------------------------------------------


def test_too_few_inputs_are_answered_with_how_many_more() -> None:
    found = judge(table(stage("baseline", 60, answered(960, inputs=50))), "answered", at_least="95%")
    assert (found.remedy, found.need) == ("add 23 inputs", 73)
    assert found.why == "n_eff 50 is below the 73 that 95 % needs even without a failure"


def test_too_few_requests_are_answered_with_seconds_at_this_rate() -> None:
    """50 in a minute: 73 are there after 27.6 s more."""
    run = table(stage("baseline", 60, answered(400)), stage("out", 60, degraded(50), faults=[fault()]))
    assert judge(run, "graceful", stage="out", at_least="95%").remedy == "+28 s at this rate"


def test_the_seconds_that_a_remedy_asks_for_settle_it() -> None:
    def outage(seconds: int) -> Judgement:
        rows = mixed(degraded(round(seconds * 9.7)), hung(round(seconds * 0.3)))
        run = table(stage("baseline", 60, answered(400)), stage("out", seconds, rows, faults=[fault()]))
        return judge(run, "graceful", stage="out", at_least="95%")

    first = outage(20)
    assert first.verdict is INCONCLUSIVE
    more = int(first.remedy.removeprefix("+").split()[0])
    assert outage(20 + more + 1).verdict is PASS
    assert outage(20 + more // 2).verdict is INCONCLUSIVE


def test_both_inputs_and_time_are_asked_for_where_both_are_short() -> None:
    run = table(stage("baseline", 60, answered(400)), stage("calm", 10, answered(60, inputs=50)))
    assert judge(run, "answered", stage="calm", at_least="95%").remedy == "add 23 inputs, and +3 s at this rate"


def test_windows_that_differ_ask_for_more_windows() -> None:
    parts = [stage("out", 20, mixed(degraded(400 - bad), hung(bad)), faults=[fault()]) for bad in (2, 30, 4, 26)]
    found = judge(table(stage("baseline", 60, answered(400)), *parts), "graceful", stage="out", at_least="95%")
    assert found.verdict is INCONCLUSIVE
    assert found.remedy.startswith("repeat the stage ")


def test_what_sits_on_its_limit_is_settled_by_no_length() -> None:
    run = table(stage("baseline", 60, mixed(answered(950), wrong(50))))
    assert judge(run, "answered", at_least="95%").remedy.startswith("no length of run settles it")


def test_further_reasons_are_noted_beside_the_first() -> None:
    run = table(
        stage("baseline", 60, mixed(answered(200), crashed(200))),
        stage("out", 60, refused(9), faults=[fault(bit=False)]),
    )
    found = judge(run, "graceful", stage="out", at_least="95%")
    assert "not proven" in found.why
    assert any(note.startswith("also: the baseline was unhealthy") for note in found.notes)
