"""One HTTP attempt while it lasts: counted and decided when it arrives, answered, logged once when it ends."""

import json
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Final

import structlog

from pocchaos.model.evidence import CAPPED, Attempt
from pocchaos.model.reply import Reply
from pocchaos.stand.clock import now_us, wall
from pocchaos.stand.in_force import Decision
from pocchaos.stand.incoming import BodyBrokenError, BodyTooLargeError, Incoming
from pocchaos.stand.log import AttemptLog
from pocchaos.stand.origins.base import Call, Origin, OriginUnreachableError
from pocchaos.stand.replies import nothing, problem
from pocchaos.stand.traffic import Tally
from pocchaos.stand.writer import Ending, Framing, ReplyWriter

log = structlog.get_logger("stand")

ORIGIN_ERROR: Final = "origin_error"
STREAMS: Final = frozenset({"text/event-stream", "application/x-ndjson"})
READ_FOR_STREAM: Final = 1 << 20  # bytes of a body that are searched for the word


@dataclass(frozen=True, kw_only=True, slots=True)
class Upstream:
    """What all attempts at one upstream share."""

    name: str
    origin: Origin
    max_attempts: int | None
    tally: Tally
    log: AttemptLog


class OpenAttempt:
    """Mutable until it is logged; then an `Attempt` has it all."""

    def __init__(
        self, upstream: Upstream, incoming: Incoming, decision: Decision, *, facts: Attempt, ordinal: int
    ) -> None:
        self._upstream, self._incoming, self._decision = upstream, incoming, decision
        self._facts, self._ordinal = facts, ordinal
        self._capped = upstream.max_attempts is not None and ordinal > upstream.max_attempts
        self._resources = AsyncExitStack()
        self._writer: ReplyWriter | None = None
        self._sent_before = 0
        self._held = self._logged = self._origin_failed = False
        self._last = False  # the connection cannot go on after this

    async def run(self, writer: ReplyWriter) -> None:
        """Reply, and log it."""
        self._writer, self._sent_before = writer, writer.sent
        incoming = self._incoming
        async with self._resources:
            reply = await self._reply()
            if not reply.held:
                self._facts = replace(self._facts, status=reply.status, retry_after=retry_after(reply))
            ending = await writer.send(
                reply,
                Framing(
                    keep_alive=incoming.keep_alive and not self._last,
                    head_only=incoming.method == "HEAD",
                    http10=incoming.version == "1.0",
                    linger=not incoming.body.complete,
                ),
                held=self._hold,
            )
            self._end(self._how(ending), now_us())
        incoming.body.drop()

    def gone(self, at: int | None) -> None:
        """The caller hung up at that moment, or (None) we stop with the attempt still open."""
        if self._held:
            self._end("held", at)
        else:
            self._end("open" if at is None else "hung_up", at)

    async def _reply(self) -> Reply:
        try:
            return await self._reshaped()
        except OriginUnreachableError as error:
            self._origin_failed = True
            log.warning("origin unreachable", upstream=self._upstream.name, why=str(error))
            return problem(502, f"the origin of `{self._upstream.name}` cannot be reached: {error}")
        except BodyTooLargeError:
            self._last = True
            return problem(413, "a request body of more than 16 MiB cannot be read whole")
        except BodyBrokenError:
            self._last = True
            return problem(400, "the request's body is not valid HTTP")

    async def _reshaped(self) -> Reply:
        incoming, decision = self._incoming, self._decision
        if incoming.refused is not None:
            self._last = True
            return problem(*incoming.refused)
        if self._capped:
            await self._drain()
            return self._refused_by_cap()
        if decision.blocks_origin:
            reply = decision.shape(nothing(), streaming=False)
            if reply.held:  # silence does not wait for the request's body
                incoming.body.drop()
                return reply
            return decision.shape(nothing(), streaming=True) if await self._asks_for_stream() else reply
        call = Call(incoming=incoming, ordinal=self._ordinal, touched=bool(decision.touches), resources=self._resources)
        reply = await self._upstream.origin.reply(call)
        return decision.shape(reply, streaming=streams(reply))

    async def _asks_for_stream(self) -> bool:
        """Read the body to its end; whether the caller asked for a stream, by it or by its Accept."""
        body = bytearray()
        async for part in self._incoming.body.parts():
            body += part[: READ_FOR_STREAM - len(body)]
        return asks_for_stream(self._incoming.header(b"accept") or "", bytes(body))

    async def _drain(self) -> None:
        async for _ in self._incoming.body.parts():
            pass

    async def _hold(self) -> None:
        self._held = True
        self._incoming.body.drop()
        await self._resources.aclose()

    def _refused_by_cap(self) -> Reply:
        self._upstream.tally.refused_by_cap += 1
        if self._upstream.tally.refused_by_cap == 1:
            log.warning("max_attempts used up", upstream=self._upstream.name, max_attempts=self._upstream.max_attempts)
        return problem(
            429,
            f"max_attempts of `{self._upstream.name}` ({self._upstream.max_attempts}) is used up",
            headers=(("x-should-retry", "false"),),
        )

    def _how(self, ending: Ending) -> str:
        if self._capped:
            return CAPPED
        return ORIGIN_ERROR if self._origin_failed else ending.value

    def _end(self, how: str, at: int | None) -> None:
        if self._logged:
            return
        self._logged = True
        sent = self._writer.sent - self._sent_before if self._writer is not None else 0
        received = self._incoming.size + self._incoming.body.received
        self._upstream.tally.sent += sent
        self._upstream.tally.received += received
        facts = self._facts
        self._upstream.log.write(
            replace(
                facts,
                ended=at,
                how=how,
                status=facts.status if sent else None,
                retry_after=facts.retry_after if sent else None,
                sent=sent,
                received=received,
                faults=tuple(touch.window for touch in self._decision.touches) if not self._capped else (),
                eligible=self._decision.eligible if not self._capped else (),
            )
        )


def streams(reply: Reply) -> bool:
    """Whether the reply is a stream of events, by its media type."""
    media = next((value for name, value in reply.headers if name.lower() == "content-type"), "")
    return media.partition(";")[0].strip().lower() in STREAMS


def asks_for_stream(accept: str, body: bytes) -> bool:
    """Whether a request is for a stream of events: `"stream": true` in its JSON body, or its Accept."""
    if any(media.partition(";")[0].strip().lower() in STREAMS for media in accept.split(",")):
        return True
    if b'"stream"' not in body:
        return False
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):  # no JSON, cut at the bound, or nested too deep: none that we can read
        return False
    return isinstance(told, dict) and told.get("stream") is True


def retry_after(reply: Reply) -> float | None:
    """Seconds that the reply tells its caller to wait (`retry-after-ms`, else `retry-after`); None if it does not."""
    told = {name.lower(): value for name, value in reply.headers}
    try:
        if "retry-after-ms" in told:
            return float(told["retry-after-ms"]) / 1_000
        value = told.get("retry-after")
        if value is None:
            return None
        return float(value) if value[:1].isdigit() else max(0.0, parsedate_to_datetime(value).timestamp() - wall())
    except (ValueError, TypeError):
        return None
