"""Makes a forwarded stream's chunks whole events and counts their tokens, for faults that cut by tokens."""

import json
from collections.abc import AsyncIterator
from typing import Any, Final

from pocchaos.model.reply import Chunk, Event, Reply

LONGEST_EVENT: Final = 1 << 20  # bytes: what is longer passes as it comes


def counted(reply: Reply) -> Reply:
    """The same reply; if it is a stream of server-sent events, one chunk an event, with its tokens."""
    media = next((value for name, value in reply.headers if name.lower() == "content-type"), "")
    if media.partition(";")[0].strip().lower() != "text/event-stream":
        return reply
    return reply.with_chunks(_whole_events(reply.chunks))


def tokens_in(event: bytes) -> int:
    """1 for an event with a non-empty delta (OpenAI's or Anthropic's), else 0."""
    data = b"\n".join(line[5:].strip() for line in event.splitlines() if line.startswith(b"data:"))
    if not data.startswith(b"{"):
        return 0
    try:
        told = json.loads(data)
    except ValueError:
        return 0
    return int(_speaks(told))


def _speaks(told: Any) -> bool:
    if told.get("type") == "content_block_delta":
        delta = told.get("delta") or {}
        return bool(delta.get("text") or delta.get("partial_json"))
    if told.get("type") == "response.output_text.delta":
        return bool(told.get("delta"))
    choices = told.get("choices") or [{}]
    delta = choices[0].get("delta") if isinstance(choices[0], dict) else None
    return bool(isinstance(delta, dict) and (delta.get("content") or delta.get("tool_calls")))


async def _whole_events(chunks: AsyncIterator[Event]) -> AsyncIterator[Event]:
    held = b""
    async for event in chunks:
        if not isinstance(event, Chunk):
            if held:
                yield Chunk(data=held, tokens=tokens_in(held))
                held = b""
            yield event
            continue
        held += event.data
        *whole, held = _parted(held)
        for one in whole:
            yield Chunk(data=one, tokens=tokens_in(one))
        if len(held) > LONGEST_EVENT:
            yield Chunk(data=held)
            held = b""
    if held:
        yield Chunk(data=held, tokens=tokens_in(held))


def _parted(data: bytes) -> list[bytes]:
    """Whole events with their empty line, then what is left."""
    parts: list[bytes] = []
    while True:
        ends = [place + len(mark) for mark in (b"\n\n", b"\r\n\r\n") if (place := data.find(mark)) >= 0]
        if not ends:
            return [*parts, data]
        parts.append(data[: min(ends)])
        data = data[min(ends) :]
