"""The whole chain: caller → real toxiproxy-server → stand. What ends in front is seen behind, and the other way."""

import time
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from pocchaos.faults import Down
from pocchaos.faults.stall import Stall
from pocchaos.toxiproxy import Address, Proxies, start
from tests.stand.running import FACT, MESSAGES, QUESTION, Running, post, talk, until


@pytest.fixture
def proxies(tmp_path: Path, toxiproxy_server: Path) -> Iterator[Proxies]:
    del toxiproxy_server  # found or built once, outside the time of any one test
    with start(log=tmp_path / "toxiproxy.log", say=print) as running:
        yield running


@pytest.fixture
def front(proxies: Proxies, stand: Running) -> Address:
    """Where the caller finds the upstream."""
    host, port = stand.address()
    return proxies.create("llm", listen="127.0.0.1:0", origin=f"{host}:{port}")


def client(front: Address, **options: object) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"http://{front.host}:{front.port}/v1", api_key="any", **options)  # type: ignore[arg-type]


def test_plain_and_streamed_answers_come_through(front: Address, stand: Running) -> None:
    with client(front) as caller:
        plain = caller.chat.completions.create(model="m", messages=MESSAGES)
        stream = caller.chat.completions.create(model="m", messages=MESSAGES, stream=True)
        assert plain.choices[0].message.content == FACT
        assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == FACT
    assert [row["how"] for row in stand.attempts(2)] == ["complete", "complete"]


def test_a_hang_up_in_front_is_seen_behind_at_once(front: Address, stand: Running) -> None:
    stand.stand.put_on("stall@1", Stall(upstream="llm"), (0, 1))
    with client(front, timeout=0.3, max_retries=0) as caller, pytest.raises(openai.APITimeoutError):
        caller.chat.completions.create(model="m", messages=MESSAGES)
    (row,) = stand.attempts(1, within=1.5)
    assert row["how"] == "held"
    assert (row["ended"] - row["arrived"]) / 1e6 < 1.0


def test_down_ends_what_is_held_and_lets_nothing_through(front: Address, stand: Running, proxies: Proxies) -> None:
    stand.stand.put_on("stall@1", Stall(upstream="llm"), (0, 1))
    with pytest.raises(TimeoutError):
        talk((front.host, front.port), post(QUESTION), within=0.2)
    stand.attempts(1)
    proxies.put_on("down@1", Down(upstream="llm"))
    asked = time.monotonic()
    with pytest.raises(OSError, match="refused"):
        talk((front.host, front.port), post(QUESTION))
    assert time.monotonic() - asked < 1.0
    until(lambda: stand.stand.traffic()["llm"].open == 0 or None)
    proxies.take_off("down@1")
    stand.stand.take_off("stall@1")
    with client(front) as caller:
        assert caller.chat.completions.create(model="m", messages=MESSAGES).choices
    assert stand.stand.counts() == {"llm": 2}
