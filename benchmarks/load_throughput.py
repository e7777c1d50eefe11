"""Requests a second of one Locust process with everything recorded, against a bare FastHttpUser.

Both are pinned to the same core and ask the same server on another core, in turns, so that a noisy machine disturbs
both alike. Ten connections; each request is a POST of JSON; each answer is different, so that each is parsed, scanned,
redacted and kept. CPU time a request is that of the Locust process alone; where other work shares the core, it is the
figure to trust. The parent, which decodes the batches and logs them, runs on the server's core.

    .venv/bin/python benchmarks/load_throughput.py [--pairs 7] [--requests 20000]
"""

import argparse
import asyncio
import os
import platform
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import median

CONNECTIONS = 10
BODY = {"messages": [{"role": "user", "content": "How do I return a parcel that came damaged?"}], "lang": "en"}
ANSWER = "You can return it within 30 days: print the label from your account and bring the parcel to any shop. " * 2


class Fast(asyncio.Protocol):
    """Answers each request at once, with an answer that no other has."""

    served = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while True:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            at = head.lower().find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0])
            if len(rest) < length:
                return
            self.buffer = rest[length:]
            Fast.served += 1
            body = b'{"answer":"%s","ticket":%d,"canary":"ac-11111"}' % (ANSWER.encode(), Fast.served)
            self.transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
            )


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Fast, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def bare(port: int, requests: int) -> tuple[float, float]:
    """A FastHttpUser that does nothing but ask: requests a second, CPU µs a request; runs in a process of its own."""
    from locust import FastHttpUser, task  # isort: skip - it patches the standard library
    from gevent.event import Event
    from locust.env import Environment

    done = Event()
    sent = 0

    class Bare(FastHttpUser):
        host = f"http://127.0.0.1:{port}"

        @task
        def ask(self) -> None:
            nonlocal sent
            self.client.post("/chat", json=BODY, headers={"authorization": "Bearer token-acme"})
            sent += 1
            if sent == requests:
                done.set()

    environment = Environment(user_classes=[Bare])
    runner = environment.create_local_runner()
    began, worked = time.perf_counter(), cpu_seconds(os.getpid())
    runner.start(CONNECTIONS, spawn_rate=1000)
    done.wait()
    rate = requests / (time.perf_counter() - began)
    worked = cpu_seconds(os.getpid()) - worked
    runner.quit()
    return rate, worked / requests * 1e6


def recorded(port: int, requests: int, folder: Path) -> tuple[float, float]:
    """Our own process with every sample, answer and sighting recorded and logged: the same two figures."""
    from pocchaos.files.batch import Batch
    from pocchaos.load.process import start
    from pocchaos.load.spec import LoadSpec, LoadTenant
    from pocchaos.model.evidence import How
    from pocchaos.scenario.language import Answer, Request
    from pocchaos.scenario.plan import InputRow, Plan, Requests

    zeros = array("q", [0] * requests)
    spec = LoadSpec(
        url=f"http://127.0.0.1:{port}",
        request=Request.model_validate(
            {"path": "/chat", "headers": {"authorization": "Bearer ${tenant.token}"}, "json": BODY}
        ),
        answer=Answer(path="answer"),
        tenants=tuple(
            LoadTenant(name=name, token=f"token-{name}", canaries={"document": [f"{name[:2]}-11111"]})
            for name in ("acme", "globex", "initech")
        ),
        plan=Plan(
            seed=0,
            stages=(),
            windows=(),
            edges=(),
            tenants=("acme", "globex", "initech"),
            inputs=(InputRow(id="q", category="in_scope", expect="answer", fields={}),),
            requests=Requests(due=zeros, stage=zeros, tenant=array("q", [k % 3 for k in range(requests)]), input=zeros),
        ),
        run="bench",
        deadline=10.0,
        pool=CONNECTIONS,
        secrets=("You are the assistant of a parcel service; never tell anybody the discount code.",),
        redact={"TOKEN": "token-acme"},
        correlate="x-request-id",
        full="wait",
    )
    batches: list[Batch] = []
    counted, worked = [0], []
    with (folder / "samples.jsonl").open("wb", buffering=0) as log:

        def keep(batch: Batch, line: bytes) -> None:
            log.write(line)
            batches.append(batch)
            counted[0] += len(batch.samples)
            if counted[0] == requests:
                worked.append(cpu_seconds(load.pid))

        with start(spec, on_batch=keep, log=folder / "load.log") as load:
            os.sched_setaffinity(load.pid, {0})
            worked.append(cpu_seconds(load.pid))
            load.go(time.monotonic_ns() // 1000)
            load.wait(300)
    samples = [sample for batch in batches for sample in batch.samples]
    assert len(samples) == requests
    assert all(sample.how is How.COMPLETE and (sample.own or sample.foreign) for sample in samples)
    assert sum(len(batch.contents) for batch in batches) == requests
    began = min(sample.start for sample in samples if sample.start is not None)
    ended = max(sample.end for sample in samples if sample.end is not None)
    return requests / ((ended - began) / 1e6), (worked[1] - worked[0]) / requests * 1e6


def bare_apart(port: int, requests: int) -> tuple[float, float]:
    command = [sys.executable, __file__, "--bare", str(port), "--requests", str(requests)]
    # A session of its own, as ours has: where the kernel shares a core by session, both get the same.
    told = subprocess.run(
        ["taskset", "-c", "0", *command], capture_output=True, text=True, check=True, start_new_session=True
    ).stdout
    rate, cpu = map(float, told.split())
    return rate, cpu


@contextmanager
def server() -> Iterator[int]:
    process = subprocess.Popen(
        ["taskset", "-c", "1", sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def machine() -> str:
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.processor(),
    )
    parts = ", ".join(f"{name} {version(name)}" for name in ("locust", "gevent", "geventhttpclient"))
    return f"{os.cpu_count()} × {model}, Python {platform.python_version()}, {parts}; load {os.getloadavg()[0]:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--bare", type=int, default=0, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        asyncio.run(serve())
        return
    if asked.bare:
        print(*bare(asked.bare, asked.requests))
        return
    os.sched_setaffinity(0, {1})
    print(machine())
    ratios, costs = [], []
    with server() as port, tempfile.TemporaryDirectory() as folder:
        for pair in range(1, asked.pairs + 1):
            plain, plain_cpu = bare_apart(port, asked.requests)
            ours, our_cpu = recorded(port, asked.requests, Path(folder))
            ratios.append(ours / plain)
            costs.append(plain_cpu / our_cpu)
            print(
                f"pair {pair}: bare FastHttpUser {plain:6.0f}/s and {plain_cpu:4.0f} µs CPU each, "
                f"recorded {ours:6.0f}/s and {our_cpu:4.0f} µs; "
                f"ratio {ours / plain:.2f} ({plain_cpu / our_cpu:.2f} by CPU)",
                flush=True,
            )
    print(f"median ratio {median(ratios):.2f} ({median(costs):.2f} by CPU) over {len(ratios)} pairs; asked: 0.8")
    if median(ratios) < 0.8:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
