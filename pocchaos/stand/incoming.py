"""A request as it comes in: its head at once, its body as it arrives, bounded by pausing the caller."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final

BODY_HIGH_WATER: Final = 256 * 1024  # bytes that are held before the caller is paused
WHOLE_BODY_AT_MOST: Final = 16 * 1024 * 1024  # a body that has to be read whole


class BodyTooLargeError(Exception):
    """The body has to be read whole and is over the bound."""


class BodyBrokenError(Exception):
    """The caller's body is no valid HTTP (bad chunking)."""


class Body:
    """The bytes of one request, fed by the parser, read once."""

    def __init__(self, *, wanted: Callable[[], None], pause: Callable[[], None], resume: Callable[[], None]) -> None:
        self._wanted, self._pause, self._resume = wanted, pause, resume
        self._parts: list[bytes] = []
        self._held = 0
        self._news: asyncio.Future[None] | None = None
        self._asked = False
        self._dropping = False
        self._broken = False
        self._paused = False
        self.complete = False
        self.received = 0  # bytes so far

    def feed(self, data: bytes) -> None:
        """More bytes from the parser."""
        self.received += len(data)
        if self._dropping:
            return
        self._parts.append(data)
        self._held += len(data)
        if self._held > BODY_HIGH_WATER and not self._paused:
            self._paused = True
            self._pause()
        self._tell()

    def finish(self) -> None:
        """The last byte is in."""
        self.complete = True
        self._tell()

    def fail(self) -> None:
        """What follows is no HTTP."""
        self._broken = self.complete = True
        self._tell()

    def drop(self) -> None:
        """Nobody will read it: whatever still comes is thrown away, so that a hang-up is seen at once."""
        self._dropping = True
        self._taken()

    async def parts(self) -> AsyncIterator[bytes]:
        """The body as it arrives; raises BodyBrokenError."""
        if not self._asked:
            self._asked = True
            if not self.complete:
                self._wanted()
        while True:
            if self._broken:
                raise BodyBrokenError
            if self._parts:
                yield self._taken()
            elif self.complete:
                return
            else:
                self._news = asyncio.get_running_loop().create_future()
                await self._news

    async def whole(self) -> bytes:
        """All of it; raises BodyTooLargeError above the bound."""
        gathered: list[bytes] = []
        size = 0
        async for part in self.parts():
            size += len(part)
            if size > WHOLE_BODY_AT_MOST:
                raise BodyTooLargeError
            gathered.append(part)
        return b"".join(gathered)

    def _taken(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        self._held = 0
        if self._paused:
            self._paused = False
            self._resume()
        return data

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Incoming:
    """The head of a request, and its body to come."""

    method: str
    target: str  # as the caller wrote it, in origin form: path and query
    version: str  # 1.0 or 1.1
    headers: tuple[tuple[bytes, bytes], ...]  # as they came
    body: Body
    keep_alive: bool
    has_body: bool  # a Content-Length above 0, or chunked
    chunked: bool
    refused: tuple[int, str] | None = None  # we do not serve this: status and reason

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def size(self) -> int:
        """Bytes of the head as it came, up to the empty line; spacing as usual."""
        line = len(self.method) + len(self.target) + len(" HTTP/1.1\r\n") + 1
        return line + sum(len(name) + len(value) + 4 for name, value in self.headers) + 2

    def header(self, name: bytes) -> str | None:
        """The first value of a header (lower-case name)."""
        for key, value in self.headers:
            if key.lower() == name:
                return value.decode("latin-1")
        return None
