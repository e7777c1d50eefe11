"""The parent's side of the stand: start it, put faults on and take them off, count, end it; every wait is bounded."""

import json
import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

from pocchaos.faults import StandFault
from pocchaos.model.errors import StandError
from pocchaos.model.units import AS_WRITTEN, Seconds
from pocchaos.stand.spec import StandSpec, dump
from pocchaos.stand.traffic import Traffic

READY_WITHIN: Final = Seconds(30.0)  # a cold start on a busy machine
ANSWER_WITHIN: Final = Seconds(5.0)
STOP_WITHIN: Final = Seconds(5.0)
KILL_AFTER: Final = Seconds(2.0)


@contextmanager
def start(spec: StandSpec, *, log: Path, attempts: Path) -> "Iterator[Stand]":
    """Start the stand in a process and session of its own; it ends with the block, or with us.

    `log` gets what it has to say, `attempts` what it saw. Raises StandError if it does not come up. Call it from
    the main thread: where the kernel ends the stand with its parent, the parent is the thread that started it.
    """
    with log.open("ab") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "pocchaos.stand", str(attempts)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
            bufsize=0,
        )
    stand = Stand(process, spec, log)
    try:
        stand.wait_until_ready()
        yield stand
    finally:
        stand.end()


class Stand:
    """A stand that runs. All of it may be called from several threads."""

    def __init__(self, process: "subprocess.Popen[bytes]", spec: StandSpec, log: Path) -> None:
        self._process, self._spec, self._log = process, spec, log
        self._lock = threading.Lock()
        self._asked = 0
        self._unread = b""
        self._addresses: dict[str, tuple[str, int]] = {}

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def wait_until_ready(self) -> Self:
        """Send the spec and wait for the listeners; raises StandError."""
        with self._lock:
            deadline = time.monotonic() + READY_WITHIN
            self._send(dump(self._spec), deadline)
            told = self._receive(deadline)
        if "ready" not in told:
            raise StandError(f"the stand said {told} where it should have been ready")
        self._addresses = {name: (host, port) for name, (host, port) in told["ready"].items()}
        return self

    def address(self, upstream: str) -> tuple[str, int]:
        """Where Toxiproxy finds this upstream: host and port of the stand, of the origin where `relay` is false."""
        if upstream in self._addresses:
            return self._addresses[upstream]
        told = self._spec.upstreams.get(upstream)
        parts = urlsplit(told.origin) if told is not None and isinstance(told.origin, str) else None
        if parts is None or parts.hostname is None or parts.port is None:
            raise StandError(
                f"`{upstream}` is no upstream of the stand ({', '.join(self._addresses) or 'it has none'})"
            )
        return parts.hostname, parts.port

    def put_on(self, window: str, fault: StandFault, planned: tuple[int, int]) -> int:
        """Put a fault on; the moment (monotonic µs) from which every attempt that arrives is decided under it.

        `planned` is its planned (on, off) in µs of any origin: ramps run over its length. Raises StandError.
        """
        return self._moment(
            {
                "do": "put_on",
                "window": window,
                "fault": fault.model_dump(mode="json", by_alias=True, context=AS_WRITTEN),
                "planned": planned[1] - planned[0],
            }
        )

    def take_off(self, window: str) -> int:
        """Take a fault off; the moment (monotonic µs) from which no attempt is decided under it.

        What it holds stays held until its caller hangs up. Raises StandError, also if it is not on.
        """
        return self._moment({"do": "take_off", "window": window})

    def counts(self) -> Mapping[str, int]:
        """Attempts so far by upstream (tcp: turns)."""
        return {name: traffic.attempts for name, traffic in self.traffic().items()}

    def traffic(self) -> Mapping[str, Traffic]:
        """Attempts, connections and bytes so far by upstream."""
        told = self._ask({"do": "traffic"})["traffic"]
        return {name: Traffic(**row) for name, row in told.items()}

    def check_alive(self) -> None:
        """Raise StandError if it has died."""
        if self._process.poll() is not None:
            raise self._died()

    def end(self) -> None:
        """Stop it, its log flushed; by force if it does not obey. Safe to call twice."""
        with suppress(StandError, OSError):
            if self._process.poll() is None:
                self._ask({"do": "stop"}, within=STOP_WITHIN)
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        for wait, harder in ((STOP_WITHIN, self._process.terminate), (KILL_AFTER, self._process.kill)):
            try:
                self._process.wait(wait)
            except subprocess.TimeoutExpired:
                harder()
            else:
                return
        self._process.wait()

    def _moment(self, command: Mapping[str, Any]) -> int:
        at = self._ask(command)["at"]
        assert isinstance(at, int)
        return at

    def _ask(self, command: Mapping[str, Any], *, within: Seconds = ANSWER_WITHIN) -> Mapping[str, Any]:
        with self._lock:
            self._asked += 1
            deadline = time.monotonic() + within
            self._send(json.dumps({"id": self._asked, **command}), deadline)
            while (told := self._receive(deadline)).get("id") != self._asked:
                pass  # a late answer to a command that was given up
        if "error" in told:
            raise StandError(f"the stand refused {command['do']}: {told['error']}")
        return told

    def _send(self, line: str, deadline: float) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        left = memoryview(line.encode() + b"\n")
        try:
            os.set_blocking(stdin.fileno(), False)
            while left:
                self._wait(stdin.fileno(), selectors.EVENT_WRITE, deadline)
                left = left[os.write(stdin.fileno(), left) :]
        except (BrokenPipeError, ValueError) as error:
            raise self._died() from error

    def _receive(self, deadline: float) -> Mapping[str, Any]:
        stdout = self._process.stdout
        assert stdout is not None
        while b"\n" not in self._unread:
            try:
                self._wait(stdout.fileno(), selectors.EVENT_READ, deadline)
                more = os.read(stdout.fileno(), 65_536)
            except ValueError as error:
                raise self._died() from error
            if not more:
                raise self._died()
            self._unread += more
        line, _, self._unread = self._unread.partition(b"\n")
        told: Mapping[str, Any] = json.loads(line)
        return told

    def _wait(self, fd: int, event: int, deadline: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(fd, event)
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise StandError(f"the stand (pid {self.pid}) did not answer in time; its log is {self._log}")

    def _died(self) -> StandError:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(KILL_AFTER)
        with suppress(OSError):
            said = last_said(self._log.read_text(errors="replace"))
            if said:
                return StandError(f"the stand ended with {self._process.returncode}: {said[:500]} ({self._log})")
        return StandError(f"the stand ended with {self._process.returncode} and said nothing ({self._log})")


def last_said(log: str) -> str:
    """The last line that begins at the margin, with the indented ones after it: an error, and what it says of it."""
    lines = [line for line in log.splitlines() if line.strip() and "errors.pydantic.dev" not in line]
    begins = max((place for place, line in enumerate(lines) if not line[0].isspace()), default=0)
    return " ".join(line.strip() for line in lines[begins:])
