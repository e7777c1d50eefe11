"""The decision table: a test for each row, for each note on precedence, and for the table being total."""

from dataclasses import replace
from typing import Literal, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocchaos.judging.facts import Checked, Facts
from pocchaos.judging.outcomes import NotExhaustiveError, outcome
from pocchaos.judging.rules import RULES
from pocchaos.model.evidence import How, StreamEnd
from pocchaos.model.outcome import Outcome

Expect = Literal["answer", "refuse"]
ANSWER = Facts(checked=Checked.HOLD)
REFUSE = Facts(expect="refuse")


def error(status: int, **facts: object) -> Facts:
    """An answer with an error status and a clean JSON body."""
    return replace(Facts(status=status, blank_answer=True), **facts)  # type: ignore[arg-type]


class TestRows:
    @pytest.mark.parametrize("how", [How.NOT_SENT, How.UNFINISHED])
    @pytest.mark.parametrize("expect", get_args(Expect))
    def test_what_we_never_sent_or_cut_off_ourselves_is_lost(self, how: How, expect: Expect) -> None:
        assert outcome(Facts(expect=expect, how=how, status=None)) is Outcome.LOST

    def test_hanging_up_as_planned_is_neither_judged_nor_lost(self) -> None:
        assert outcome(Facts(how=How.CANCELLED, status=None)) is Outcome.CANCELLED

    @pytest.mark.parametrize("how", [How.COMPLETE, How.DEADLINE, How.RESET])
    def test_a_foreign_canary_overrides_every_other_outcome(self, how: How) -> None:
        assert outcome(replace(ANSWER, leaked=True, how=how, internals=True)) is Outcome.LEAKED

    def test_no_complete_answer_by_the_deadline_is_hung(self) -> None:
        assert outcome(Facts(how=How.DEADLINE, status=None)) is Outcome.HUNG

    def test_part_of_an_answer_at_the_deadline_is_still_hung(self) -> None:
        assert outcome(replace(ANSWER, how=How.DEADLINE, stream=StreamEnd.CUT)) is Outcome.HUNG

    def test_a_complete_answer_after_the_deadline_is_hung(self) -> None:
        assert outcome(replace(ANSWER, late=True)) is Outcome.HUNG

    @pytest.mark.parametrize("how", [How.REFUSED, How.RESET, How.PROTOCOL, How.SHORT])
    def test_refused_reset_protocol_errors_and_short_bodies_are_broken(self, how: How) -> None:
        assert outcome(Facts(how=how, status=None)) is Outcome.BROKEN

    def test_a_stream_that_is_cut_is_broken(self) -> None:
        assert outcome(replace(ANSWER, stream=StreamEnd.CUT)) is Outcome.BROKEN

    def test_a_stream_that_ends_without_its_done_event_is_broken(self) -> None:
        assert outcome(replace(ANSWER, stream=StreamEnd.ENDED, done_declared=True)) is Outcome.BROKEN

    def test_a_stream_without_a_declared_done_event_may_just_end(self) -> None:
        assert outcome(replace(ANSWER, stream=StreamEnd.ENDED)) is Outcome.ANSWERED

    @pytest.mark.parametrize("status", [200, 301, 404, 429, 500, 503])
    def test_internals_in_any_body_of_any_status_are_a_crash(self, status: int) -> None:
        assert outcome(error(status, internals=True)) is Outcome.CRASHED

    @pytest.mark.parametrize("status", [500, 502, 503, 599])
    def test_a_5xx_without_a_json_object_is_a_crash(self, status: int) -> None:
        assert outcome(error(status, json_object=False, allowed_status=True)) is Outcome.CRASHED

    def test_an_error_marker_makes_a_5xx_clean(self) -> None:
        assert outcome(error(503, json_object=False, error=True, allowed_status=True)) is Outcome.SHED

    def test_a_clean_429_above_the_quota_is_what_was_promised(self) -> None:
        assert outcome(error(429, over_quota=True, baseline=True)) is Outcome.REFUSED

    @pytest.mark.parametrize("status", [429, 502, 503, 504])
    @pytest.mark.parametrize("expect", get_args(Expect))
    def test_a_clean_error_that_is_allowed_is_shed_outside_the_baseline(self, status: int, expect: Expect) -> None:
        assert outcome(error(status, expect=expect, allowed_status=True)) is Outcome.SHED

    def test_the_shed_marker_sheds_whatever_the_status(self) -> None:
        assert outcome(error(500, shed=True)) is Outcome.SHED
        assert outcome(replace(ANSWER, shed=True)) is Outcome.SHED

    def test_an_error_event_in_a_stream_is_the_honest_exit_after_a_200(self) -> None:
        assert outcome(Facts(stream=StreamEnd.ERROR, blank_answer=True)) is Outcome.SHED

    @pytest.mark.parametrize("status", [400, 403, 404, 413, 415, 422])
    def test_a_4xx_with_words_refuses_fairly_or_not(self, status: int) -> None:
        assert outcome(error(status, json_object=False)) is Outcome.OVER_REFUSED
        assert outcome(error(status, json_object=False, expect="refuse")) is Outcome.REFUSED

    @pytest.mark.parametrize("status", [401, 407])
    @pytest.mark.parametrize("expect", get_args(Expect))
    def test_401_and_407_are_errors_of_the_login_not_refusals(self, status: int, expect: Expect) -> None:
        assert outcome(error(status, expect=expect)) is Outcome.ERRORED

    def test_401_for_bad_credentials_is_a_refusal(self) -> None:
        assert outcome(error(401, expect="refuse", bad_credentials=True)) is Outcome.REFUSED

    @pytest.mark.parametrize("status", [100, 301, 304, 408, 500, 501])
    @pytest.mark.parametrize("expect", get_args(Expect))
    def test_any_other_error_is_errored(self, status: int, expect: Expect) -> None:
        assert outcome(error(status, expect=expect)) is Outcome.ERRORED

    def test_a_poll_that_says_fail_is_errored(self) -> None:
        assert outcome(replace(ANSWER, poll_failed=True)) is Outcome.ERRORED

    @pytest.mark.parametrize("expect", get_args(Expect))
    def test_a_fallback_that_says_so_is_degraded(self, expect: Expect) -> None:
        assert outcome(Facts(expect=expect, fallback=True, checked=Checked.FAIL)) is Outcome.DEGRADED

    @pytest.mark.parametrize("inside", ["blank_answer", "cut_by_length", "unfinished_stream"])
    @pytest.mark.parametrize("expect", get_args(Expect))
    def test_success_outside_and_nothing_whole_inside_is_wrong(self, inside: str, expect: Expect) -> None:
        hollow = replace(Facts(expect=expect, checked=Checked.HOLD), **{inside: True})  # type: ignore[arg-type]
        assert outcome(hollow) is Outcome.WRONG

    def test_html_where_json_was_expected_is_wrong(self) -> None:
        assert outcome(replace(ANSWER, parsed=False, json_object=False)) is Outcome.WRONG

    def test_a_blank_fallback_is_wrong(self) -> None:
        assert outcome(Facts(fallback=True, blank_answer=True)) is Outcome.WRONG

    def test_a_refusal_by_marker_is_fair_or_not(self) -> None:
        assert outcome(replace(ANSWER, refusal=True)) is Outcome.OVER_REFUSED
        assert outcome(replace(REFUSE, refusal=True)) is Outcome.REFUSED

    def test_assertions_that_hold_answer_or_refuse(self) -> None:
        assert outcome(ANSWER) is Outcome.ANSWERED
        assert outcome(replace(REFUSE, checked=Checked.HOLD)) is Outcome.REFUSED

    def test_an_assertion_that_fails_is_wrong_or_under_refused(self) -> None:
        assert outcome(Facts(checked=Checked.FAIL)) is Outcome.WRONG
        assert outcome(replace(REFUSE, checked=Checked.FAIL)) is Outcome.UNDER_REFUSED

    def test_without_an_assertion_an_answer_is_an_answer(self) -> None:
        assert outcome(Facts()) is Outcome.ANSWERED
        assert outcome(REFUSE) is Outcome.UNDER_REFUSED

    @pytest.mark.parametrize("expect", get_args(Expect))
    def test_an_assertion_that_raised_is_unknown(self, expect: Expect) -> None:
        assert outcome(Facts(expect=expect, checked=Checked.RAISED)) is Outcome.UNKNOWN


class TestPrecedence:
    def test_a_fallback_worded_as_a_refusal_is_a_fallback(self) -> None:
        assert outcome(Facts(fallback=True, refusal=True)) is Outcome.DEGRADED

    def test_blank_is_never_a_refusal(self) -> None:
        assert outcome(replace(REFUSE, refusal=True, blank_answer=True)) is Outcome.WRONG

    def test_a_clean_503_in_the_baseline_is_errored(self) -> None:
        assert outcome(error(503, allowed_status=True, baseline=True)) is Outcome.ERRORED

    def test_an_error_event_in_the_baseline_is_errored(self) -> None:
        assert outcome(Facts(stream=StreamEnd.ERROR, blank_answer=True, baseline=True)) is Outcome.ERRORED

    def test_a_2xx_that_says_shed_in_the_baseline_is_errored(self) -> None:
        assert outcome(replace(ANSWER, shed=True, baseline=True)) is Outcome.ERRORED

    def test_a_half_open_breaker_in_the_recovery_is_no_crash(self) -> None:
        assert outcome(error(503, allowed_status=True, baseline=False)) is Outcome.SHED

    def test_an_assertion_cannot_turn_an_error_into_a_success(self) -> None:
        assert outcome(error(500, checked=Checked.HOLD)) is Outcome.ERRORED
        assert outcome(error(404, checked=Checked.HOLD)) is Outcome.OVER_REFUSED

    def test_an_unclean_429_is_errored(self) -> None:
        assert outcome(error(429, json_object=False, allowed_status=True, expect="refuse")) is Outcome.ERRORED

    def test_a_blank_4xx_is_errored(self) -> None:
        assert outcome(error(404, json_object=False, blank_body=True, expect="refuse")) is Outcome.ERRORED

    @pytest.mark.parametrize("status", [409, 429, 503])
    def test_a_required_retry_after_that_is_missing_is_errored(self, status: int) -> None:
        assert outcome(error(status, allowed_status=True, retry_after_missing=True)) is Outcome.ERRORED

    def test_a_503_that_is_not_a_clean_error_of_the_scenario_is_errored(self) -> None:
        assert outcome(error(503)) is Outcome.ERRORED

    def test_what_needs_a_body_that_was_not_kept_is_unknown(self) -> None:
        assert outcome(replace(ANSWER, kept=False)) is Outcome.UNKNOWN

    def test_a_hang_is_known_without_its_body(self) -> None:
        assert outcome(Facts(how=How.DEADLINE, kept=False)) is Outcome.HUNG

    def test_a_complete_exchange_without_a_status_is_no_http(self) -> None:
        assert outcome(Facts(status=None)) is Outcome.BROKEN


any_facts = st.builds(
    Facts,
    expect=st.sampled_from(get_args(Expect)),
    how=st.sampled_from(How),
    status=st.none() | st.integers(100, 999),
    stream=st.none() | st.sampled_from(StreamEnd),
    checked=st.sampled_from(Checked),
    **{
        name: st.booleans()
        for name in Facts.__dataclass_fields__
        if name not in ("expect", "how", "status", "stream", "checked")
    },
)


@given(any_facts)
def test_every_combination_of_facts_has_an_outcome(facts: Facts) -> None:
    assert isinstance(outcome(facts), Outcome)


@given(any_facts)
def test_only_a_2xx_that_is_checked_whole_and_in_time_is_answered(facts: Facts) -> None:
    """Nothing passes by default."""
    if outcome(facts) is Outcome.ANSWERED:
        assert facts.ok
        assert facts.how is How.COMPLETE
        assert facts.checked in (Checked.HOLD, Checked.NONE)
        assert not any((facts.late, facts.leaked, facts.internals, facts.blank_answer, facts.fallback))


def test_every_rule_decides_something() -> None:
    """A rule that another one always pre-empts would be dead wood."""
    speaking = {
        "never_sent_or_cut_off": Facts(how=How.NOT_SENT),
        "a_check_raised": Facts(checked=Checked.RAISED),
        "unchecked": Facts(),
        "refusal": Facts(refusal=True),
        "hollow": Facts(blank_answer=True),
    }
    by_name = {rule.__name__: rule for rule in RULES}
    assert all(by_name[name](facts) is not None for name, facts in speaking.items())
    assert all(rule.__doc__ for rule in RULES)


def test_facts_that_no_rule_knows_are_our_own_failure() -> None:
    assert NotExhaustiveError(Facts()).exit_code == 4
