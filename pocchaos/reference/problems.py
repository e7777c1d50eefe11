"""What the assistant says when it cannot do what it was asked: one JSON shape for every error."""

from collections.abc import Mapping

from starlette.responses import JSONResponse


class Problem(Exception):  # noqa: N818 - reads as what it is
    """An answer that is an error: HTTP status, a code for programs, a sentence for people."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def response(self) -> JSONResponse:
        """`{"error": {"code", "message"}}` with the status."""
        return JSONResponse(envelope(self.code, self.message), status_code=self.status, headers=self.headers)


def envelope(code: str, message: str) -> dict[str, dict[str, str]]:
    """The body of every error, also of an error event inside a stream."""
    return {"error": {"code": code, "message": message}}
