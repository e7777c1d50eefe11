"""What a plan can show, known before the first request; and what is refused because it never could."""

from typing import Any

import pytest

from pocchaos.scenario.expected import Expected
from pocchaos.scenario.forecast import Forecast, forecast
from pocchaos.scenario.language import Scenario
from tests.plan.build import block, criterion, down, http_error, planned, scenario, stage

FAULTY = [
    stage("baseline", "60s"),
    stage("outage", "40s", http_error()),
    stage("recovery", "40s"),
]


def foreseen(*stages: dict[str, Any], inputs: Any = 100, **more: Any) -> Forecast:
    return of(scenario(*stages, **more), inputs)


def of(what: Scenario, inputs: Any = 100) -> Forecast:
    return forecast(what, planned(what, inputs=inputs))


def told(found: Forecast) -> list[str]:
    return [f"{problem.path}: {problem.message}" for problem in found.problems]


def line(*parts: str) -> str:
    """A message that is longer than a line of this file."""
    return "".join(parts)


def one(found: Forecast) -> Expected:
    (expected,) = found.criteria
    return expected


def test_a_claim_about_quality_counts_inputs_not_requests() -> None:
    """600 requests over 100 inputs are 100 opinions; 95 % needs 73 of them, and 465 for a fair chance."""
    expected = one(foreseen(*FAULTY, criteria=[criterion("answered", stage="baseline", at_least="95%")]))
    assert (expected.n, expected.distinct, expected.n_eff, expected.need) == (580, 100, 100, 73)
    assert expected.n_for_power == 465
    assert expected.chance is not None
    assert 0 < expected.chance < 0.5
    assert expected.remedy == "add 365 inputs (or say `inputs: fixed`)"
    assert not expected.refusal


def test_a_claim_about_these_very_inputs_counts_requests() -> None:
    fixed = criterion("answered", stage="baseline", at_least="95%", inputs="fixed")
    assert one(foreseen(*FAULTY, criteria=[fixed])).n_eff == 580


def test_a_claim_about_time_counts_requests() -> None:
    """A p95 is judged as the share that is within the limit, so it needs what 95 % needs."""
    expected = one(foreseen(*FAULTY, criteria=[criterion("latency.p95", stage="baseline", at_most="3s")]))
    assert (expected.n_eff, expected.need) == (580, 73)


def test_a_claim_about_an_outage_counts_requests() -> None:
    expected = one(foreseen(*FAULTY, criteria=[criterion("graceful", stage="outage", at_least="95%")]))
    assert (expected.n, expected.n_eff, expected.faulted) == (380, 380, True)


@pytest.mark.parametrize(
    ("metric", "limit", "need"), [("hung", "1%", 381), ("hung", "10%", 35), ("broken", "0.1%", 3838)]
)
def test_at_most_so_much_bad_needs_what_at_least_the_rest_good_needs(metric: str, limit: str, need: int) -> None:
    assert one(foreseen(*FAULTY, criteria=[criterion(metric, stage="outage", at_most=limit)])).need == need


def test_each_value_is_counted_by_itself() -> None:
    tenants = [{"name": "a", "share": "80%"}, {"name": "b", "share": "20%"}]
    each = criterion("latency.p95", stage="baseline", each="tenant", at_most="3s")
    found = foreseen(*FAULTY, criteria=[each], tenants=tenants).criteria
    assert [expected.value for expected in found] == ["a", "b"]
    assert sum(expected.n for expected in found) == 580
    assert found[0].n > 3 * found[1].n


def test_repeated_stages_of_one_name_pool() -> None:
    cycles = block(stage("out", "10s", down()), stage("rest", "10s"), repeat=3)
    graceful = criterion("graceful", stage="out", at_least="95%")
    assert one(foreseen(stage("baseline"), cycles, criteria=[graceful])).n == 3 * 80


def test_the_scope_of_a_fault_is_its_own_window() -> None:
    day = stage("day", "60s", down("db", at="10s", **{"for": "20s"}), http_error(at="15s", **{"for": "12s"}))
    found = foreseen(
        stage("baseline"), day, criteria=[criterion("graceful", stage="day", each="fault", at_least="90%")]
    )
    assert {expected.value: expected.n for expected in found.criteria} == {"db.down": 180, "llm.http_error": 100}


def test_malformed_requests_are_no_calls_upstream() -> None:
    found = foreseen(*FAULTY)
    assert [(one.upstream, one.calls, one.remote) for one in found.calls] == [("llm", 1400, False), ("db", 1400, False)]


CANNOT = {
    "too few inputs": (
        {"inputs": 50, "criteria": [criterion("answered", stage="baseline", at_least="95%")]},
        line(
            "criteria[0]: cannot pass: n_eff is at most 50, and 73 are needed even if nothing fails; ",
            "add 23 inputs (or say `inputs: fixed`)",
        ),
    ),
    "too few requests": (
        {"criteria": [criterion("graceful", stage="outage", at_least="99%")]},
        "criteria[0]: cannot pass: n_eff is at most 380, and 381 are needed even if nothing fails; +1 s at this rate",
    ),
    "too few of both": (
        {"criteria": [criterion("answered", stage="baseline", at_least="99.9%")]},
        line(
            "criteria[0]: cannot pass: n_eff is at most 100, and 3838 are needed even if nothing fails; ",
            "add 3738 inputs and +326 s at this rate",
        ),
    ),
    "perfection": (
        {"criteria": [criterion("hung", stage="outage", at_most="0%")]},
        "criteria[0]: cannot pass: at_most 0% is perfection, and no n shows it",
    ),
    "nobody asks": (
        {"criteria": [criterion("refused", stage="baseline", at_least="90%")]},
        "criteria[0]: no request is due in its scope: give it a share of the load, or widen it",
    ),
    "a series too short": (
        {"criteria": [criterion("time_to_recover", stage="recovery", at_most="40s")]},
        line(
            'criteria[0]: the series up to the end of stage "recovery" lasts 40 s, and 48 s are needed ',
            "(limit, three bins of 2 s, one deadline): +8 s at this rate",
        ),
    ),
    "nothing to recover from": (
        {"criteria": [criterion("time_to_recover", stage="baseline", at_most="4s")]},
        line(
            "criteria[0]: nothing to recover from: no fault and no load of its own ",
            'ends before the end of stage "baseline": name a later stage',
        ),
    ),
    "the outage itself": (
        {"criteria": [criterion("time_to_recover", stage="outage", at_most="4s")]},
        line(
            'criteria[0]: the series up to the end of stage "outage" lasts 0 ms, and 12 s are needed ',
            "(limit, three bins of 2 s, one deadline): +12 s at this rate",
        ),
    ),
}


@pytest.mark.parametrize("case", CANNOT)
def test_what_cannot_pass_is_refused_with_what_would_help(case: str) -> None:
    more, message = CANNOT[case]
    assert told(foreseen(*FAULTY, **more)) == [message]  # type: ignore[arg-type]


def test_a_stage_without_a_judged_window_is_refused_where_a_criterion_names_it() -> None:
    short = [stage("baseline", "60s"), stage("blink", "2s", http_error()), stage("rest", "60s")]
    assert told(foreseen(*short, criteria=[criterion("latency.p95", stage="baseline", at_most="3s")])) == []
    named = criterion("graceful", stage=["blink", "rest"], at_least="50%")
    assert told(foreseen(*short, criteria=[named])) == [
        line(
            "criteria[0]: no judged window is left of stage blink: ",
            "after settle and the guard of one deadline (2 s) nothing remains; make it longer",
        )
    ]


@pytest.mark.parametrize(("duration", "refused"), [("19s", True), ("20s", False)])
def test_a_ratio_of_attempts_needs_twenty_seconds_under_the_fault(duration: str, refused: bool) -> None:
    stages = [stage("baseline", "60s"), stage("out", duration, http_error()), stage("rest", "30s")]
    attempts = criterion("attempts_per_request", stage="out", upstream="llm", at_most="3")
    expected = ["criteria[0]: cannot pass: 19 whole seconds are counted and 20 are needed; +1 s would do"]
    assert told(foreseen(*stages, criteria=[attempts])) == (expected if refused else [])


def test_seconds_under_a_fault_add_up_over_the_cycles() -> None:
    cycles = block(stage("out", "7s", http_error()), stage("rest", "10s"), repeat=3)
    attempts = criterion("attempts_per_request", fault="llm.http_error", at_most="3")
    assert told(foreseen(stage("baseline"), cycles, criteria=[attempts])) == []


def test_each_cycle_of_a_recovery_must_be_long_enough() -> None:
    """The worst occurrence decides, and all of these are one second too short."""
    cycles = block(stage("out", "10s", http_error()), stage("rest", "12s"), repeat=2)
    slow = criterion("time_to_recover", stage="rest", at_most="5s")
    (message,) = told(foreseen(stage("baseline"), cycles, criteria=[slow]))
    assert 'stage "rest" lasts 12 s, and 13 s are needed' in message


def test_the_guard_of_a_recovery_is_the_deadline_that_it_needs() -> None:
    """Limit 5 s, three bins of 2 s and one deadline: 13 s to the stage's end, whether it is guarded or not."""
    cycles = block(stage("out", "10s", http_error()), stage("rest", "13s"), repeat=2)
    slow = criterion("time_to_recover", stage="rest", at_most="5s")
    assert told(foreseen(stage("baseline"), cycles, criteria=[slow])) == []


CLAIMS_ON_ANSWERS = [
    criterion("answered", stage="baseline", at_least="90%"),
    criterion("wrong", stage="baseline", at_most="10%"),
    criterion("graceful", stage="outage", at_least="90%"),
    criterion("ungraceful", stage="outage", at_most="10%"),
    criterion("time_to_recover", stage="recovery", at_most="10s"),
]


@pytest.mark.parametrize("claim", CLAIMS_ON_ANSWERS, ids=lambda claim: str(claim["metric"]))
def test_what_takes_an_answer_for_right_needs_something_to_check_it_by(claim: dict[str, Any]) -> None:
    checks = [{"type": "contains-any", "value": "${input.expected}"}]  # the rows of these tests have no `expected`
    unset = [{"file": "q.jsonl", "category": "in_scope", "share": "100%", "assert": checks}]
    assert told(foreseen(*FAULTY, inputs=100, criteria=[claim])) == []
    (message,) = told(of(scenario(*FAULTY, inputs=unset, criteria=[claim])))
    assert message.startswith(
        "criteria[0]: 100 of 100 inputs in its scope have no assert that can be checked (first: 0.0)"
    )


@pytest.mark.parametrize(
    ("origin", "cap", "refused"),
    [
        ("https://api.example.com/v1", None, True),
        ("https://api.example.com/v1", 5000, False),
        ("http://127.0.0.1:9000", None, False),
        ("http://[::1]:9000", None, False),
        ("http://localhost:9000", None, False),
        ("tcp://10.0.0.5:5432", None, False),
    ],
)
def test_a_bill_is_not_run_up_by_accident(origin: str, cap: int | None, refused: bool) -> None:
    upstreams = {"llm": {"origin": origin, **({"max_attempts": cap} if cap else {})}}
    expected = [
        line(
            "upstreams.llm: about 1,400 calls would go to https://api.example.com/v1, which is not on this machine: ",
            "say how many you allow, such as max_attempts: 2100",
        )
    ]
    assert told(foreseen(*FAULTY, upstreams=upstreams)) == (expected if refused else [])


@pytest.mark.parametrize(("cap", "refused"), [(1400, False), (1399, True), (100, True)])
def test_a_cap_that_the_run_would_use_up_is_refused(cap: int, refused: bool) -> None:
    """From then on the stand answers 429 in the upstream's place, and nothing can be said about the target."""
    upstreams = {"llm": {"origin": {"simulate": "openai"}, "max_attempts": cap}}
    expected = line(
        f"upstreams.llm.max_attempts: 1,400 calls are predicted and max_attempts is {cap:,}: ",
        "raise it, or the run is INCONCLUSIVE from the moment it is used up",
    )
    assert told(foreseen(*FAULTY, upstreams=upstreams)) == ([expected] if refused else [])


def test_an_upstream_that_may_be_called_seldom_may_have_a_smaller_cap() -> None:
    upstreams = {"llm": {"origin": {"simulate": "openai"}, "max_attempts": 100, "unused_ok": True}}
    found = foreseen(*FAULTY, upstreams=upstreams)
    assert told(found) == []
    assert any(note.startswith("llm: if each request makes a call, 1,400 calls are predicted") for note in found.notes)


def test_a_scenario_without_criteria_is_told_that_it_claims_nothing() -> None:
    note = "no criteria: nothing will be claimed, and the verdict is INCONCLUSIVE"
    assert note in foreseen(*FAULTY, criteria=[]).notes
    assert note not in foreseen(*FAULTY, criteria=CLAIMS_ON_ANSWERS[:1]).notes


def test_what_is_enforced_is_shown_where_it_is_no_number_of_samples() -> None:
    recover = criterion("time_to_recover", stage="recovery", at_most="10s")
    attempts = criterion("attempts_per_request", stage="outage", upstream="llm", at_most="3")
    shown = [one.enforced for one in foreseen(*FAULTY, criteria=[recover, attempts]).criteria]
    assert shown == ["18 s after the fault", "20 blocks of 1 s"]


def test_a_fault_that_hardly_anybody_meets_is_named() -> None:
    found = foreseen(stage("baseline"), stage("blink", "10s", down(**{"for": "500ms"})))
    assert found.notes[:-1] == (  # the last one is about the criteria, of which there are none
        line(
            "llm.down@1: 5 requests that expect an answer are due while it is on; ",
            "to be proven to bite it needs 10 attempts: raise the load or lengthen it",
        ),
    )


def test_a_comparison_needs_requests_on_both_sides() -> None:
    slower = criterion("latency.p95", stage="outage", at_most="1.5x", of="baseline")
    expected = one(foreseen(*FAULTY, criteria=[slower]))
    assert (expected.n, expected.need, expected.chance, expected.refusal) == (380, 0, None, "")
    nowhere = criterion("latency.p95", stage="outage", at_most="1.5x", of="nowhere")
    assert told(foreseen(*FAULTY, criteria=[nowhere])) == ["criteria[0]: no stage or fault of this plan is nowhere"]
