"""Runs `pocchaos` as a user does, in a process of its own; knows every process that came of it."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

MARK = "POCCHAOS_E2E"  # in the environment of everything that a run starts, however far it detaches itself
LONGEST = 280.0  # s, on a machine with much else to do

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str
    results: Path

    @property
    def run(self) -> Path:
        """The one run directory that it made."""
        (found,) = self.results.iterdir()
        return found

    @property
    def verdicts(self) -> dict[str, Any]:
        """verdicts.json."""
        told: dict[str, Any] = json.loads((self.run / "verdicts.json").read_bytes())
        return told

    @property
    def facts(self) -> dict[str, Any]:
        """run.json."""
        told: dict[str, Any] = json.loads((self.run / "run.json").read_bytes())
        return told

    def verdict_of(self, criterion: str) -> str:
        """PASS, FAIL or INCONCLUSIVE."""
        return {str(one["id"]): str(one["verdict"]) for one in self.verdicts["criteria"]}[criterion]

    def marks(self, kind: str) -> list[dict[str, Any]]:
        """The marks of one kind."""
        lines = (self.run / "marks.jsonl").read_text().splitlines()
        return [mark for mark in map(json.loads, lines) if mark["kind"] == kind]

    def told(self) -> str:
        """Everything that a failing test wants to show."""
        return f"exit {self.code}\n{self.err}\n{self.out}"


class Command:
    """A `pocchaos` command that runs."""

    def __init__(self, process: "subprocess.Popen[str]", mark: str, results: Path) -> None:
        self._process, self._mark, self.results = process, mark, results

    def interrupt(self, number: signal.Signals) -> None:
        """Send it, and it alone, a signal."""
        self._process.send_signal(number)

    def part(self, words: str) -> int:
        """The pid of the process of ours with these words in its command line; waits until there is one."""
        return until(lambda: next((pid for pid, line in self.processes().items() if words in line), None), words)

    def kill(self, words: str) -> None:
        """SIGKILL that part."""
        os.kill(self.part(words), signal.SIGKILL)

    def stop(self, words: str) -> None:
        """SIGSTOP that part: it lives, and does nothing any more."""
        os.kill(self.part(words), signal.SIGSTOP)

    def processes(self) -> Mapping[int, str]:
        """Every living process that carries this command's mark, the command itself left out."""
        return {pid: line for pid, line in marked(self._mark).items() if pid != self._process.pid}

    def begun(self, fault: bool = False) -> None:
        """Wait for the first stage (or for the first fault to be on)."""
        words = '"fault_on"' if fault else '"stage"'
        until(lambda: any(words in path.read_text() for path in self.results.glob("*/marks.jsonl")) or None, words)

    def ended(self) -> Ended:
        """Wait for its end; nothing that it started may be alive then."""
        out, err = self._process.communicate(timeout=LONGEST)
        left = self.processes()
        assert not left, f"left behind: {left}\n{err}"
        return Ended(code=self._process.returncode, out=out, err=err, results=self.results)

    def kill_all(self) -> None:
        """Whatever is left, by its pid."""
        for pid in (self._process.pid, *self.processes()):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._process.communicate()


@contextmanager
def pocchaos(*words: str | Path, at: Path, env: Mapping[str, str] | None = None) -> Iterator[Command]:
    """Start `python -m pocchaos …` in the folder `at`, with `at/results` for its runs."""
    mark = uuid.uuid4().hex
    process = subprocess.Popen(
        [sys.executable, "-m", "pocchaos", *map(str, words)],
        cwd=at,
        env={**os.environ, "NO_COLOR": "1", **(env or {}), MARK: mark},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    command = Command(process, mark, at / "results")
    try:
        yield command
    finally:
        command.kill_all()


def ran(*words: str | Path, at: Path, env: Mapping[str, str] | None = None) -> Ended:
    """Run a command to its end."""
    with pocchaos(*words, at=at, env=env) as command:
        return command.ended()


def at_once(jobs: Mapping[str, Callable[[], Ended]], width: int = 3) -> dict[str, Ended]:
    """The ends of several runs that go on beside each other: each waits most of its time."""
    with ThreadPoolExecutor(width) as pool:
        return dict(zip(jobs, pool.map(lambda job: job(), jobs.values()), strict=True))


def until(found: Callable[[], T | None], what: str, within: float = 60.0) -> T:
    """Wait on a condition."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if (value := found()) is not None:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {within:g} s: {what}")


def marked(mark: str) -> dict[int, str]:
    """pid and command line of all living processes with this mark in their environment."""
    wanted = f"{MARK}={mark}".encode()
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue  # it has gone, or is not ours to look at
    return found
