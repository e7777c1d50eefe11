"""Writes a reply script on a connection: framing, pace, and the ways in which a connection can end badly."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from enum import Enum
from fcntl import ioctl
from http.client import responses
from termios import TIOCOUTQ
from typing import Any, Final, assert_never

from pocchaos.model.reply import Chunk, Cut, End, Event, Hold, Reply
from pocchaos.model.units import Seconds

ACKNOWLEDGED_WITHIN: Final = Seconds(1.0)  # what was sent before a Cut should arrive before its RST
LINGER: Final = Seconds(1.0)
OWN_PACE: Final = Seconds(0.001)  # a source slower than this sets the pace itself
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 s
_BODILESS: Final = frozenset({204, 304})


class OriginBrokeError(Exception):
    """The origin's body broke off; `event` is how the caller is to see it."""

    def __init__(self, event: Cut | End) -> None:
        self.event = event
        super().__init__("the origin broke off in the middle of its reply")


class Ending(Enum):
    """How the writing of a reply ended."""

    WHOLE = "complete"
    SHORT = "short"
    RESET = "reset"
    ORIGIN = "origin_error"


@dataclass(frozen=True, kw_only=True, slots=True)
class Framing:
    """What the request asks of the reply's form."""

    keep_alive: bool = False
    head_only: bool = False
    http10: bool = False
    linger: bool = True  # on closing, let the caller go on sending for a moment


class ReplyWriter:
    """One connection's way out. Writes of one turn of the loop leave in one packet."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._out: list[bytes] = []
        self._flushing: asyncio.Handle | None = None
        self._writable: asyncio.Future[None] | None = None
        self.sent = 0  # bytes, over the connection's life
        self.closing = False

    async def send(self, reply: Reply, framing: "Framing", *, held: Callable[[], Awaitable[None]]) -> Ending:
        """Write the whole script. `held` is called when a silence begins, which only the caller's going ends."""
        if reply.held:
            await self._hold(held)
        if reply.delay > 0:
            await asyncio.sleep(reply.delay)
        bodiless = framing.head_only or reply.status in _BODILESS
        keep_alive = framing.keep_alive and not (framing.http10 and reply.length is None)
        chunked = reply.length is None and not bodiless and not framing.http10
        self._write(_head(reply, chunked=chunked, keep_alive=keep_alive, http10=framing.http10))
        ending = Ending.WHOLE if bodiless else await self._body(reply, chunked=chunked, held=held)
        self.flush()
        if ending is Ending.WHOLE and not keep_alive:
            self.close(linger=framing.linger)
        return ending

    def close(self, *, linger: bool) -> None:
        """FIN. With `linger` the caller may go on sending for a moment: closing on unread bytes would reset it."""
        self.flush()
        self.closing = True
        if linger and not self._transport.is_closing():
            self._transport.write_eof()
            self._loop.call_later(LINGER, self._transport.close)
        else:
            self._transport.close()

    def flush(self) -> None:
        """Hand everything to the transport."""
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        if self._out and not self._transport.is_closing():
            data = b"".join(self._out)
            self.sent += len(data)
            self._transport.write(data)
        self._out.clear()

    def interim(self) -> None:
        """`100 Continue`."""
        self._write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.flush()

    def pause(self) -> None:
        """The caller reads slowly."""
        self._writable = self._loop.create_future()

    def resume(self) -> None:
        """The caller has caught up, or has gone."""
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    async def _body(self, reply: Reply, *, chunked: bool, held: Callable[[], Awaitable[None]]) -> Ending:
        left = reply.length
        async for event in _paced(reply, self.flush):
            match event:
                case Chunk():
                    data = event.data if left is None else event.data[:left]
                    left = None if left is None else left - len(data)
                    if data:
                        self._write(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
                    if self._writable is not None:
                        await self._writable
                case Hold():
                    await self._hold(held)
                case End():
                    return self._end(Ending.SHORT)
                case Cut():
                    return await self._reset(Ending.RESET)
                case OriginBrokeError(event=Cut()):
                    return await self._reset(Ending.ORIGIN)
                case OriginBrokeError():
                    return self._end(Ending.ORIGIN)
                case _:
                    assert_never(event)
        if left:
            return self._end(Ending.SHORT)
        if chunked:
            self._write(b"0\r\n\r\n")
        return Ending.WHOLE

    def _write(self, data: bytes) -> None:
        self._out.append(data)
        if self._flushing is None:
            self._flushing = self._loop.call_soon(self._flush_soon)

    def _flush_soon(self) -> None:
        self._flushing = None
        self.flush()

    async def _hold(self, held: Callable[[], Awaitable[None]]) -> None:
        self.flush()
        await held()
        await self._loop.create_future()  # never set: the caller's hang-up or our stop cancels it

    def _end(self, ending: Ending) -> Ending:
        self.close(linger=False)
        return ending

    async def _reset(self, ending: Ending) -> Ending:
        self.flush()
        self.closing = True
        sock = self._transport.get_extra_info("socket")
        deadline = self._loop.time() + ACKNOWLEDGED_WITHIN
        while not self._transport.is_closing() and self._loop.time() < deadline and self._on_its_way(sock):
            await asyncio.sleep(0.002)
        if not self._transport.is_closing():
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._transport.abort()
        return ending

    def _on_its_way(self, sock: Any) -> bool:
        if self._transport.get_write_buffer_size():
            return True
        queued = ioctl(sock.fileno(), TIOCOUTQ, b"\0\0\0\0")
        return queued != b"\0\0\0\0"


async def _paced(reply: Reply, before_a_wait: Callable[[], None]) -> AsyncIterator[Event | OriginBrokeError]:
    """The events of the script, each at its moment.

    Delays add up on a schedule of their own: late timers do not stretch a stream. A source that is slower
    than the schedule (a forwarded stream) moves it.
    """
    loop = asyncio.get_running_loop()
    due = asked = loop.time()
    source: Any = reply.chunks
    async with aclosing(source):
        while True:
            event: Event | OriginBrokeError
            try:
                event = await anext(source)
            except StopAsyncIteration:
                return
            except OriginBrokeError as broke:
                event = broke
            now = loop.time()
            if now - asked > OWN_PACE:
                due = now
            if isinstance(event, Chunk) and event.delay > 0:
                due += event.delay
                if due > now:
                    before_a_wait()
                    await asyncio.sleep(due - now)
            yield event
            if isinstance(event, OriginBrokeError):
                return
            asked = loop.time()


def _head(reply: Reply, *, chunked: bool, keep_alive: bool, http10: bool) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} {responses.get(reply.status, '')}"]
    lines += [f"{name}: {value}" for name, value in reply.headers]
    if chunked:
        lines.append("transfer-encoding: chunked")
    elif reply.length is not None and reply.status != 204:
        lines.append(f"content-length: {reply.length}")
    if not keep_alive:
        lines.append("connection: close")
    elif http10:
        lines.append("connection: keep-alive")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
