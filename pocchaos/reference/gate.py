"""What stands before the routes: the request's id, and the limit on questions at once."""

import re
import uuid

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pocchaos.reference.problems import Problem

_SANE_ID = re.compile(r"[\x21-\x7e]{1,128}")


class RequestIds:
    """Every request has an id: the caller's `x-request-id`, else a new one; the response carries it back."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app with `request.state.id` set."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        name = given if _SANE_ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["id"] = name

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["x-request-id"] = name
            await send(message)

        await self._app(scope, receive, send_with_id)


class Capacity:
    """At most so many questions at once; the rest hear 503 at once instead of waiting in a queue that grows.

    It holds its place for the whole response, so a stream counts until its last byte.
    """

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app, or turn the request away."""
        if self._inside >= self._most:
            full = Problem(503, "busy", "Too many questions at once; please ask again.", headers={"retry-after": "1"})
            await full.response()(scope, receive, send)
            return
        self._inside += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._inside -= 1
