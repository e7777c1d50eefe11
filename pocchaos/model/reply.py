"""The script of an upstream's reply, before a byte of it is sent: what a stand fault reshapes.

A `Reply` is lazy, so a fault works on a forwarded stream as it arrives, and is tested with a plain list.
Chunks are asynchronous because a forwarded stream is; `script` makes them of a list.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from typing import Final

from pocchaos.model.units import Seconds

AT_ONCE: Final = Seconds(0.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """Bytes of the body, after a delay; `tokens` is how many non-empty deltas they carry."""

    data: bytes
    delay: Seconds = AT_ONCE
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection is reset here (RST)."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Silence from here on, until the caller hangs up."""


@dataclass(frozen=True, slots=True)
class End:
    """The body ends here though its headers promised more: the connection is closed (FIN)."""


Event = Chunk | Cut | Hold | End


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """Status, headers and the chunks of one reply; `before` says what happens before the status line."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    chunks: AsyncIterator[Event]
    delay: Seconds = AT_ONCE  # before the status line
    held: bool = False  # not even the status line is sent
    length: int | None = None  # Content-Length; None: chunked

    def with_chunks(self, chunks: AsyncIterator[Event]) -> "Reply":
        """The same reply with another body."""
        return replace(self, chunks=chunks)


async def script(events: Iterable[Event]) -> AsyncIterator[Event]:
    """A list of events as the chunks of a reply."""
    for event in events:
        yield event


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptFacts:
    """What a stand fault may depend on, beside its own attributes."""

    ordinal: int  # 1 for the first matching attempt since the fault went on
    elapsed: Seconds  # since the fault's confirmed on
    progress: float  # share of the fault's planned time that has passed, 0 to 1
    draw: float  # seeded, uniform in [0, 1): decides `error_rate`
    method: str = "POST"
    path: str = "/"
    tenant: str | None = None
    streaming: bool = False  # the reply is a stream of events; where the origin was not asked: is to be one
    wall: Seconds = AT_ONCE  # wall clock at arrival, since the epoch: for headers that carry a date
    recent: tuple[Seconds, ...] = ()  # ages of the matching attempts of the last minute, newest first
