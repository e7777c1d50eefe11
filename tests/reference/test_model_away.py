"""What a caller hears while the model is away, slow or senseless: a marked fallback, in time."""

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import httpx
import pytest

from tests.reference.conftest import Ask, Start
from tests.reference.model import Model
from tests.reference.test_answers import FACT, QUESTION, stream_events

HASTY = {"ANSWER_BUDGET": "0.8", "LLM_TIMEOUT": "0.6", "BREAKER_FAILURES": "1000"}


def assert_marked_fallback(response: httpx.Response) -> None:
    assert response.status_code == 200
    assert response.headers["x-degraded"] == "extractive"
    body = response.json()
    assert FACT in body["answer"]
    assert (body["degraded"], body["refused"], body["sources"]) == (True, False, ["account-reset-link"])


@pytest.mark.parametrize("mode", ["fail", "no money", "html", "blank", "cut", "stall"])
def test_whatever_the_model_does_wrong_the_fallback_says_that_it_is_one(start: Start, model: Model, mode: str) -> None:
    model.mode = mode
    ask = Ask(start(**HASTY))
    began = time.monotonic()
    assert_marked_fallback(ask(QUESTION))
    assert time.monotonic() - began < 5.0  # the budget is 0.8 s, a stall lasts until the caller goes


def test_a_model_that_refuses_connections_is_a_fallback_at_once(start: Start) -> None:
    ask = Ask(start(LLM_BASE_URL="http://127.0.0.1:9/v1"))
    began = time.monotonic()
    assert_marked_fallback(ask(QUESTION))
    assert time.monotonic() - began < 2.0


@pytest.mark.parametrize("mode", ["fail", "blank", "html", "stall"])
def test_a_stream_that_fails_before_its_first_word_is_a_marked_fallback(start: Start, model: Model, mode: str) -> None:
    model.mode = mode
    response = Ask(start(**HASTY))(QUESTION, stream=True)
    events = stream_events(response)
    assert response.headers["x-degraded"] == "extractive"
    assert FACT in str(events[0]["delta"])
    assert events[-1]["degraded"] is True


@pytest.mark.parametrize("mode", ["cut", "error event", "stall midway"])
def test_a_stream_that_breaks_off_ends_with_an_error_event(start: Start, model: Model, mode: str) -> None:
    """After the 200 has gone out it is the only honest exit; a clean end without finish reason counts as broken."""
    model.mode = mode
    response = Ask(start(**HASTY))(QUESTION, stream=True)
    assert response.status_code == 200
    assert 'event: error\ndata: {"error": {"code": "interrupted"' in response.text
    assert "[DONE]" not in response.text


def test_a_failure_that_may_pass_is_tried_again_and_not_for_ever(start: Start, model: Model) -> None:
    model.mode = "fail"
    Ask(start())(QUESTION)
    assert len(model.asked) == 3
    waits = [later.at - earlier.at for earlier, later in pairwise(model.asked)]
    assert 0.04 < waits[0] < 0.4
    assert 0.09 < waits[1] < 0.6


def test_a_failure_that_never_passes_is_not_tried_again(start: Start, model: Model) -> None:
    model.mode = "no money"
    Ask(start())(QUESTION)
    assert len(model.asked) == 1


def test_retry_after_is_kept(start: Start, model: Model) -> None:
    model.mode, model.retry_after = "fail", "1"
    Ask(start())(QUESTION)
    arrived = [asked.at for asked in model.asked]
    assert len(arrived) == 3
    assert min(later - earlier for earlier, later in pairwise(arrived)) >= 1.0


def test_a_retry_after_beyond_the_budget_is_a_fallback_at_once(start: Start, model: Model) -> None:
    model.mode, model.retry_after = "fail", "30"
    ask = Ask(start())
    began = time.monotonic()
    assert_marked_fallback(ask(QUESTION))
    assert len(model.asked) == 1
    assert time.monotonic() - began < 10.0


def test_the_breaker_opens_probes_one_at_a_time_and_closes_again(start: Start, model: Model) -> None:
    ask = Ask(start(BREAKER_FAILURES="3", BREAKER_PROBE_AFTER="0.5", LLM_RETRIES="0"))
    model.mode = "fail"
    for _ in range(10):
        ask(QUESTION)
    assert len(model.asked) == 3
    assert ask.client.get("/healthz").json() == {"status": "ok", "llm": "open"}
    assert_marked_fallback(ask(QUESTION))

    model.mode = "well"
    deadline = time.monotonic() + 5
    while (answer := ask(QUESTION).json())["degraded"] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not answer["degraded"]
    assert ask.client.get("/healthz").json()["llm"] == "closed"
    assert not ask(QUESTION).json()["degraded"]


def test_an_open_breaker_lets_one_probe_through_while_many_ask(start: Start, model: Model) -> None:
    ask = Ask(start(BREAKER_FAILURES="1", BREAKER_PROBE_AFTER="0.3", LLM_RETRIES="0", **_short_budget()))
    model.mode = "fail"
    ask(QUESTION)
    model.mode = "stall"
    time.sleep(0.35)  # what is under test: that the breaker has waited
    with ThreadPoolExecutor(8) as callers:
        replies = list(callers.map(ask, [QUESTION] * 8))
    assert len(model.asked) == 2
    for reply in replies:
        assert_marked_fallback(reply)


def test_while_the_model_stalls_health_answers_at_once(start: Start, model: Model) -> None:
    ask = Ask(start())
    model.mode = "stall"
    with ThreadPoolExecutor(10) as callers:
        waiting = [callers.submit(ask, QUESTION) for _ in range(10)]
        _until(lambda: len(model.asked) >= 5)
        assert ask.client.get("/healthz").status_code == 200
        assert not any(reply.done() for reply in waiting)
        for reply in waiting:
            assert_marked_fallback(reply.result())


def test_more_questions_than_places_are_turned_away_cleanly(start: Start, model: Model) -> None:
    ask = Ask(start(CAPACITY="2", **_short_budget()))
    model.mode = "stall"
    with ThreadPoolExecutor(2) as callers:
        inside = [callers.submit(ask, QUESTION) for _ in range(2)]
        _until(lambda: len(model.asked) == 2)
        turned_away = ask(QUESTION)
        assert turned_away.status_code == 503
        assert turned_away.headers["retry-after"] == "1"
        assert turned_away.json()["error"]["code"] == "busy"
        for reply in inside:
            assert_marked_fallback(reply.result())
    assert_marked_fallback(ask(QUESTION))


def test_a_caller_who_leaves_a_stream_gives_the_place_back(start: Start, model: Model) -> None:
    ask = Ask(start(CAPACITY="1"))
    model.mode = "stall midway"
    with ask.client.stream("POST", "/v1/answer", json={"question": QUESTION, "stream": True}) as response:
        next(response.iter_bytes())
    model.mode = "well"
    _until(lambda: ask(QUESTION).status_code == 200)


def _short_budget() -> dict[str, str]:
    return {"ANSWER_BUDGET": "1.0", "LLM_TIMEOUT": "0.8"}


def _until(holds: object) -> None:
    assert callable(holds)
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
