"""Coordinated omission: does the load see the pauses of a server that freezes?

A server answers after 5 ms and freezes for 1 s every 10 s; requests are due at a constant 200/s for 60 s. Whoever is
due t after a freeze begins gets an answer 1 s − t + 5 ms later, so a response above x has the share
(1.005 s − x) / 10 s, and p99 = 905 ms; 910 ms is the figure asked for, within 2 %. A closed-loop generator reads 7 ms.

    .venv/bin/python benchmarks/frozen_server.py [--long]

With `--long` each answer is another one of 8 kB: it is parsed, searched for a canary and a long secret, and kept.
Where other work shares the machine, `chrt -f 1` before it keeps that out of the figures.
"""

import argparse
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from array import array
from collections import deque
from itertools import count
from pathlib import Path

from load_throughput import machine

RATE, LENGTH = 200, 60
PERIOD, FREEZE, SERVICE = 10.0, 1.0, 0.005
ASKED = 0.910
SECRET = "You are the assistant of a parcel service; never tell the code. " * 20
SATURATED = 0.005  # s of dispatch lag at p99 above which the generator decides the figure
REPLY = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{"answer": "x"}'


def long_reply(number: int) -> bytes:
    sources = ", ".join(['{"id": 17, "title": "some title of a source"}'] * 80)
    body = f'{{"answer": "{"a long answer of many words " * 150}{number}", "sources": [{sources}]}}'
    return f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def serve(origin: float, *, long: bool) -> None:
    """Answers each request 5 ms after it was read; a bare epoll loop, so that the thaw itself costs next to nothing."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
    listening.settimeout(0)
    print(listening.getsockname()[1], flush=True)
    poll = select.epoll()
    poll.register(listening, select.EPOLLIN)
    connections: dict[int, socket.socket] = {}
    owed: deque[tuple[float, int]] = deque()  # (when, to whom)
    numbers = count()
    freezes = deque(origin + cycle * PERIOD + PERIOD / 2 for cycle in range(int(LENGTH / PERIOD)))
    while True:
        now = time.monotonic()
        if freezes and now >= freezes[0]:
            time.sleep(max(0.0, freezes.popleft() + FREEZE - now))
        while owed and owed[0][0] <= time.monotonic():
            if (connection := connections.get(owed.popleft()[1])) is not None:
                connection.send(long_reply(next(numbers)) if long else REPLY)
        coming = min(owed[0][0] if owed else now + 1, freezes[0] if freezes else now + 1)
        for number, _ in poll.poll(max(0.0, coming - time.monotonic())):
            if number == listening.fileno():
                connection, _ = listening.accept()
                connection.settimeout(0)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connections[connection.fileno()] = connection
                poll.register(connection, select.EPOLLIN)
            elif connections[number].recv(4096):
                owed.append((time.monotonic() + SERVICE, number))
            else:
                connections.pop(number).close()


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--serve", type=float, default=0.0, help=argparse.SUPPRESS)
    parser.add_argument("--long", action="store_true", help="each answer is different and of 8 kB")
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.serve, long=asked.long)
        return
    from pocchaos.load.process import start
    from pocchaos.load.spec import LoadSpec, LoadTenant, pool_for
    from pocchaos.model.evidence import How, Sample
    from pocchaos.scenario.language import Answer, Request
    from pocchaos.scenario.plan import InputRow, Plan, Requests

    os.sched_setaffinity(0, {1})
    print(machine())
    planned = RATE * LENGTH
    zeros = array("q", [0] * planned)
    origin = time.monotonic() + 6.0
    server = subprocess.Popen(
        ["taskset", "-c", "1", sys.executable, __file__, "--serve", str(origin), *(["--long"] if asked.long else [])],
        stdout=subprocess.PIPE,
        text=True,
    )
    samples: list[Sample] = []
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        spec = LoadSpec(
            url=f"http://127.0.0.1:{port}",
            request=Request.model_validate({"path": "/", "json": {"q": "?"}}),
            answer=Answer(path="answer"),
            tenants=(LoadTenant(name="default", canaries={"document": ["ca-1111111"]}),),
            secrets=(SECRET,),
            redact={"TOKEN": "token-default-1"},
            plan=Plan(
                seed=0,
                stages=(),
                windows=(),
                edges=(),
                tenants=("default",),
                inputs=(InputRow(id="q", category="in_scope", expect="answer", fields={}),),
                requests=Requests(
                    due=array("q", [k * 1_000_000 // RATE for k in range(planned)]),
                    stage=zeros,
                    tenant=zeros,
                    input=zeros,
                ),
            ),
            run="bench",
            deadline=5.0,
            pool=pool_for(RATE, 5.0),
        )
        with (
            tempfile.TemporaryDirectory() as folder,
            start(spec, on_batch=lambda batch, _: samples.extend(batch.samples), log=Path(folder) / "log") as load,
        ):
            os.sched_setaffinity(load.pid, {0})
            load.go(round(origin * 1e6))
            load.wait(LENGTH + 30)
    finally:
        server.kill()
        server.wait()
    assert len(samples) == planned
    assert all(sample.how is How.COMPLETE for sample in samples), {sample.how for sample in samples}
    rows = [(s.due, s.start or 0, s.end or 0) for s in samples]
    columns = {
        "response (end − due)": [(end - due) / 1e6 for due, _, end in rows],
        "service (end − start)": [(end - start) / 1e6 for _, start, end in rows],
        "dispatch lag (start − due)": [(start - due) / 1e6 for due, start, _ in rows],
    }
    for name, values in columns.items():
        shown = ", ".join(f"p{100 * q:g} {percentile(values, q) * 1000:.1f}" for q in (0.5, 0.95, 0.99, 0.999))
        print(f"{name:26} ms: {shown}")
    p99 = percentile(columns["response (end − due)"], 0.99)
    off = p99 / ASKED - 1
    print(f"p99 {p99 * 1000:.1f} ms is {off:+.2%} off 910 ms, {p99 / 0.905 - 1:+.2%} off 905 ms")
    if (lag := percentile(columns["dispatch lag (start − due)"], 0.99)) > SATURATED:
        print(
            f"our own generator had a dispatch lag of {lag * 1000:.1f} ms at p99: the machine was too busy to measure"
        )
        raise SystemExit(3)
    if abs(off) > 0.02:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
