"""A client for HTTP/1.1 that changes nothing: raw bytes out, raw bytes in, connections kept for the next call.

httpx would do the same at a fifth of the speed with 32 calls in flight, and less with more: httpcore's pool looks at
every pair of its connections at every call.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import Any, Final

import httptools

from pocchaos.model.reply import Cut, End
from pocchaos.model.units import Seconds
from pocchaos.stand.incoming import Body
from pocchaos.stand.origins.base import OriginUnreachableError
from pocchaos.stand.writer import OriginBrokeError

CONNECT_WITHIN: Final = Seconds(10.0)
KEEP_IDLE: Final = Seconds(1.5)  # below the 2 s after which gunicorn, the shortest we know, closes an idle connection
IDLE_AT_MOST: Final = 256
HIGH_WATER: Final = 256 * 1024  # bytes of a reply that are held before the origin is paused


class Pool:
    """Connections to one origin; the one used last is used next."""

    def __init__(self, host: str, port: int, *, tls: ssl.SSLContext | None) -> None:
        self._host, self._port, self._tls = host, port, tls
        self._idle: list[FarSide] = []
        self._open: set[FarSide] = set()

    async def call(self, head: bytes, body: Body | None, *, chunked: bool, head_only: bool) -> "FarSide":
        """Send a request and wait for the head of its reply; raises OriginUnreachableError.

        Whoever gets the reply calls `done()` in the end, wherever that may be.
        """
        far = self._idle.pop() if self._idle else await self._connected()
        try:
            await far.ask(head, body, chunked=chunked, head_only=head_only)
        except BaseException:
            far.abort()
            raise
        return far

    async def close(self) -> None:
        """Close every connection."""
        for far in list(self._open):
            far.abort()

    def opened(self, far: "FarSide") -> None:
        """A connection is up."""
        self._open.add(far)

    def closed(self, far: "FarSide") -> None:
        """It is gone."""
        self._open.discard(far)
        if far in self._idle:
            self._idle.remove(far)

    def rest(self, far: "FarSide") -> None:
        """It may serve another call."""
        if len(self._idle) >= IDLE_AT_MOST:
            far.abort()
        else:
            self._idle.append(far)

    async def _connected(self) -> "FarSide":
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                _, far = await loop.create_connection(
                    lambda: FarSide(self), self._host, self._port, ssl=self._tls, server_hostname=None
                )
        except TimeoutError as error:
            raise OriginUnreachableError(f"no connection within {CONNECT_WITHIN:g} s") from error
        except OSError as error:
            raise OriginUnreachableError(str(error)) from error
        return far


class FarSide(asyncio.Protocol):
    """One connection to the origin, and the reply that comes on it."""

    # ruff: noqa: D102 - the callbacks of asyncio.Protocol and of httptools mean what those say

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._loop = asyncio.get_running_loop()
        self._resting: asyncio.TimerHandle | None = None
        self._upload: asyncio.Task[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._lost = False
        self._begin(head_only=False)

    def _begin(self, *, head_only: bool) -> None:
        self._parser: Any = httptools.HttpResponseParser(self)
        self._head: asyncio.Future[None] = self._loop.create_future()
        self._news: asyncio.Future[None] | None = None
        self._parts: list[bytes] = []
        self._held = 0
        self._head_only = head_only
        self._until_close = self._reusable = False
        self._broken: Cut | End | None = None
        self._upload = None
        self._sent = False
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.length: int | None = None
        self.complete = False

    # ---- one call

    async def ask(self, head: bytes, body: Body | None, *, chunked: bool, head_only: bool) -> None:
        """Send; return when the reply's head is in."""
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None
        self._begin(head_only=head_only)
        self._transport.write(head)
        self._sent = body is None
        if body is not None:
            self._upload = self._loop.create_task(self._send(body, chunked=chunked))
            self._upload.add_done_callback(self._uploaded)
        await self._head

    async def parts(self) -> AsyncIterator[bytes]:
        """The reply's body as it arrives; raises OriginBrokeError."""
        while True:
            if self._parts:
                data = b"".join(self._parts)
                self._parts.clear()
                self._held = 0
                self._transport.resume_reading()
                yield data
            elif self.complete:
                return
            elif self._broken is not None:
                raise OriginBrokeError(self._broken)
            else:
                self._news = self._loop.create_future()
                await self._news

    async def done(self) -> None:
        """The call is over, read to its end or not: keep the connection if it is clean."""
        if self.complete and self._reusable and self._sent and not self._lost:
            self._resting = self._loop.call_later(KEEP_IDLE, self.abort)
            self._pool.rest(self)
        else:
            self.abort()

    def abort(self) -> None:
        """Drop the connection."""
        if self._upload is not None:
            self._upload.cancel()
        self._pool.closed(self)
        self._transport.abort()

    # ---- the transport's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._pool.opened(self)

    def data_received(self, data: bytes) -> None:
        if self.complete:  # nobody asked for this
            self.abort()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._break(End(), "it switched protocols")
        except httptools.HttpParserError as error:
            self._break(End(), f"its reply is not HTTP: {error}")

    def eof_received(self) -> bool:
        if self._until_close and self._head.done() and not self.complete:
            self._reusable = False
            self.on_message_complete()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self.resume_writing()
        if self._until_close and exc is None and not self.complete:
            self.on_message_complete()
        self._break(Cut() if isinstance(exc, ConnectionResetError) else End(), "it closed the connection")
        self._pool.closed(self)

    def pause_writing(self) -> None:
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    # ---- the parser's side

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._head.done():
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        if self.status < 200:
            return
        named = {name.lower(): value.strip() for name, value in self.headers}
        length = named.get(b"content-length", b"")
        chunked = b"transfer-encoding" in named
        self.length = int(length) if length.isdigit() and not chunked else None
        self._until_close = self.length is None and not chunked
        self._reusable = self._parser.should_keep_alive() and not self._until_close
        if self.status in {204, 304} or self._head_only:
            self._until_close, self._reusable = False, self._parser.should_keep_alive()
            self.complete = True
        if not self._head.done():
            self._head.set_result(None)

    def on_body(self, data: bytes) -> None:
        self._parts.append(data)
        self._held += len(data)
        if self._held > HIGH_WATER:
            self._transport.pause_reading()
        self._tell()

    def on_message_complete(self) -> None:
        if self.status < 200:  # interim: the reply is still to come
            self.headers.clear()
            return
        self.complete = True
        self._tell()

    # ---- what serves them

    async def _send(self, body: Body, *, chunked: bool) -> None:
        async for part in body.parts():
            if self._lost:
                return
            self._transport.write(b"%x\r\n%b\r\n" % (len(part), part) if chunked else part)
            if self._writable is not None:
                await self._writable
        if chunked and not self._lost:
            self._transport.write(b"0\r\n\r\n")
        self._sent = True

    def _uploaded(self, upload: asyncio.Task[None]) -> None:
        if not upload.cancelled() and (error := upload.exception()) is not None and not self._head.done():
            self._head.set_exception(error)

    def _break(self, event: Cut | End, why: str) -> None:
        if self.complete:
            return
        self._broken = self._broken or event
        if not self._head.done():
            self._head.set_exception(OriginUnreachableError(why))
            self._head.exception()  # whoever waited may have gone
        self._tell()

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)
