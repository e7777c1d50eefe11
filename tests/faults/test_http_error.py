"""`http_error`: the error that a provider's clients know, and what the real openai client makes of it."""

import asyncio
import json
from email.utils import parsedate_to_datetime
from typing import Any

import openai
import pytest
from pydantic import ValidationError

from pocchaos.faults.http_error import HttpError
from pocchaos.model.reply import AttemptFacts, Chunk, Reply, script
from pocchaos.model.units import Seconds
from tests.stand.running import MESSAGES, Running

FACTS = AttemptFacts(ordinal=1, elapsed=Seconds(0), progress=0, draw=0.25, wall=Seconds(1_700_000_000.4))


def shaped(**attributes: Any) -> tuple[Reply, Any]:
    """The reply under the fault, and its body as JSON."""
    real = Reply(status=200, chunks=script([Chunk(data=b"never seen")]))
    reply = HttpError.model_validate({"upstream": "llm", "attributes": attributes}).shape(real, FACTS)

    async def read() -> bytes:
        return b"".join([event.data async for event in reply.chunks if isinstance(event, Chunk)])

    body = asyncio.run(read())
    assert reply.length == len(body)
    return reply, json.loads(body) if body else None


@pytest.mark.parametrize(
    ("status", "code", "kind", "told", "param"),
    [
        (400, None, "invalid_request_error", None, None),
        (401, None, "invalid_request_error", "invalid_api_key", None),
        (404, None, "invalid_request_error", "model_not_found", None),
        (409, None, "invalid_request_error", None, None),
        (429, None, "requests", "rate_limit_exceeded", None),
        (429, "insufficient_quota", "insufficient_quota", "insufficient_quota", None),
        (400, "context_length_exceeded", "invalid_request_error", "context_length_exceeded", "messages"),
        (400, "content_filter", None, "content_filter", "prompt"),
        (500, None, "server_error", None, None),
        (502, None, "server_error", None, None),
        (503, None, "service_unavailable_error", None, None),
        (503, "our_own", "service_unavailable_error", "our_own", None),
    ],
)
def test_the_openai_envelope_has_the_type_and_code_of_the_status(
    status: int, code: str | None, kind: str | None, told: str | None, param: str | None
) -> None:
    reply, body = shaped(status=status, code=code)
    error = body["error"]
    assert reply.status == status
    assert (error["type"], error["code"], error["param"]) == (kind, told, param)
    assert error["message"]
    assert dict(reply.headers)["x-request-id"].startswith("req_")


def test_a_filtered_prompt_names_the_inner_error() -> None:
    assert shaped(status=400, code="content_filter")[1]["error"]["innererror"]["code"] == "ResponsibleAIPolicyViolation"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (402, "billing_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (413, "request_too_large"),
        (418, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (503, "api_error"),
        (504, "timeout_error"),
        (529, "overloaded_error"),
    ],
)
def test_the_anthropic_envelope_has_the_type_of_the_status(status: int, kind: str) -> None:
    reply, body = shaped(status=status, envelope="anthropic")
    assert body["type"] == "error"
    assert body["error"]["type"] == kind
    assert body["request_id"] == dict(reply.headers)["request-id"]


def test_problem_details_have_their_media_type() -> None:
    reply, body = shaped(status=503, envelope="problem", code="busy")
    assert dict(reply.headers)["content-type"] == "application/problem+json"
    assert body == {"type": "about:blank", "title": "Service Unavailable", "status": 503, "code": "busy"}


def test_no_envelope_is_an_empty_body() -> None:
    reply, body = shaped(status=503, envelope="none")
    assert (body, reply.headers, reply.length) == (None, (), 0)


@pytest.mark.parametrize(
    ("told", "header", "value"),
    [
        ({"retry_after": "3s"}, "retry-after", "3"),
        ({"retry_after": "2500ms"}, "retry-after", "3"),  # never less than was asked for
        ({"retry_after": "644ms", "retry_after_as": "ms"}, "retry-after-ms", "644"),
    ],
)
def test_the_wait_is_told_in_the_asked_form(told: dict[str, str], header: str, value: str) -> None:
    reply, _ = shaped(status=429, **told)
    waits = {name: text for name, text in reply.headers if name.startswith("retry-after")}
    assert waits == {header: value}


def test_a_wait_told_as_a_date_is_counted_from_the_attempts_arrival() -> None:
    reply, _ = shaped(status=429, retry_after="5s", retry_after_as="date")
    assert parsedate_to_datetime(dict(reply.headers)["retry-after"]).timestamp() == 1_700_000_006


def test_without_a_wait_no_header_speaks_of_one() -> None:
    assert not [name for name, _ in shaped(status=429)[0].headers if name.startswith("retry-after")]


@pytest.mark.parametrize("status", [200, 399, 600])
def test_a_status_that_is_no_error_is_refused(status: int) -> None:
    with pytest.raises(ValidationError):
        HttpError.model_validate({"upstream": "llm", "attributes": {"status": status}})


@pytest.mark.parametrize(
    ("status", "raised", "attempts"),
    [
        (400, openai.BadRequestError, 1),
        (401, openai.AuthenticationError, 1),
        (403, openai.PermissionDeniedError, 1),
        (404, openai.NotFoundError, 1),
        (409, openai.ConflictError, 3),
        (422, openai.UnprocessableEntityError, 1),
        (429, openai.RateLimitError, 3),
        (500, openai.InternalServerError, 3),
        (503, openai.InternalServerError, 3),
        (529, openai.InternalServerError, 3),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_the_openai_client_raises_its_class_and_retries_as_often_as_the_stand_counts(
    one_stand: Running, status: int, raised: type[Exception], attempts: int, *, stream: bool
) -> None:
    """Two retries by default, told to come soon so that the test is quick."""
    window = f"errors@{status}-{stream}"
    fault = HttpError.model_validate(
        {"upstream": "llm", "attributes": {"status": status, "retry_after": "5ms", "retry_after_as": "ms"}}
    )
    one_stand.stand.put_on(window, fault, (0, 1_000_000))
    with one_stand.client() as client, pytest.raises(raised) as caught:
        client.chat.completions.create(model="m", messages=MESSAGES, stream=stream)
    one_stand.stand.take_off(window)
    assert getattr(caught.value, "status_code", None) == status
    rows = one_stand.attempts(attempts, faults=[window])
    assert [(row["status"], row["retry_after"]) for row in rows] == [(status, 0.005)] * attempts


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_the_openai_client_keeps_the_wait_that_it_is_told(stand: Running, form: str) -> None:
    fault = HttpError.model_validate(
        {"upstream": "llm", "first": 1, "attributes": {"status": 429, "retry_after": "1s", "retry_after_as": form}}
    )
    stand.stand.put_on("limit@1", fault, (0, 1_000_000))
    with stand.client() as client:
        client.chat.completions.create(model="m", messages=MESSAGES)
    first, second = stand.attempts(2)
    assert (second["arrived"] - first["arrived"]) / 1e6 >= first["retry_after"] - 0.05
    assert 0.9 <= first["retry_after"] <= 2.0
    assert (second["status"], second["faults"], second["eligible"]) == (200, [], [])
