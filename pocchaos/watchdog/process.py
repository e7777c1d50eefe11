"""The conductor's side of the watchdog: start it, tell it what is done and undone, see that it lives."""

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from pocchaos.exchange.redact import Redaction
from pocchaos.files.processes import ourselves
from pocchaos.files.undo import UndoLog, written
from pocchaos.model.errors import WatchdogError
from pocchaos.model.undo import Undo
from pocchaos.model.units import Seconds

READY_WITHIN: Final = Seconds(30.0)  # a cold start on a busy machine
ASKED_EVERY: Final = Seconds(1.0)
ANSWER_WITHIN: Final = Seconds(5.0)
ENDS_WITHIN: Final = Seconds(45.0)  # a target's own `stop` may take 30 s of it
IDLE_WITHIN: Final = Seconds(2.0)  # where nothing is left to undo


class Watchdog:
    """Writes down, on the disk and to the watchdog, what must be undone; made by `start`."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: UndoLog) -> None:
        self._process, self._log = process, log
        self._left: set[str] = set()
        self._asked = self._answered = 0
        self._last = time.monotonic()
        self._unread = b""

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def note(self, key: str, undo: Undo) -> None:
        """This is about to be done; when the call returns, it will be undone whatever becomes of us."""
        self._log.note(key, undo)
        self._left.add(key)
        self._tell({"key": key, "undo": written(undo)})

    def done(self, key: str) -> None:
        """This is undone."""
        self._tell({"key": key, "undone": ""})
        self._left.discard(key)
        self._log.done(key)

    @contextmanager
    def undoing(self, key: str, undo: Undo) -> Iterator[None]:
        """Around what does and undoes it; where that is left by an error, the watchdog looks whether it is undone."""
        self.note(key, undo)
        yield
        self.done(key)

    def check_alive(self) -> None:
        """Raises WatchdogError where it has gone, or has not answered for five seconds."""
        code = self._process.poll()
        if code is not None:
            raise WatchdogError(f"the watchdog (pid {self.pid}) ended with {code}: nobody would roll back for us")
        self._read(0.0)
        now = time.monotonic()
        if self._answered == self._asked:
            if now - self._last >= ASKED_EVERY:
                self._asked += 1
                self._last = now
                self._tell({"ping": self._asked})
        elif now - self._last > ANSWER_WITHIN:
            raise WatchdogError(f"the watchdog (pid {self.pid}) has not answered for {ANSWER_WITHIN:g} s")

    def wait_until_ready(self) -> None:
        """Raises WatchdogError where it does not come up."""
        if not self._read(READY_WITHIN):
            raise WatchdogError(f"the watchdog did not come up within {READY_WITHIN:g} s")

    def end(self) -> None:
        """Let it go: it undoes what is left, if anything is, and ends."""
        with suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        try:
            self._process.wait(ENDS_WITHIN if self._left else IDLE_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._log.close()

    def _tell(self, words: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):  # it has gone: `check_alive` says so
            self._process.stdin.write(json.dumps(words).encode() + b"\n")

    def _read(self, within: float) -> bool:
        """Take in what it said; whether it said anything."""
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as chosen:
            chosen.register(self._process.stdout, selectors.EVENT_READ)
            if not chosen.select(within):
                return False
        data = os.read(self._process.stdout.fileno(), 65_536)
        self._unread += data
        *lines, self._unread = self._unread.split(b"\n")
        for line in lines:
            self._answered = max(self._answered, json.loads(line).get("pong", 0))
        return bool(data)


@contextmanager
def start(folder: Path, *, run: str, secrets: Mapping[str, str]) -> Iterator[Watchdog]:
    """A watchdog for as long as the `with` lasts; what is not `done` when it ends is rolled back, however it ends.

    `secrets` (name to value) are taken out of the logs if we cannot do that ourselves any more. Raises WatchdogError.
    """
    with (folder / "logs" / "watchdog.log").open("ab") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "pocchaos.watchdog"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,  # what ends us must not end it
            bufsize=0,
        )
    watchdog = Watchdog(process, log := UndoLog(folder, Redaction(secrets)))
    try:
        log.own(ourselves(watchdog=process.pid))
        watchdog._tell({"run": run, "folder": str(folder.resolve()), "secrets": dict(secrets)})
        watchdog.wait_until_ready()
        yield watchdog
    finally:
        watchdog.end()
