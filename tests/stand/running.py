"""A real stand in its own process, and what a caller needs to talk to it."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import openai

from pocchaos.scenario.language import Simulate
from pocchaos.stand.process import Stand, start
from pocchaos.stand.spec import StandSpec, UpstreamSpec

T = TypeVar("T")

FAST = Simulate.model_validate({"simulate": "openai", "ttft": "5ms", "tokens_per_second": 1000})
CONTEXT = "Context:\n- Refunds are paid within 14 days.\n- Shipping to Norway costs 9 euros.\n- Our office is in Graz."
MESSAGES: Any = [
    {"role": "system", "content": f"Answer only from the context.\n\n{CONTEXT}"},
    {"role": "user", "content": "What does shipping to Norway cost?"},
]
FACT = "Shipping to Norway costs 9 euros."


class Running:
    """A stand with its attempt log at hand."""

    def __init__(self, stand: Stand, folder: Path) -> None:
        self.stand, self.folder = stand, folder

    def address(self, upstream: str = "llm") -> tuple[str, int]:
        return self.stand.address(upstream)

    def url(self, upstream: str = "llm") -> str:
        host, port = self.address(upstream)
        return f"http://{host}:{port}"

    def client(self, upstream: str = "llm", **options: Any) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.url(upstream)}/v1", api_key="a-key-for-tests", **options)

    def attempts(self, at_least: int = 0, within: float = 5.0, **of: Any) -> list[dict[str, Any]]:
        """The logged attempts (those with these values), once there are so many."""

        def logged() -> list[dict[str, Any]] | None:
            rows = read_attempts(self.folder / "attempts.jsonl")
            rows = [row for row in rows if all(row[name] == value for name, value in of.items())]
            return rows if len(rows) >= at_least else None

        return until(logged, within, what=f"{at_least} logged attempts")

    def log(self) -> str:
        return (self.folder / "stand.log").read_text()


@contextmanager
def running(folder: Path, spec: StandSpec) -> Iterator[Running]:
    """A stand for this spec; it ends with the block."""
    with start(spec, log=folder / "stand.log", attempts=folder / "attempts.jsonl") as stand:
        yield Running(stand, folder)


def one(origin: str | Simulate = FAST, *, name: str = "llm", **more: Any) -> dict[str, UpstreamSpec]:
    """A single upstream."""
    return {name: UpstreamSpec(origin=origin, **more)}


def read_attempts(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def until(seen: Callable[[], T | None], within: float = 5.0, *, what: str = "it") -> T:
    """Wait for what `seen` returns; fail loudly when it does not come in time."""
    deadline = time.monotonic() + within
    while (found := seen()) is None:
        assert time.monotonic() < deadline, f"{what} did not come within {within} s"
        time.sleep(0.005)
    return found


def talk(address: tuple[str, int], said: bytes, *, within: float = 5.0, finish: bool = False) -> bytes:
    """Say these bytes and read until the other side closes, or is silent for as long as it takes to be sure."""
    with socket.create_connection(address, timeout=within) as sock:
        sock.sendall(said)
        if finish:
            sock.shutdown(socket.SHUT_WR)
        heard = b""
        while more := sock.recv(65_536):
            heard += more
        return heard


def hear(sock: socket.socket, until_seen: bytes) -> bytes:
    """Read until these bytes are there."""
    heard = b""
    while until_seen not in heard:
        more = sock.recv(65_536)
        assert more, f"closed after {heard!r}"
        heard += more
    return heard


def post(body: bytes, *, path: str = "/v1/chat/completions", headers: str = "") -> bytes:
    """A POST as bytes."""
    return b"POST %b HTTP/1.1\r\nhost: llm\r\n%bcontent-length: %d\r\n\r\n%b" % (
        path.encode(),
        headers.encode(),
        len(body),
        body,
    )


QUESTION = json.dumps({"model": "m", "messages": MESSAGES}).encode()
