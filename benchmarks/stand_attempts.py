"""Attempts a second of the stand on one core, and the time that it adds, against a bare asyncio server.

The stand and the servers behind it are pinned to one core, the callers to another; what is compared takes turns, so
that a noisy machine disturbs all alike. Attempts per second of the stand's own CPU time are the steadier figure.

    .venv/bin/python benchmarks/stand_attempts.py [--seconds 20] [--rate 200]
"""

import argparse
import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from pocchaos.faults.http_error import HttpError
from pocchaos.scenario.language import Simulate
from pocchaos.stand.process import Stand, start
from pocchaos.stand.spec import StandSpec, UpstreamSpec

AT_ONCE = Simulate.model_validate({"simulate": "openai", "ttft": "0s", "tokens_per_second": 1e9})
TURN = 2.0  # seconds
PROMPT = "Context:\n" + "".join(f"- Passage {number} speaks of subject {number}.\n" for number in range(20))
MESSAGES = [{"role": "system", "content": PROMPT}, {"role": "user", "content": "What does passage 7 speak of?"}]
ANSWER = b'{"answer":"' + b"x" * 420 + b'"}'
SERVED_BY, ASKED_BY = 0, 1  # cores

Address = tuple[str, int]


def post(*, stream: bool) -> bytes:
    body = json.dumps({"model": "m", "messages": MESSAGES, "stream": stream}).encode()
    return b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


class Bare(asyncio.Protocol):
    """The least that a server can do: the same bytes for every whole request."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        if len(rest) < length:
            return
        self.buffer = rest[length:]
        self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(ANSWER), ANSWER))


@contextmanager
def bare_server() -> Iterator[Address]:
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        try:
            yield "127.0.0.1", port
        finally:
            process.terminate()


async def serve() -> None:
    os.sched_setaffinity(0, {SERVED_BY})
    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


class Caller:
    """One kept connection."""

    def __init__(self, address: Address, asked: bytes) -> None:
        self.address, self.asked = address, asked

    async def open(self) -> None:
        self.reader, self.writer = await asyncio.open_connection(*self.address)

    async def call(self) -> None:
        self.writer.write(self.asked)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if length:
            await self.reader.readexactly(int(length))
        else:
            await self.reader.readuntil(b"0\r\n\r\n")

    def close(self) -> None:
        self.writer.close()


async def flat_out(address: Address, asked: bytes, seconds: float, connections: int = 32) -> int:
    """Calls done in this time, each connection as fast as it can."""
    callers = [Caller(address, asked) for _ in range(connections)]
    await asyncio.gather(*(caller.open() for caller in callers))
    end = time.monotonic() + seconds
    done = 0

    async def go(caller: Caller) -> None:
        nonlocal done
        while time.monotonic() < end:
            await caller.call()
            done += 1

    await asyncio.gather(*map(go, callers))
    for caller in callers:
        caller.close()
    return done


async def at_a_rate(address: Address, asked: bytes, seconds: float, rate: float) -> list[float]:
    """Times of calls at constant moments, from the planned moment on; as many connections as it takes."""
    idle: list[Caller] = []
    took: list[float] = []

    async def one(due: float) -> None:
        caller = idle.pop() if idle else Caller(address, asked)
        if not hasattr(caller, "reader"):
            await caller.open()
        await caller.call()
        took.append(time.monotonic() - due)
        idle.append(caller)

    began = time.monotonic() + 0.01
    tasks = []
    for number in range(int(seconds * rate)):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        tasks.append(asyncio.create_task(one(due)))
    await asyncio.gather(*tasks)
    for caller in idle:
        caller.close()
    return took


def cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def turns(seconds: float) -> range:
    return range(max(1, round(seconds / TURN)))


def throughput(stand: Stand, addresses: dict[str, tuple[Address, bytes]], seconds: float) -> list[str]:
    wall: dict[str, list[float]] = {name: [] for name in addresses}
    own: dict[str, list[float]] = {name: [] for name in addresses}
    for _ in turns(seconds):
        for name, (address, asked) in addresses.items():
            spent = cpu(stand.pid)
            began = time.monotonic()
            done = asyncio.run(flat_out(address, asked, TURN))
            wall[name].append(done / (time.monotonic() - began))
            own[name].append(done / max(0.001, cpu(stand.pid) - spent))
    rows = []
    for name in addresses:
        per_cpu = "" if name.startswith("bare") else f"{median(own[name]):,.0f}"
        rows.append(f"| {name} | {median(wall[name]):,.0f} | {per_cpu} |")
    return rows


def latency(addresses: dict[str, tuple[Address, bytes]], seconds: float, rate: float) -> list[str]:
    took: dict[str, list[float]] = {name: [] for name in addresses}
    for _ in turns(seconds):
        for name, (address, asked) in addresses.items():
            took[name] += asyncio.run(at_a_rate(address, asked, TURN, rate))
    rows = []
    for name, times in took.items():
        ordered = sorted(times)
        shown = [1e3 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.95, 0.99)]
        rows.append(f"| {name} | {len(ordered):,} | " + " | ".join(f"{value:.2f}" for value in shown) + " |")
    return rows


def edges(stand: Stand, times: int = 500) -> str:
    fault = HttpError(upstream="idle")
    took = []
    for number in range(times):
        for turn in (lambda key: stand.put_on(key, fault, (0, 1)), stand.take_off):
            asked = time.monotonic_ns() // 1_000
            took.append((turn(f"w@{number}") - asked) / 1e3)
    took.sort()
    p50, p99 = took[len(took) // 2], took[int(0.99 * len(took))]
    return f"{len(took):,} fault edges, asked to confirmed: p50 {p50:.2f} ms, p99 {p99:.2f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement, per row")
    parser.add_argument("--rate", type=float, default=200.0, help="calls a second, for the latencies")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.serve:
        asyncio.run(serve())
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bare = stack.enter_context(bare_server())
        host, port = bare
        upstreams = {
            "llm": UpstreamSpec(origin=AT_ONCE),
            "idle": UpstreamSpec(origin=AT_ONCE),
            "api": UpstreamSpec(origin=f"http://{host}:{port}"),
            "db": UpstreamSpec(origin=f"tcp://{host}:{port}"),
        }
        stand = stack.enter_context(
            start(StandSpec(upstreams=upstreams), log=folder / "log", attempts=folder / "attempts.jsonl")
        )
        os.sched_setaffinity(stand.pid, {SERVED_BY})
        os.sched_setaffinity(0, {ASKED_BY})
        ways = {
            "bare asyncio server": (bare, post(stream=False)),
            "simulated, plain": (stand.address("llm"), post(stream=False)),
            "simulated, streamed": (stand.address("llm"), post(stream=True)),
            "forwarded": (stand.address("api"), post(stream=False)),
            "tcp relay": (stand.address("db"), post(stream=False)),
        }
        print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
        print("| flat out, 32 connections | calls/s | calls per CPU-second of the stand |\n|---|---|---|")
        print(*throughput(stand, ways, told.seconds), sep="\n")
        print(f"\n| {told.rate:g}/s, from the planned moment | n | p50 ms | p95 ms | p99 ms |\n|---|---|---|---|---|")
        print(*latency(ways, told.seconds, told.rate), sep="\n")
        print(f"\n{edges(stand)}")


if __name__ == "__main__":
    main()
