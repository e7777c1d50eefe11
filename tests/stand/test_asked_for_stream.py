"""A fault that leaves the origin alone still knows whether its caller asked for a stream."""

import asyncio
import gzip
import json
from pathlib import Path
from typing import Literal

import pytest

from pocchaos.faults import StandFault
from pocchaos.model.reply import AttemptFacts, Chunk, Reply, script
from pocchaos.stand.attempt import READ_FOR_STREAM, Upstream, asks_for_stream
from pocchaos.stand.clock import now_us
from pocchaos.stand.listener import HttpListener
from pocchaos.stand.log import AttemptLog
from pocchaos.stand.origins.forward import Forwarding
from pocchaos.stand.spec import StandSpec
from pocchaos.stand.traffic import Tally
from tests.stand.running import post, talk
from tests.stand.servers import closed_port


class InForm(StandFault):
    """Says in what form it was asked."""

    type: Literal["in_form"] = "in_form"

    @property
    def kind(self) -> str:
        return self.type

    @property
    def blocks_origin(self) -> bool:
        return True

    def shape(self, reply: Reply, attempt: AttemptFacts) -> Reply:
        assert (reply.status, reply.headers, reply.length) == (200, (), 0)
        said = b"streamed" if attempt.streaming else b"plain"
        return Reply(status=200, chunks=script([Chunk(data=said)]), length=len(said))


@pytest.mark.parametrize(
    ("headers", "body", "said"),
    [
        ("", b'{"stream": true}', b"streamed"),
        ("accept: text/event-stream\r\n", b"{}", b"streamed"),
        ("accept: application/json\r\n", b'{"stream": false}', b"plain"),
        ("", b"", b"plain"),
        ("", b'{"stream": true, "text": "' + b"x" * 3 * READ_FOR_STREAM + b'"}', b"plain"),  # read, but not searched
    ],
    ids=["by its body", "by its accept", "not", "no body", "a body over the bound"],
)
def test_the_fault_answers_in_the_form_that_was_asked_for(
    tmp_path: Path, headers: str, body: bytes, said: bytes
) -> None:
    async def ask() -> bytes:
        with AttemptLog(tmp_path / "attempts.jsonl", secrets=()) as log:
            origin = Forwarding(f"http://127.0.0.1:{closed_port()}")
            upstream = Upstream(name="llm", origin=origin, max_attempts=None, tally=Tally(), log=log)
            listener = HttpListener(upstream, StandSpec(upstreams={}), number=lambda: 1)
            address = await listener.listen()
            try:
                listener.faults.put_on("f@1", InForm(upstream="llm"), at=now_us(), planned=1)
                question = post(body, headers=f"connection: close\r\n{headers}")
                return await asyncio.to_thread(talk, address, question)
            finally:
                await listener.close()

    assert asyncio.run(ask()).endswith(b"\r\n\r\n" + said)


@pytest.mark.parametrize(
    ("accept", "body", "asked"),
    [
        ("", b"", False),
        ("", json.dumps({"model": "m", "stream": True}).encode(), True),
        ("", b'{"stream":false}', False),
        ("", b'{"stream": "true"}', False),
        ("", b'{"messages": [{"content": "\\"stream\\": true"}]}', False),
        ("", b'[{"stream": true}]', False),
        ("", b'{"stream": true', False),
        ("", b'{"stream": ' + b"[" * 200_000, False),
        ("", b'\xff{"stream": true}', False),
        ("", gzip.compress(b'{"stream": true}', mtime=0), False),
        ("Text/Event-Stream; q=0.9", b"", True),
        ("application/json, application/x-ndjson", b"", True),
        ("*/*", b"", False),
    ],
)
def test_a_stream_is_asked_for_by_the_word_in_the_body_or_the_accept(accept: str, body: bytes, asked: bool) -> None:
    assert asks_for_stream(accept, body) is asked
