"""One connection of a caller: bytes in, parsed by httptools, one exchange after the other, hang-ups seen at once."""

# ruff: noqa: D102 - the callbacks of asyncio.Protocol and of httptools mean what those say

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol

import httptools
import structlog

from pocchaos.stand.clock import now_us
from pocchaos.stand.incoming import Body, Incoming
from pocchaos.stand.replies import problem
from pocchaos.stand.writer import Framing, ReplyWriter

HEAD_AT_MOST: Final = 64 * 1024  # bytes of request line and headers
WAITING_AT_MOST: Final = 16  # pipelined requests, before the caller is paused

log = structlog.get_logger("stand")


class Exchange(Protocol):
    """One attempt while it lasts (`pocchaos.stand.attempt`)."""

    async def run(self, writer: ReplyWriter) -> None:
        """Reply, and log it."""

    def gone(self, at: int | None) -> None:
        """The caller hung up at that moment; None: we stop. The attempt is logged."""


class Connection(asyncio.Protocol):
    """The parser's callbacks and the transport's; `arrived` makes an exchange of each request."""

    def __init__(
        self, upstream: str, arrived: Callable[[Incoming], Exchange], closed: Callable[["Connection"], None]
    ) -> None:
        self._upstream, self._arrived, self._closed = upstream, arrived, closed
        self._parser: Any = httptools.HttpRequestParser(self)
        self._waiting: deque[Exchange] = deque()
        self._current: Exchange | None = None
        self._task: asyncio.Task[None] | None = None
        self._ended = False  # nothing more is read from this caller
        self._body: Body | None = None
        self._again = b""  # the head of a request whose offer of h2c is passed over, to be read once more without it
        self._begin()

    # ---- the transport's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._writer = ReplyWriter(transport)

    def data_received(self, data: bytes) -> None:
        while data and not (self._ended or self._writer.closing):
            data = self._feed(data)
        if self._body is None and not self._ended and self._head_size > HEAD_AT_MOST:
            self._refuse(431, "the request's head is over 64 KiB")

    def eof_received(self) -> bool:
        """A caller that closes its side has hung up: no client waits for an answer that way."""
        self._hung_up(now_us())
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._hung_up(now_us())
        self._closed(self)

    def pause_writing(self) -> None:
        self._writer.pause()

    def resume_writing(self) -> None:
        self._writer.resume()

    def stop(self) -> None:
        """The run ends: open attempts are logged as open, the connection is closed."""
        self._hung_up(None)
        self._transport.abort()

    # ---- the parser's side

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._body is None:  # afterwards it is a trailer, which nobody here needs
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._parser.should_upgrade() and _offers_h2c(self._headers):
            self._again = _without_offer(self._parser, self._url, self._headers)
            return
        body = self._body = Body(
            wanted=self._wanted, pause=self._transport.pause_reading, resume=self._transport.resume_reading
        )
        incoming = _incoming(self._parser, self._url, tuple(self._headers), body)
        self._expects = (incoming.header(b"expect") or "").lower() == "100-continue"
        self._waiting.append(self._arrived(incoming))
        if incoming.refused is not None:
            self._ended = True
            body.drop()
        if len(self._waiting) >= WAITING_AT_MOST:
            self._transport.pause_reading()
        if self._task is None:
            self._start(self._attend())

    def on_body(self, data: bytes) -> None:
        if self._body is not None:
            self._body.feed(data)

    def on_message_complete(self) -> None:
        if self._body is not None:
            self._body.finish()
        self._begin()

    # ---- what serves them

    def _begin(self) -> None:
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body = None
        self._head_size = 0
        self._expects = False

    def _feed(self, data: bytes) -> bytes:
        """Parse; what is left is returned: the parser stops at an `Upgrade` and skips that request's body."""
        self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            again, self._again = self._again, b""
            self._parser = httptools.HttpRequestParser(self)
            return again + data[upgrade.args[0] :]
        except (httptools.HttpParserError, httptools.HttpParserCallbackError) as error:
            if isinstance(error.__context__, Exception) and isinstance(error, httptools.HttpParserCallbackError):
                raise error.__context__ from None  # a mistake of ours, not the caller's
            self._unparsable(data, error)
        return b""

    def _unparsable(self, data: bytes, error: Exception) -> None:
        tls = data[:1] == b"\x16"
        log.warning("not HTTP", upstream=self._upstream, why="a TLS handshake: use http://" if tls else str(error))
        if self._body is not None and not self._body.complete:
            self._ended = True
            self._body.fail()
        else:
            self._refuse(400, f"this is not valid HTTP: {error}")

    def _refuse(self, status: int, why: str) -> None:
        """Answer what never became a request, after whatever is still being answered."""
        self._ended = True
        if self._task is None:
            self._start(self._say(status, why))
        else:
            self._waiting.append(_Refusal(self._say, status, why))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._task = asyncio.get_running_loop().create_task(work)
        self._task.add_done_callback(_report)

    async def _say(self, status: int, why: str) -> None:
        await self._writer.send(problem(status, why), Framing(), held=_nothing)

    def _wanted(self) -> None:
        if self._expects:
            self._writer.interim()

    async def _attend(self) -> None:
        while self._waiting and not self._writer.closing:
            if len(self._waiting) == WAITING_AT_MOST:
                self._transport.resume_reading()
            self._current = self._waiting.popleft()
            await self._current.run(self._writer)
            self._current = None
        self._task = None

    def _hung_up(self, at: int | None) -> None:
        self._ended = True
        for exchange in ([self._current] if self._current else []) + list(self._waiting):
            exchange.gone(at)
        self._current = None
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()
            self._task = None


def _report(task: asyncio.Task[None]) -> None:
    """A mistake of ours must not pass as silence of the upstream: the loop's exception hook ends the stand."""
    if not task.cancelled() and (error := task.exception()) is not None:
        task.get_loop().call_exception_handler({"message": "an attempt failed", "exception": error})


async def _nothing() -> None:
    return


class _Refusal:
    """An answer to bytes that were no request: no attempt, so nothing is logged."""

    def __init__(self, say: Callable[[int, str], Any], status: int, why: str) -> None:
        self._say, self._status, self._why = say, status, why

    async def run(self, writer: ReplyWriter) -> None:
        del writer
        await self._say(self._status, self._why)

    def gone(self, at: int | None) -> None:
        del at


def _incoming(parser: Any, url: bytes, headers: tuple[tuple[bytes, bytes], ...], body: Body) -> Incoming:
    method = parser.get_method().decode("latin-1")
    named = [(name.lower(), value.lower()) for name, value in headers]
    codings = [value.strip() for name, value in named if name == b"transfer-encoding"]
    lengths = [value for name, value in named if name == b"content-length"]
    return Incoming(
        method=method,
        target=_origin_form(url),
        version=parser.get_http_version(),
        headers=headers,
        body=body,
        keep_alive=parser.should_keep_alive(),
        has_body=bool(codings) or any(value.strip(b" 0") for value in lengths),
        chunked=bool(codings),
        refused=_refused(method, dict(named), codings),
    )


def _refused(method: str, named: dict[bytes, bytes], codings: list[bytes]) -> tuple[int, str] | None:
    if method == "CONNECT":
        return 501, "CONNECT is not served: the stand is no proxy; point the base URL at it"
    upgrade = named.get(b"upgrade")
    if upgrade is not None and b"upgrade" in named.get(b"connection", b""):
        return 501, f"Upgrade: {upgrade.decode('latin-1')} is not served: plain HTTP alone is"
    if codings and codings != [b"chunked"]:
        return 501, "a Transfer-Encoding other than chunked is not served"
    expect = named.get(b"expect")
    if expect is not None and expect != b"100-continue":
        return 417, f"Expect: {expect.decode('latin-1')} is not served"
    return None


def _offers_h2c(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether the `Upgrade` is an offer of HTTP/2, as Java's client makes it: one that may be passed over."""
    return any(name.lower() == b"upgrade" and value.strip().lower() == b"h2c" for name, value in headers)


def _without_offer(parser: Any, url: bytes, headers: list[tuple[bytes, bytes]]) -> bytes:
    offer = {b"upgrade", b"http2-settings", b"connection"}
    kept = [b"%b: %b\r\n" % (name, value) for name, value in headers if name.lower() not in offer]
    line = b"%b %b HTTP/%b\r\n" % (parser.get_method(), url, parser.get_http_version().encode())
    return line + b"".join(kept) + b"\r\n"


def _origin_form(url: bytes) -> str:
    """Path and query as they were written; an absolute URL loses its scheme and host."""
    target = url.decode("latin-1")
    if target.startswith("/") or target == "*":
        return target
    _, found, rest = target.partition("://")
    slash = rest.find("/")
    return "/" if not found or slash < 0 else rest[slash:]
