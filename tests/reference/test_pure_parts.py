"""The parts that know no network: breaker, retries, retrieval, settings."""

from datetime import UTC, datetime

import pytest

from pocchaos.reference.breaker import Breaker, BreakerOpen, Declined, Unavailable
from pocchaos.reference.retries import Retries, retry_after
from pocchaos.reference.retrieval import Index, Passage, knowledge, terms
from pocchaos.reference.settings import SettingsError, read_settings


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def fail(breaker: Breaker) -> None:
    with pytest.raises(Unavailable), breaker.attempt():
        raise Unavailable("away")


def test_a_breaker_counts_failures_in_a_row_only() -> None:
    breaker = Breaker(failures=2, probe_after=1, clock=Clock())
    fail(breaker)
    with breaker.attempt():
        pass
    fail(breaker)
    assert breaker.state == "closed"
    fail(breaker)
    assert breaker.state == "open"


def test_a_failed_probe_opens_it_for_another_while_and_a_good_one_closes_it() -> None:
    clock = Clock()
    breaker = Breaker(failures=1, probe_after=10, clock=clock)
    fail(breaker)
    clock.now = 9.9
    with pytest.raises(BreakerOpen), breaker.attempt():
        pass
    clock.now = 10
    fail(breaker)
    clock.now = 19.9
    with pytest.raises(BreakerOpen), breaker.attempt():
        pass
    clock.now = 20
    with breaker.attempt():
        assert breaker.state == "half-open"
        with pytest.raises(BreakerOpen), breaker.attempt():
            pass
    assert breaker.state == "closed"


def test_late_failures_of_before_do_not_put_off_the_probe() -> None:
    """Twenty stalled calls end one after the other: the breaker's rest counts from the first."""
    clock = Clock()
    breaker = Breaker(failures=1, probe_after=10, clock=clock)
    late = breaker.attempt()
    late.__enter__()
    fail(breaker)
    clock.now = 9
    late.__exit__(Unavailable, Unavailable("late"), None)
    clock.now = 10
    with breaker.attempt():
        pass
    assert breaker.state == "closed"


def test_a_no_from_the_other_side_is_a_sign_of_life() -> None:
    breaker = Breaker(failures=1, probe_after=1, clock=Clock())
    with pytest.raises(Declined), breaker.attempt():
        raise Declined("400", may_pass=False)
    assert breaker.state == "closed"


def test_pauses_double_and_end() -> None:
    retries = Retries(most=2, wait=0.1)
    pauses = [retries.pause(tried=tried, retry_after=None, left=9, draw=0.5) for tried in (1, 2, 3)]
    assert pauses == [pytest.approx(0.1), pytest.approx(0.2), None]


def test_a_pause_is_never_shorter_than_retry_after_nor_longer_than_what_is_left() -> None:
    retries = Retries(most=2, wait=0.1)
    assert retries.pause(tried=1, retry_after=1.5, left=2, draw=0.0) == 1.5
    assert retries.pause(tried=1, retry_after=1.5, left=1.6, draw=0.0) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "Mon, 23 Nov 2026 10:00:05 GMT"}, 5.0),
        ({"retry-after": "Mon, 23 Nov 2026 09:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, datetime(2026, 11, 23, 10, 0, 0, tzinfo=UTC)) == seconds


def test_the_knowledge_base_is_whole() -> None:
    passages = knowledge()
    assert len(passages) >= 300
    assert len({passage.id for passage in passages}) == len(passages)
    assert len({passage.title for passage in passages}) == len(passages)
    assert len({passage.text for passage in passages}) == len(passages)


def test_endings_and_filler_words_do_not_count() -> None:
    assert terms("How do the Batteries get charged?") == terms("battery charge")


def test_a_tenants_own_passages_are_found_among_ours() -> None:
    index = Index(knowledge())
    own = Passage(id="own-1", title="Door code of the boathouse", text="The boathouse door opens with 4471.")
    assert index.search("What is the door code of the boathouse?", [own]).passages[0] == own


def test_nothing_shared_nothing_found() -> None:
    found = Index(knowledge()).search("zzz qqq")
    assert (found.passages, found.coverage) == ((), 0.0)


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"PORT": "eighty"}, "PORT='eighty'"),
        ({"CAPACITY": "1.5"}, "CAPACITY=1.5 is not a whole number"),
        ({"ANSWER_BUDGET": "-1"}, "ANSWER_BUDGET='-1'"),
        ({"ACME_TOKEN": "short"}, "ACME_TOKEN is shorter than 8"),
        ({"ACME_TOKEN": "same-token-1", "GLOBEX_TOKEN": "same-token-1"}, "two tenants have the same token"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(env: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(env)
    assert words in str(caught.value)
