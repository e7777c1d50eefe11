"""The parent's side of a Locust process: start it, say go, take its batches, end it. No gevent here."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import IO, Any, Final

from pocchaos.files.batch import Batch, decode
from pocchaos.load.spec import LoadSpec, encode_spec
from pocchaos.model.errors import LoadError

READY_WITHIN: Final = 60.0  # s: importing Locust takes one or two, rendering a large plan some more
SILENT_AFTER: Final = 10.0  # s without a word (it reports ten times a second) after which it counts as hung
END_WITHIN: Final = 5.0  # s between asking it to end and killing it
DRAIN_MARGIN: Final = 15.0  # s beyond the deadline that it may need to drain and deliver

OnBatch = Callable[[Batch, bytes], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadState:
    """How far the load has come, as it last reported."""

    alive: bool
    done: bool
    at: int = 0  # when it counted, µs since the run's origin
    sent: int = 0
    ended: int = 0
    missed: int = 0  # not sent: the in-flight pool was full
    in_flight: int = 0
    batches: int = 0  # received and acknowledged


class Load:
    """One Locust process; made by `start`. Its methods raise LoadError where it died, hung or failed."""

    def __init__(self, process: "subprocess.Popen[bytes]", spec: LoadSpec, on_batch: OnBatch, log: Path) -> None:
        self._process = process
        self._deadline = spec.deadline
        self._on_batch = on_batch
        self._log = log
        self._changed = threading.Condition()
        self._writing = threading.Lock()
        self._state: Mapping[str, int] = {}
        self._seen: set[int] = set()
        self._heard = monotonic()
        self._ready = self._done = self._ended = False
        self._failure: BaseException | None = None
        self._reader = threading.Thread(target=self._read, name="load reader", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def go(self, origin_us: int) -> None:
        """Begin: `origin_us` is the run's origin on the machine's monotonic clock, µs; it may lie ahead."""
        self._check()
        self._say({"go": origin_us})

    def poll(self) -> LoadState:
        """How far it is."""
        self._check()
        with self._changed:
            return LoadState(
                alive=not self._ended,
                done=self._done,
                batches=len(self._seen),
                **{name: self._state.get(name, 0) for name in ("at", "sent", "ended", "missed", "in_flight")},
            )

    def stop(self) -> None:
        """Send nothing more; requests in flight are drained up to their deadline. `wait` then tells the end."""
        self._check()
        self._say({"stop": True})

    def wait(self, timeout: float) -> LoadState:
        """Wait until everything is sent, drained and delivered; raises LoadError after `timeout` s."""
        self._await(lambda: self._done, timeout, f"the load has not ended within {timeout:g} s")
        return self.poll()

    def await_ready(self) -> None:
        """Wait until it has rendered its requests and waits for `go`."""
        self._await(lambda: self._ready, READY_WITHIN, f"the Locust process was not ready within {READY_WITHIN:g} s")

    def close(self) -> None:
        """End the process, gently if it is still at work, and reap it."""
        try:
            self._end()
        except BaseException:  # a second Ctrl-C: no patience, but no orphan either
            self._kill()
            raise

    def _end(self) -> None:
        if not self._ended and not self._done and self._ready and not self._silent():
            self._say({"stop": True})
            with self._changed:
                self._changed.wait_for(lambda: self._done or self._ended, self._deadline + DRAIN_MARGIN)
        with suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()  # it ends by itself when nobody is left
        try:
            self._process.wait(END_WITHIN)
        except subprocess.TimeoutExpired:
            self._kill()
        self._reader.join(END_WITHIN)

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _await(self, reached: Callable[[], bool], timeout: float, late: str) -> None:
        until = monotonic() + timeout
        while not reached():
            self._check()
            if monotonic() >= until:
                raise LoadError(f"{late}; its log is {self._log}")
            with self._changed:
                self._changed.wait_for(lambda: reached() or self._ended, min(0.5, timeout))

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._done:
            return
        if self._ended:
            raise LoadError(f"the Locust process {_how_it_ended(self._process)}; its log is {self._log}")
        if self._ready and self._state and self._silent():
            raise LoadError(f"the Locust process has been silent for {SILENT_AFTER:g} s; its log is {self._log}")

    def _silent(self) -> bool:
        return monotonic() - self._heard > SILENT_AFTER

    def _say(self, message: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        # a process that has gone is noticed by the reader, which knows more about it
        with self._writing, suppress(OSError, ValueError):
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            for line in self._process.stdout:
                self._take(line)
        except BaseException as error:  # noqa: BLE001 - raised again where somebody asks: a thread has no caller
            self._failure = error
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _take(self, line: bytes) -> None:
        if not line.endswith(b"\n"):
            return  # torn by its death
        self._heard = monotonic()
        if line.startswith(b'{"batch":'):
            batch = decode(line)
            if batch.number not in self._seen:
                self._on_batch(batch, line)
                self._seen.add(batch.number)
            self._say({"ack": batch.number})
            return
        message = json.loads(line)
        with self._changed:
            match message:
                case {"ready": _}:
                    self._ready = True
                case {"state": state}:
                    self._state = state
                case {"done": state}:
                    self._state, self._done = state, True
                case {"failed": str(why)}:
                    self._failure = LoadError(why)
                case _:
                    self._failure = LoadError(f"the Locust process said what nobody understands: {line[:80]!r}")
            self._changed.notify_all()


@contextmanager
def start(spec: LoadSpec, *, on_batch: OnBatch, log: Path) -> Iterator[Load]:
    """Start a Locust process with everything rendered and ready for `go`; on leaving, it has ended.

    `on_batch` is called from a thread of its own, once for each batch, in order of arrival; what it raises is
    raised by the next method of the `Load`. A batch is acknowledged when it returns. Raises LoadError.
    """
    with log.open("ab") as stderr:
        # Its own session: Ctrl-C in a terminal reaches us alone, and we end it in order.
        process = subprocess.Popen(
            [sys.executable, "-m", "pocchaos.load.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
        )
    load = Load(process, spec, on_batch, log)
    try:
        _send_spec(process.stdin, spec)
        load.await_ready()
        yield load
    except BaseException:
        load.close()
        raise
    else:
        load.close()
    finally:
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                assert pipe is not None
                pipe.close()


def _send_spec(pipe: IO[bytes] | None, spec: LoadSpec) -> None:
    assert pipe is not None
    with suppress(OSError):  # it died at once: `await_ready` tells how
        pipe.write(encode_spec(spec))
        pipe.flush()


def _how_it_ended(process: "subprocess.Popen[bytes]") -> str:
    with suppress(subprocess.TimeoutExpired):
        process.wait(END_WITHIN)
    code = process.returncode
    if code is None:
        return "closed its output"
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
