"""The simulated OpenAI API, by the official client: plain, streamed, and called badly."""

import json
import time
from typing import Any

import httpx
import openai
import pytest

from pocchaos.scenario.language import Simulate
from pocchaos.stand.in_force import draw
from tests.stand.conftest import Start
from tests.stand.running import FACT, MESSAGES, Running, one


def test_a_completion_tells_the_fact_in_its_prompt(one_stand: Running) -> None:
    with one_stand.client() as client:
        told = client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    (choice,) = told.choices
    assert (choice.message.content, choice.message.role, choice.finish_reason) == (FACT, "assistant", "stop")
    assert told.model == "gpt-4o-mini"
    assert told.usage is not None
    assert told.usage.completion_tokens == 6
    assert told.usage.total_tokens == told.usage.prompt_tokens + 6


@pytest.mark.parametrize("usage", [True, False])
def test_a_stream_tells_the_same_word_by_word(one_stand: Running, *, usage: bool) -> None:
    more: dict[str, Any] = {"stream_options": {"include_usage": True}} if usage else {}
    with one_stand.client() as client:
        chunks = list(client.chat.completions.create(model="m", messages=MESSAGES, stream=True, **more))
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert (deltas[0].role, deltas[0].content) == ("assistant", "")
    assert "".join(delta.content or "" for delta in deltas) == FACT
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert [bool(chunk.usage) for chunk in chunks if not chunk.choices] == ([True] if usage else [])


def test_the_stream_on_the_wire_ends_with_done(one_stand: Running) -> None:
    asked = {"model": "m", "messages": MESSAGES, "stream": True}
    told = httpx.post(f"{one_stand.url()}/v1/chat/completions", json=asked)
    assert told.headers["content-type"].startswith("text/event-stream")
    assert told.text.endswith('"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')


def test_a_limit_of_tokens_cuts_the_answer_and_says_so(one_stand: Running) -> None:
    with one_stand.client() as client:
        told = client.chat.completions.create(model="m", messages=MESSAGES, max_completion_tokens=2)
        chunks = list(client.chat.completions.create(model="m", messages=MESSAGES, max_tokens=2, stream=True))
    assert (told.choices[0].message.content, told.choices[0].finish_reason) == ("Shipping to", "length")
    assert chunks[-1].choices[0].finish_reason == "length"


def test_a_json_object_is_told_where_it_is_asked_for(one_stand: Running) -> None:
    with one_stand.client() as client:
        told = client.chat.completions.create(model="m", messages=MESSAGES, response_format={"type": "json_object"})
    assert json.loads(told.choices[0].message.content or "") == {"answer": FACT}


def test_the_models_are_listed(one_stand: Running) -> None:
    with one_stand.client() as client:
        assert "gpt-4o-mini" in [model.id for model in client.models.list()]
        assert client.models.retrieve("any").id == "any"


GOOD = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        (b"", None, None),
        (b"{", None, None),
        (b"[]", None, None),
        (b"\xff\xfe", None, None),
        (b"[" * 100_000, None, None),
        ({"messages": []}, None, None),
        ({"model": "m"}, "messages", "missing_required_parameter"),
        ({"model": "m", "messages": "hi"}, "messages", "invalid_type"),
        ({"model": "m", "messages": []}, "messages", "empty_array"),
        ({"model": "m", "messages": ["hi"]}, "messages[0]", "invalid_type"),
        ({"model": "m", "messages": [{"role": "boss", "content": "hi"}]}, "messages[0].role", "invalid_value"),
        ({"model": "m", "messages": [{"role": "user", "content": 3}]}, "messages[0].content", None),
        ({**GOOD, "stream": "yes"}, "stream", "invalid_type"),
        ({**GOOD, "max_tokens": "5"}, "max_tokens", "invalid_type"),
        ({**GOOD, "max_tokens": 0}, "max_tokens", "integer_below_min_value"),
        ({**GOOD, "stream_options": {"include_usage": True}}, "stream_options", None),
        ({**GOOD, "response_format": {"type": "json_schema", "json_schema": {}}}, "response_format", None),
    ],
)
def test_a_malformed_call_gets_the_apis_own_error(
    one_stand: Running, body: bytes | dict[str, Any], param: str | None, code: str | None
) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = httpx.post(f"{one_stand.url()}/v1/chat/completions", content=raw)
    error = told.json()["error"]
    assert told.status_code == 400
    assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", param, code)
    assert error["message"]


def test_an_unknown_path_names_what_is_known(one_stand: Running) -> None:
    with one_stand.client() as client, pytest.raises(openai.NotFoundError, match="POST /v1/chat/completions"):
        client.embeddings.create(model="m", input="x")


def test_a_wrong_method_is_refused(one_stand: Running) -> None:
    assert httpx.get(f"{one_stand.url()}/v1/chat/completions").status_code == 405


def test_the_first_token_and_the_pace_are_the_scenarios(start_stand: Start) -> None:
    """A busy machine may bring them late; none comes before its time, and the first does not wait for the last."""
    told = {"simulate": "openai", "ttft": "300ms", "tokens_per_second": 5}
    stand = start_stand(upstreams=one(Simulate.model_validate(told)))
    moments: list[float] = []
    with stand.client() as client:
        client.models.list()  # the connection is up
        began = time.monotonic()
        stream = client.chat.completions.create(model="m", messages=MESSAGES, stream=True)
        moments.extend(time.monotonic() - began for chunk in stream if chunk.choices[0].delta.content)
        plain = time.monotonic()
        client.chat.completions.create(model="m", messages=MESSAGES)
        plain = time.monotonic() - plain
    due = [0.3 + place / 5 for place in range(len(moments))]
    assert len(moments) > 4
    assert all(moment > at - 0.02 for moment, at in zip(moments, due, strict=True))
    assert moments[-1] - moments[0] > 0.5 * (due[-1] - due[0])
    assert moments[-1] < due[-1] + 3.0
    assert due[-1] - 0.02 < plain < due[-1] + 3.0


def test_the_draws_are_the_seeds(start_stand: Start) -> None:
    """How slow an attempt is depends on the seed, the upstream and its ordinal alone.

    A busy machine may end some of them late, none early; with other draws about half of them would be early.
    """
    told = Simulate.model_validate({"simulate": "openai", "ttft": {"median": "20ms", "p99": "200ms"}})
    stand = start_stand(upstreams=one(told), seed=4)
    with stand.client() as client:
        for _ in range(6):
            client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])
    took = [(row["ended"] - row["arrived"]) / 1e6 for row in stand.attempts(6)]
    tokens = 3  # You asked: hi
    want = [told.ttft.at(draw(4, "ttft", "llm", number)) + (tokens - 1) / 60 for number in range(1, 7)]
    late = sorted(seen - wanted for wanted, seen in zip(want, took, strict=True))
    assert late[0] >= 0
    assert late[2] < 0.05


def test_attempts_are_joined_by_the_header(one_stand: Running) -> None:
    with one_stand.client(default_headers={"X-Request-ID": "run-7"}) as client:
        client.chat.completions.create(model="m", messages=MESSAGES)
    (row,) = one_stand.attempts(1, join="run-7")
    assert (row["method"], row["path"], row["status"], row["how"]) == (
        "POST",
        "/v1/chat/completions",
        200,
        "complete",
    )
    assert row["ended"] > row["arrived"]
