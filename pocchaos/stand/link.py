"""One connection through the relay: the caller's side, the origin's side, and the turn that is under way."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import structlog

from pocchaos.model.evidence import CAPPED, Attempt
from pocchaos.model.units import Seconds
from pocchaos.stand.attempt import ORIGIN_ERROR
from pocchaos.stand.clock import now_us

if TYPE_CHECKING:
    from pocchaos.stand.relay import Relay

SPEAKS_FIRST_AFTER: Final = Seconds(0.05)
DIAL_WITHIN: Final = Seconds(10.0)
ANSWERED_AFTER: Final = 500_000  # µs: a turn that was answered and is quiet this long is logged
HALF_CLOSED_AT_MOST: Final = 30_000_000  # µs of silence, once one side has closed
PENDING_AT_MOST: Final = 256 * 1024  # bytes from the target before the dial is through

log = structlog.get_logger("stand")


class Link:
    """A caller's connection and the origin's, and the turn that is under way."""

    def __init__(self, relay: "Relay") -> None:
        self._relay = relay
        self._loop = asyncio.get_running_loop()
        self._caller: asyncio.Transport | None = None
        self._origin: asyncio.Transport | None = None
        self._dialling: asyncio.Task[None] | None = None
        self._waiting: asyncio.TimerHandle | None = None
        self._pending: list[bytes] = []
        self._pending_size = 0
        self._caller_done = self._origin_done = self._over = False
        self._turn: Attempt | None = None
        self._received = self._sent = 0  # bytes of the turn
        self._last_answer: int | None = None  # µs of the origin's last bytes in the turn
        self._last_byte = now_us()

    # ---- what the caller does

    def caller_came(self, transport: asyncio.Transport) -> None:
        """Connected; nothing said yet."""
        self._caller = transport
        self._ordinal = self._relay.opened(self)
        self._waiting = self._loop.call_later(SPEAKS_FIRST_AFTER, self._dial)

    def caller_said(self, data: bytes) -> None:
        """Bytes for the origin."""
        if self._over or not self._in_turn():
            return
        self._last_byte = now_us()
        self._received += len(data)
        self._relay.tally.received += len(data)
        if self._origin is not None:
            self._origin.write(data)
            return
        self._pending.append(data)
        self._pending_size += len(data)
        if self._pending_size > PENDING_AT_MOST and self._caller is not None:
            self._caller.pause_reading()
        self._dial()

    def caller_finished(self) -> None:
        """It will say no more, but may still listen."""
        self._caller_done = True
        if self._origin_done:
            self._finish(ORIGIN_ERROR)
        elif self._origin is not None:
            self._origin.write_eof()
        elif self._dialling is None:
            self._finish("hung_up")

    def caller_went(self) -> None:
        """The connection is gone."""
        self._finish("hung_up")

    # ---- what the origin does

    def origin_came(self, transport: asyncio.Transport) -> None:
        """The dial is through: what waited goes out."""
        if self._over or self._caller is None:
            transport.abort()
            return
        self._origin = transport
        if self._pending:
            transport.write(b"".join(self._pending))
            self._pending.clear()
        self._caller.resume_reading()
        if self._caller_done:
            transport.write_eof()

    def origin_said(self, data: bytes) -> None:
        """Bytes for the caller."""
        self._last_byte = now_us()
        self._relay.tally.sent += len(data)
        self._sent += len(data)
        if self._turn is not None:
            self._last_answer = self._last_byte
        if self._caller is not None:
            self._caller.write(data)

    def origin_finished(self) -> None:
        """It will say no more, but may still listen."""
        self._origin_done = True
        if self._caller_done:
            self._finish("hung_up")
        elif self._caller is not None:
            self._caller.write_eof()

    def origin_went(self) -> None:
        """The connection is gone."""
        self._finish(ORIGIN_ERROR)

    # ---- back-pressure

    def pause_caller(self, *, paused: bool) -> None:
        """The origin reads slowly, or again."""
        _pause(self._caller, paused=paused)

    def pause_origin(self, *, paused: bool) -> None:
        """The caller reads slowly, or again."""
        _pause(self._origin, paused=paused)

    # ---- from above

    def sweep(self, now: int) -> None:
        """Log a turn that was answered; give up a connection that is half closed and silent."""
        if self._turn is not None and self._last_answer is not None and now - self._last_answer > ANSWERED_AFTER:
            self._end_turn("complete", self._last_answer)
        if (self._caller_done or self._origin_done) and now - self._last_byte > HALF_CLOSED_AT_MOST:
            self._finish("hung_up" if self._caller_done else ORIGIN_ERROR)

    def stop(self) -> None:
        """The run ends."""
        self._finish("open")

    def _in_turn(self) -> bool:
        if self._turn is not None and self._last_answer is None:
            return True
        if self._turn is not None:
            self._end_turn("complete", self._last_answer)
        self._turn = self._relay.turn(self._ordinal)
        if self._turn is None:
            self._finish(CAPPED)
        return self._turn is not None

    def _end_turn(self, how: str, at: int | None) -> None:
        if self._turn is None:
            return
        self._relay.ended(replace(self._turn, ended=at, how=how, received=self._received, sent=self._sent))
        self._turn = self._last_answer = None
        self._received = self._sent = 0

    def _finish(self, how: str) -> None:
        if self._over:
            return
        self._over = True
        if self._last_answer is not None:
            self._end_turn("complete", self._last_answer)
        else:
            self._end_turn(how, None if how == "open" else now_us())
        if self._waiting is not None:
            self._waiting.cancel()
        if self._dialling is not None:
            self._dialling.cancel()
        for transport in (self._caller, self._origin):
            if transport is not None:
                transport.close()
        self._relay.closed(self)

    def _dial(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        if self._dialling is None and not self._over:
            self._dialling = self._loop.create_task(self._dialled())

    async def _dialled(self) -> None:
        relay = self._relay
        try:
            async with asyncio.timeout(DIAL_WITHIN):
                await self._loop.create_connection(lambda: Origin(self), relay.host, relay.port)
        except (OSError, TimeoutError) as error:
            log.warning("origin unreachable", upstream=relay.name, why=str(error) or type(error).__name__)
            self._finish(ORIGIN_ERROR)


def _pause(transport: asyncio.Transport | None, *, paused: bool) -> None:
    if transport is None or transport.is_closing():
        return
    with suppress(RuntimeError):
        if paused:
            transport.pause_reading()
        else:
            transport.resume_reading()


class Caller(asyncio.Protocol):
    """The target's connection, as it comes through Toxiproxy."""

    # ruff: noqa: D102 - the callbacks of asyncio.Protocol mean what it says

    def __init__(self, link: Link) -> None:
        self._link = link

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._link.caller_came(transport)

    def data_received(self, data: bytes) -> None:
        self._link.caller_said(data)

    def eof_received(self) -> bool:
        self._link.caller_finished()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._link.caller_went()

    def pause_writing(self) -> None:
        self._link.pause_origin(paused=True)

    def resume_writing(self) -> None:
        self._link.pause_origin(paused=False)


class Origin(asyncio.Protocol):
    """The connection that was dialled for it."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._link.origin_came(transport)

    def data_received(self, data: bytes) -> None:
        self._link.origin_said(data)

    def eof_received(self) -> bool:
        self._link.origin_finished()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._link.origin_went()

    def pause_writing(self) -> None:
        self._link.pause_caller(paused=True)

    def resume_writing(self) -> None:
        self._link.pause_caller(paused=False)
