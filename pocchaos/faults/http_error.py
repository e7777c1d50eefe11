"""`http_error`: the upstream answers at once with an error status, in the envelope that its clients expect."""

import json
from collections.abc import Mapping
from email.utils import formatdate
from http.client import responses
from math import ceil
from typing import Annotated, Any, Final, Literal, assert_never

from pydantic import Field

from pocchaos.faults.base import Attributes, StandFault
from pocchaos.model.reply import AttemptFacts, Chunk, Reply, script
from pocchaos.model.units import Duration


class HttpErrorAttributes(Attributes):
    """The status, how the error is worded, and how long the caller is told to wait.

    `code` is the provider's own word (openai's `code`, anthropic's error `type`); absent, the one that goes with
    the status. `retry_after_as`: `retry-after` in whole seconds or as a date (both rounded up, so that the header
    never asks for less than was set), or `retry-after-ms`.
    """

    status: Annotated[int, Field(ge=400, le=599)] = 503
    code: str | None = None
    retry_after: Duration | None = None
    retry_after_as: Literal["seconds", "date", "ms"] = "seconds"
    envelope: Literal["openai", "anthropic", "problem", "none"] = "openai"


class HttpError(StandFault):
    """The upstream is away but says so: status, error envelope, and Retry-After where asked for.

    The openai client raises APIStatusError and retries 408, 409, 429 and 5xx twice by default.
    """

    type: Literal["http_error"] = "http_error"
    attributes: HttpErrorAttributes = HttpErrorAttributes()

    @property
    def kind(self) -> str:
        """`http_error`."""
        return self.type

    @property
    def blocks_origin(self) -> bool:
        """Nothing of the real reply is used."""
        return True

    def shape(self, reply: Reply, attempt: AttemptFacts) -> Reply:
        """A whole error reply in place of the real one."""
        del reply
        request_id = f"req_{int(attempt.draw * 2**52):013x}{attempt.ordinal:05x}"
        body = _body(self.attributes, request_id)
        return Reply(
            status=self.attributes.status,
            headers=(*_named(self.attributes, request_id), *_wait(self.attributes, attempt.wall)),
            chunks=script([Chunk(data=body)]),
            length=len(body),
        )


OPENAI: Final[Mapping[int, tuple[str, str | None]]] = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("invalid_request_error", "unsupported_country_region_territory"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
    500: ("server_error", None),
    503: ("service_unavailable_error", None),
}
"""`type` and `code` by status; other 4xx are invalid_request_error, other 5xx server_error."""

OPENAI_CODES: Final[Mapping[str, tuple[str | None, str | None]]] = {
    "rate_limit_exceeded": ("requests", None),
    "insufficient_quota": ("insufficient_quota", None),
    "context_length_exceeded": ("invalid_request_error", "messages"),
    "content_filter": (None, "prompt"),
    "invalid_api_key": ("invalid_request_error", None),
}
"""`type` and `param` that go with a code, whatever the status."""

ANTHROPIC: Final[Mapping[int, str]] = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
"""Error type by status; other 4xx are invalid_request_error, other 5xx api_error."""

_MESSAGES: Final[Mapping[str, str]] = {
    "rate_limit_exceeded": "Rate limit reached for requests. Limit 500, Used 500, Requested 1. Please try again in {}.",
    "insufficient_quota": "You exceeded your current quota, please check your plan and billing details.",
    "context_length_exceeded": "This model's maximum context length is 128000 tokens. Please reduce the length of "
    "the messages.",
    "content_filter": "The response was filtered due to the prompt triggering the content management policy.",
    "invalid_api_key": "Incorrect API key provided.",
    "model_not_found": "The model does not exist or you do not have access to it.",
    "overloaded_error": "Overloaded",
    "rate_limit_error": "This request would exceed your organization's rate limit. Please try again later.",
    "billing_error": "Your credit balance is too low to access the API.",
    "authentication_error": "invalid x-api-key",
}


def _body(error: HttpErrorAttributes, request_id: str) -> bytes:
    content: Mapping[str, Any]
    match error.envelope:
        case "openai":
            content = {"error": _openai(error)}
        case "anthropic":
            kind = error.code or ANTHROPIC.get(error.status, _fallback(error.status, "api_error"))
            content = {
                "type": "error",
                "error": {"type": kind, "message": _message(error, kind)},
                "request_id": request_id,
            }
        case "problem":
            content = {"type": "about:blank", "title": _phrase(error.status), "status": error.status}
            if error.code:
                content = {**content, "code": error.code}
        case "none":
            return b""
        case _:
            assert_never(error.envelope)
    return json.dumps(content).encode()


def _openai(error: HttpErrorAttributes) -> Mapping[str, Any]:
    kind: str | None
    kind, usual = OPENAI.get(error.status, (_fallback(error.status, "server_error"), None))
    code, param = error.code or usual, None
    if code is not None and code in OPENAI_CODES:
        kind, param = OPENAI_CODES[code]
    worded: dict[str, Any] = {"message": _message(error, code), "type": kind, "param": param, "code": code}
    if code == "content_filter":
        worded |= {"status": error.status, "innererror": {"code": "ResponsibleAIPolicyViolation"}}
    return worded


def _message(error: HttpErrorAttributes, code: str | None) -> str:
    wait = f"{round((error.retry_after or 1.0) * 1000)}ms"
    return _MESSAGES.get(code or "", f"{_phrase(error.status)}.").format(wait)


def _phrase(status: int) -> str:
    return responses.get(status, "The server is overloaded or not ready yet")


def _fallback(status: int, server: str) -> str:
    return server if status >= 500 else "invalid_request_error"


def _named(error: HttpErrorAttributes, request_id: str) -> tuple[tuple[str, str], ...]:
    match error.envelope:
        case "openai":
            return (("content-type", "application/json"), ("x-request-id", request_id))
        case "anthropic":
            return (("content-type", "application/json"), ("request-id", request_id))
        case "problem":
            return (("content-type", "application/problem+json"),)
        case "none":
            return ()
        case _:
            assert_never(error.envelope)


def _wait(error: HttpErrorAttributes, wall: float) -> tuple[tuple[str, str], ...]:
    if error.retry_after is None:
        return ()
    match error.retry_after_as:
        case "seconds":
            return (("retry-after", str(ceil(error.retry_after))),)
        case "date":
            return (("retry-after", formatdate(ceil(wall + error.retry_after), usegmt=True)),)
        case "ms":
            return (("retry-after-ms", str(ceil(error.retry_after * 1000))),)
        case _:
            assert_never(error.retry_after_as)
