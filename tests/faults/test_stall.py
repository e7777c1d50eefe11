"""`stall`: silence from the asked point on, until the caller hangs up."""

import asyncio
import threading
from typing import Any

import openai
import pytest

from pocchaos.faults.stall import Stall
from pocchaos.model.reply import AttemptFacts, Chunk, Event, Hold, Reply, script
from pocchaos.model.units import Seconds
from tests.stand.running import MESSAGES, Running, until

ROLE = Chunk(data=b"role")
ONE, TWO, THREE = (Chunk(data=word, tokens=1) for word in (b"one", b"two", b"three"))
DONE = Chunk(data=b"done")
STREAM: list[Event] = [ROLE, ONE, TWO, THREE, DONE]


def stall(**more: Any) -> Stall:
    return Stall.model_validate({"upstream": "llm", **more})


def shaped(after_tokens: int | None, events: list[Event], *, streaming: bool = True) -> tuple[Reply, list[Event]]:
    facts = AttemptFacts(ordinal=1, elapsed=Seconds(0), progress=0, draw=0, streaming=streaming)
    fault = stall(attributes={} if after_tokens is None else {"after_tokens": after_tokens})
    reply = fault.shape(Reply(status=200, chunks=script(events)), facts)

    async def read() -> list[Event]:
        return [event async for event in reply.chunks]

    return reply, asyncio.run(read())


@pytest.mark.parametrize(
    ("after", "seen"),
    [
        (0, [ROLE, Hold()]),
        (1, [ROLE, ONE, Hold()]),
        (2, [ROLE, ONE, TWO, Hold()]),
        (3, [ROLE, ONE, TWO, THREE, Hold()]),
        (4, STREAM),
    ],
)
def test_the_silence_begins_after_so_many_tokens(after: int, seen: list[Event]) -> None:
    """A stream that has fewer is not touched."""
    assert shaped(after, STREAM)[1] == seen


def test_a_chunk_that_would_go_past_the_point_is_not_sent() -> None:
    assert shaped(2, [ROLE, Chunk(data=b"five", tokens=5), DONE])[1] == [ROLE, Hold()]


def test_without_a_point_not_even_headers_come() -> None:
    assert shaped(None, STREAM)[0].held


def test_a_reply_that_is_no_stream_stalls_after_its_headers() -> None:
    reply, events = shaped(15, [Chunk(data=b"{}", tokens=1)], streaming=False)
    assert (reply.held, events) == (False, [Hold()])


def test_the_origin_is_left_alone_only_where_nothing_of_it_is_used() -> None:
    assert stall().blocks_origin
    assert not stall(attributes={"after_tokens": 0}).blocks_origin


def test_the_openai_client_waits_for_as_long_as_it_is_allowed_to(stand: Running) -> None:
    stand.stand.put_on("stall@1", stall(), (0, 1_000_000))
    with stand.client(max_retries=0, timeout=0.3) as client, pytest.raises(openai.APITimeoutError):
        client.chat.completions.create(model="m", messages=MESSAGES)
    (row,) = stand.attempts(1)
    assert (row["how"], row["status"], row["sent"], row["faults"]) == ("held", None, 0, ["stall@1"])
    assert 0.28 <= (row["ended"] - row["arrived"]) / 1e6 <= 1.0


@pytest.mark.parametrize("after", [0, 1, 4])
def test_the_openai_client_gets_the_tokens_before_the_silence(stand: Running, after: int) -> None:
    stand.stand.put_on("stall@1", stall(attributes={"after_tokens": after}), (0, 1_000_000))
    heard: list[str | None] = []
    with stand.client(max_retries=0, timeout=0.4) as client:
        stream = client.chat.completions.create(model="m", messages=MESSAGES, stream=True)
        with pytest.raises(openai.APIError):
            heard.extend(chunk.choices[0].delta.content for chunk in stream)
    assert heard == ["", "Shipping", " to", " Norway", " costs"][: after + 1]
    (row,) = stand.attempts(1)
    assert (row["how"], row["status"]) == ("held", 200)


def test_what_is_held_stays_held_past_the_edge_until_the_caller_hangs_up(stand: Running) -> None:
    """A fault is decided when the attempt arrives and stays with it."""
    put_on = stand.stand.put_on("stall@1", stall(), (0, 1_000_000))
    raised: list[Exception] = []

    def call() -> None:
        with stand.client(max_retries=0, timeout=1.5) as client:
            try:
                client.chat.completions.create(model="m", messages=MESSAGES)
            except openai.APITimeoutError as error:
                raised.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    until(lambda: stand.stand.counts()["llm"] or None)
    taken_off = stand.stand.take_off("stall@1")
    with stand.client() as client:
        assert client.chat.completions.create(model="m", messages=MESSAGES).choices
    caller.join(10)
    assert raised
    after, held = stand.attempts(2)
    assert (after["how"], after["faults"]) == ("complete", [])
    assert (held["how"], held["faults"]) == ("held", ["stall@1"])
    assert put_on <= held["arrived"] < taken_off < after["arrived"] < held["ended"]
