"""What an origin is to the stand: a call in, the script of a reply out."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Protocol

from pocchaos.model.reply import Reply
from pocchaos.stand.incoming import Incoming


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One attempt as its origin sees it."""

    incoming: Incoming
    ordinal: int  # 1 for the upstream's first attempt: what its draws depend on
    touched: bool  # a fault will reshape the reply: chunks then have to be whole events with their tokens
    resources: AsyncExitStack  # closed when the reply is done, broken off, or held


class OriginUnreachableError(Exception):
    """No reply could be had from the origin; the message says why."""


class Origin(Protocol):
    """A source of replies."""

    async def reply(self, call: Call) -> Reply:
        """The script of the reply; raises OriginUnreachableError, BodyTooLargeError, BodyBrokenError."""

    async def close(self) -> None:
        """Give back what it holds."""
