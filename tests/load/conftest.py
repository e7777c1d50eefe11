"""A real HTTP server that misbehaves by path, and specs that ask it."""

import json
import socket
import struct
import threading
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pocchaos.files.batch import Batch
from pocchaos.load.process import Load, start
from pocchaos.load.spec import LoadSpec, LoadTenant
from pocchaos.model.evidence import Content, Sample
from pocchaos.scenario.language import Answer, Request
from pocchaos.scenario.plan import InputRow, Plan, Requests

OPENAI = Answer(
    stream="sse", delta="choices[0].delta.content", done="[DONE]", finish="choices[0].finish_reason", error="error"
)


def json_reply(value: Any, status: str = "200 OK", *more: str) -> bytes:
    body = json.dumps(value).encode()
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunked(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def token(text: str, finish: str | None = None) -> bytes:
    choice = {"delta": {"content": text}, "finish_reason": finish}
    return b"data: " + json.dumps({"model": "m", "choices": [choice]}).encode() + b"\n\n"


STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKED_JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
LONG_ANSWER = "lorem " * 17_000


def reset(sock: socket.socket) -> None:
    """Close with RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


@dataclass
class Server:
    """Counts what it was asked; a path's behaviour returns True to keep the connection."""

    port: int = 0
    requests: list[tuple[str, bytes]] = field(default_factory=list)
    connections: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    ending: threading.Event = field(default_factory=threading.Event)
    thawed: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def asked(self, path: str) -> int:
        with self.lock:
            return sum(asked == path for asked, _ in self.requests)


def _ok(server: Server, sock: socket.socket) -> bool:
    sock.sendall(json_reply({"answer": "42"}))
    return True


def _reset(server: Server, sock: socket.socket) -> bool:
    reset(sock)
    return False


def _close(server: Server, sock: socket.socket) -> bool:
    return False


def _truncate(server: Server, sock: socket.socket) -> bool:
    sock.sendall(json_reply({"answer": "42"})[:-4])
    return False


def _never(server: Server, sock: socket.socket) -> bool:
    server.ending.wait(30)
    return False


def _drip(server: Server, sock: socket.socket) -> bool:
    """One byte at a time, for ever: a timeout between bytes would never see it."""
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
    while not server.ending.wait(0.05):
        sock.sendall(b" ")
    return False


def _cut_chunk(server: Server, sock: socket.socket) -> bool:
    sock.sendall(CHUNKED_JSON + b'20\r\n{"answer":')
    return False


def _bad_chunk(server: Server, sock: socket.socket) -> bool:
    sock.sendall(CHUNKED_JSON + b"zz\r\nwhat\r\n0\r\n\r\n")
    return False


def _garbage(server: Server, sock: socket.socket) -> bool:
    sock.sendall(b"I am not HTTP at all\r\n\r\n")
    return False


def _half_head(server: Server, sock: socket.socket) -> bool:
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Ty")
    return False


def _long(server: Server, sock: socket.socket) -> bool:
    sock.sendall(json_reply({"answer": LONG_ANSWER}))
    return True


def _until_close(server: Server, sock: socket.socket) -> bool:
    sock.sendall(b'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{"answer": "by the end"}')
    return False


def _busy(server: Server, sock: socket.socket) -> bool:
    sock.sendall(json_reply({"error": "busy"}, "503 Service Unavailable", "Retry-After: 7", "X-Degraded: yes"))
    return True


def _leak(server: Server, sock: socket.socket) -> bool:
    sock.sendall(json_reply({"answer": "ac-11111"}, "200 OK", "X-Debug: gl-22222", "X-Other: the-word-xyzzy"))
    return True


def _closing(server: Server, sock: socket.socket) -> bool:
    """Says that it keeps the connection and closes it right after, as a server does with an idle one."""
    sock.sendall(json_reply({"answer": "42"}))
    return False


def _stream(
    server: Server, sock: socket.socket, *, ending: bytes = b"data: [DONE]\n\n", last: bytes = b"0\r\n\r\n"
) -> bool:
    sock.sendall(STREAM_HEAD + chunked(token("")))
    for text in ("one", " two", " three"):
        time.sleep(0.05)
        sock.sendall(chunked(token(text)))
    sock.sendall(chunked(token("", "stop") + ending) + last)
    return bool(last)


def _no_done(server: Server, sock: socket.socket) -> bool:
    return _stream(server, sock, ending=b"")


def _cut_stream(server: Server, sock: socket.socket) -> bool:
    return _stream(server, sock, ending=b"", last=b"")


def _lingering(server: Server, sock: socket.socket) -> bool:
    """Done, but the connection stays open: a client that reads to the end of the body would hang."""
    _stream(server, sock, last=b"")
    server.ending.wait(30)
    return False


def _error_event(server: Server, sock: socket.socket) -> bool:
    return _stream(server, sock, ending=b'data: {"error": {"message": "gone"}}\n\n')


def _frozen(server: Server, sock: socket.socket) -> bool:
    """Nobody is answered before the thaw."""
    server.thawed.wait(30)
    return _ok(server, sock)


BEHAVIOURS: dict[str, Callable[[Server, socket.socket], bool]] = {
    "/ok": _ok,
    "/reset": _reset,
    "/close": _close,
    "/truncate": _truncate,
    "/never": _never,
    "/drip": _drip,
    "/cut-chunk": _cut_chunk,
    "/bad-chunk": _bad_chunk,
    "/garbage": _garbage,
    "/half-head": _half_head,
    "/long": _long,
    "/until-close": _until_close,
    "/busy": _busy,
    "/leak": _leak,
    "/closing": _closing,
    "/stream": _stream,
    "/no-done": _no_done,
    "/cut-stream": _cut_stream,
    "/lingering": _lingering,
    "/error-event": _error_event,
    "/frozen": _frozen,
}


def _serve(server: Server, sock: socket.socket) -> None:
    reader = sock.makefile("rb")
    try:
        while head := _head(reader):
            length = next((int(v) for k, v in head[1:] if k == "content-length"), 0)
            path = head[0][1]
            with server.lock:
                server.requests.append((path, reader.read(length)))
            if not BEHAVIOURS[path](server, sock):
                return
    except OSError:
        return  # the client went first: that is what some tests want
    finally:
        reader.close()
        sock.close()


def _head(reader: Any) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    while line := reader.readline().strip():
        if not lines:
            method, path, _ = line.decode().split(" ")
            lines.append((method, path))
        else:
            name, _, value = line.decode("latin-1").partition(":")
            lines.append((name.lower(), value.strip()))
    return lines


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        made.port = listening.getsockname()[1]
        threads: list[threading.Thread] = []

        def accept() -> None:
            while True:
                try:
                    sock, _ = listening.accept()
                except OSError:
                    return
                if made.ending.is_set():
                    sock.close()
                    return
                made.connections += 1
                threads.append(threading.Thread(target=_serve, args=(made, sock), daemon=True))
                threads[-1].start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        yield made
        made.ending.set()
        made.thawed.set()
        with socket.create_connection(("127.0.0.1", made.port)):
            accepting.join(5)
        for thread in threads:
            thread.join(5)


def spec(url: str, path: str, due_ms: Sequence[float], **changed: Any) -> LoadSpec:
    """One request per due time, tenants acme and globex in turn, one input."""
    count = len(due_ms)
    plan = Plan(
        seed=0,
        stages=(),
        windows=(),
        edges=(),
        tenants=("acme", "globex"),
        inputs=(InputRow(id="q1", category="in_scope", expect="answer", fields={"text": "wann?"}),),
        requests=Requests(
            due=array("q", [round(ms * 1000) for ms in due_ms]),
            stage=array("q", [0] * count),
            tenant=array("q", [k % 2 for k in range(count)]),
            input=array("q", [0] * count),
        ),
    )
    given: dict[str, Any] = {
        "url": url,
        "request": Request.model_validate(
            {"path": path, "headers": {"authorization": "Bearer ${tenant.token}"}, "json": {"q": "${input.text}"}}
        ),
        "answer": Answer(path="answer"),
        "tenants": (
            LoadTenant(name="acme", token="token-acme", canaries={"document": ["ac-11111"]}),
            LoadTenant(name="globex", token="token-globex", canaries={"document": ["gl-22222"]}),
        ),
        "plan": plan,
        "run": "ab12",
        "deadline": 2.0,
        "pool": 64,
        "correlate": "x-request-id",
    }
    return LoadSpec(**{**given, **changed})


@dataclass
class Recording:
    """What a load delivered."""

    batches: list[Batch] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)

    def take(self, batch: Batch, line: bytes) -> None:
        self.batches.append(batch)
        self.lines.append(line)

    @property
    def samples(self) -> list[Sample]:
        return sorted((s for batch in self.batches for s in batch.samples), key=lambda sample: sample.request)

    @property
    def contents(self) -> dict[str, Content]:
        return {content.hash: content for batch in self.batches for content in batch.contents}


def now_us() -> int:
    return time.monotonic_ns() // 1000


def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for a condition; fails the test where it never comes."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "the awaited never came"
        time.sleep(0.01)


@pytest.fixture
def send(tmp_path: Path) -> Callable[[LoadSpec], Recording]:
    """Run a spec whole."""

    def run(one: LoadSpec) -> Recording:
        recording = Recording()
        with start(one, on_batch=recording.take, log=tmp_path / "load.log") as load:
            load.go(now_us() + 50_000)
            load.wait(one.deadline + 20)
        return recording

    return run


@pytest.fixture
def running(server: Server, tmp_path: Path) -> Iterator[Callable[[LoadSpec], tuple[Load, Recording]]]:
    """Start a spec and let it go; ended after the test whatever happens, and before the server."""
    del server
    with ExitStack() as stack:

        def begin(one: LoadSpec) -> tuple[Load, Recording]:
            recording = Recording()
            load = stack.enter_context(start(one, on_batch=recording.take, log=tmp_path / "load.log"))
            load.go(now_us() + 50_000)
            return load, recording

        yield begin
