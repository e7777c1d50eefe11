"""`http_error`: the upstream answers at once with an error status, in the envelope that its clients expect."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, assert_never

from pydantic import Field

from pocchaos.faults.base import Attributes, StandFault
from pocchaos.model.reply import AttemptFacts, Chunk, Reply, script
from pocchaos.model.units import Duration


class HttpErrorAttributes(Attributes):
    """The status, and how the error is worded."""

    status: Annotated[int, Field(ge=400, le=599)] = 503
    code: str | None = None
    retry_after: Duration | None = None
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

    def shape(self, reply: Reply, attempt: AttemptFacts) -> Reply:
        """A whole error reply in place of the real one."""
        del reply, attempt
        body = _body(self.attributes)
        headers = [
            (
                "content-type",
                "application/problem+json" if self.attributes.envelope == "problem" else "application/json",
            )
        ]
        if self.attributes.retry_after is not None:
            headers.append(("retry-after", str(max(1, round(self.attributes.retry_after)))))
        return Reply(
            status=self.attributes.status,
            headers=tuple(headers),
            chunks=script([Chunk(data=body)]),
            length=len(body),
        )


def _body(error: HttpErrorAttributes) -> bytes:
    message = f"The server answered {error.status} on purpose."
    kind = "rate_limit_exceeded" if error.status == 429 else "server_error"
    content: Mapping[str, Any]
    match error.envelope:
        case "openai":
            content = {"error": {"message": message, "type": kind, "param": None, "code": error.code}}
        case "anthropic":
            name = error.code or ("rate_limit_error" if error.status == 429 else "api_error")
            content = {"type": "error", "error": {"type": name, "message": message}, "request_id": "req_pocchaos"}
        case "problem":
            content = {"type": "about:blank", "title": message, "status": error.status}
        case "none":
            return b""
        case _:
            assert_never(error.envelope)
    return json.dumps(content).encode()
