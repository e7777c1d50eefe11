"""`stall`: the upstream goes silent and keeps the connection open, until the caller hangs up."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Literal

from pydantic import NonNegativeInt

from pocchaos.faults.base import Attributes, StandFault
from pocchaos.model.reply import AttemptFacts, Chunk, Event, Hold, Reply, script


class StallAttributes(Attributes):
    """Where the silence begins: absent, not even headers come; 0, headers and the role event; n, after n tokens."""

    after_tokens: NonNegativeInt | None = None


class Stall(StandFault):
    """Silence. What it holds stays held past the fault's end, until the caller hangs up.

    A reply that is no stream has no tokens to count: with `after_tokens` its headers come and its body never does.
    A stream with fewer tokens than `after_tokens` is not touched. A client without a timeout of its own waits
    for ever (the openai client: 600 s).
    """

    type: Literal["stall"] = "stall"
    attributes: StallAttributes = StallAttributes()

    @property
    def kind(self) -> str:
        """`stall`."""
        return self.type

    @property
    def blocks_origin(self) -> bool:
        """Where nothing of the reply is used, the origin need not be asked (and billed) for it."""
        return self.attributes.after_tokens is None

    def shape(self, reply: Reply, attempt: AttemptFacts) -> Reply:
        """The same reply, silent from the asked point on."""
        if self.attributes.after_tokens is None:
            return replace(reply, held=True)
        if not attempt.streaming:
            return reply.with_chunks(script([Hold()]))
        return reply.with_chunks(_silent_after(reply.chunks, self.attributes.after_tokens))


async def _silent_after(chunks: AsyncIterator[Event], tokens: int) -> AsyncIterator[Event]:
    told = 0
    async for event in chunks:
        more = event.tokens if isinstance(event, Chunk) else 0
        if told + more > tokens or (told == tokens > 0):
            yield Hold()
            return
        told += more
        yield event
