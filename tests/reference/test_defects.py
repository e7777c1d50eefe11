"""Each planted defect is seen to misbehave, and only where the model is away."""

import time
from pathlib import Path

import httpx
import pytest

from pocchaos.reference.app import create_app
from pocchaos.reference.defects import Defect
from pocchaos.reference.settings import SettingsError, read_settings
from tests.reference.conftest import Ask, Start
from tests.reference.model import Model
from tests.reference.test_answers import FACT, QUESTION, stream_events


@pytest.mark.parametrize("defect", Defect)
def test_a_defect_does_not_show_while_the_model_is_well(start: Start, defect: Defect) -> None:
    """Planted faults that fail the baseline would prove nothing about the outage."""
    ask = Ask(start(POCCHAOS_DEFECT=defect))
    body = ask(QUESTION).raise_for_status().json()
    assert FACT in body["answer"]
    assert not body["degraded"]
    assert ask("Who discovered penicillin?").json()["refused"]
    assert ask.client.get("/version").json()["defect"] == defect


def test_no_timeout_waits_longer_than_anybody_would(start: Start, model: Model) -> None:
    ask = Ask(start(POCCHAOS_DEFECT="no_timeout", ANSWER_BUDGET="0.3", LLM_TIMEOUT="0.3"))
    model.mode = "stall"
    with pytest.raises(httpx.ReadTimeout):
        ask.client.post("/v1/answer", json={"question": QUESTION}, timeout=2)


def test_retry_storm_asks_six_times_at_once_and_heeds_nobody(start: Start, model: Model) -> None:
    ask = Ask(start(POCCHAOS_DEFECT="retry_storm"))
    model.mode, model.retry_after = "fail", "1"
    for _ in range(3):
        assert ask(QUESTION).json()["degraded"]
    assert len(model.asked) == 18


def test_silent_empty_is_200_and_blank_and_unmarked(start: Start, model: Model) -> None:
    ask = Ask(start(POCCHAOS_DEFECT="silent_empty"))
    model.mode = "fail"
    response = ask(QUESTION)
    assert response.status_code == 200
    assert "x-degraded" not in response.headers
    assert response.json()["answer"] == ""
    assert response.json()["degraded"] is False
    assert [event.get("delta") for event in stream_events(ask(QUESTION, stream=True))] == [None]


def test_stack_trace_shows_its_inside(start: Start, model: Model) -> None:
    ask = Ask(start(POCCHAOS_DEFECT="stack_trace"))
    model.mode = "fail"
    response = ask(QUESTION)
    assert response.status_code == 500
    assert "Traceback (most recent call last)" in response.text


def test_breaker_stuck_open_never_comes_back(start: Start, model: Model) -> None:
    ask = Ask(start(POCCHAOS_DEFECT="breaker_stuck_open", BREAKER_FAILURES="1", BREAKER_PROBE_AFTER="0"))
    model.mode = "fail"
    ask(QUESTION)
    model.mode = "well"
    ends = time.monotonic() + 1
    while time.monotonic() < ends:
        assert ask(QUESTION).json()["degraded"]


def test_unmarked_stale_gives_the_last_answer_whatever_was_asked(start: Start, model: Model) -> None:
    ask = Ask(start(POCCHAOS_DEFECT="unmarked_stale"))
    ask(QUESTION)
    model.mode = "fail"
    response = ask("What does express delivery cost?")
    assert "x-degraded" not in response.headers
    assert FACT in response.json()["answer"]


def test_an_unknown_defect_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="no_timeout, retry_storm"):
        create_app(read_settings({"POCCHAOS_DEFECT": "no_time"}))


def test_only_one_module_knows_of_defects() -> None:
    """A reader of the well-behaved parts meets no trace of them."""
    package = Path(__file__).parents[2] / "pocchaos" / "reference"
    knowing = {path.name for path in package.rglob("*.py") if "Defect." in path.read_text("utf-8")}
    assert knowing == {"defects.py"}
