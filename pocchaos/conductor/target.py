"""The target as a process: started if the scenario says how, proved ready, asked for its version, stopped."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import jmespath

from pocchaos.exchange.template import render
from pocchaos.files.processes import born
from pocchaos.model.errors import PortTakenError, TargetNotReadyError
from pocchaos.model.undo import MARK, Keeper, StartedTarget
from pocchaos.model.units import Seconds
from pocchaos.scenario.language import Start, Target, VersionCall
from pocchaos.watchdog.rollback import run_stop

READY_WITHIN = Seconds(60.0)
STOP_WITHIN = Seconds(10.0)  # between SIGTERM and SIGKILL, and for the scenario's own `stop`
_POLL = Seconds(0.1)
_ASK_WITHIN = Seconds(2.0)

Names = Mapping[str, Mapping[str, object]]
Say = Callable[[str], None]
Shown = Callable[[str], str]


@contextmanager
def running(
    target: Target, *, folder: Path, names: Names, log: Path, say: Say, keeper: Keeper, run: str, shown: Shown = str
) -> Iterator["RunningTarget"]:
    """The target, ready to be asked; whatever was started is stopped on the way out.

    `names` are what templates may name, `shown` takes secrets out of what a person reads, `keeper` stops it for us
    if we cannot, and `run` marks its processes. Raises PortTakenError
    where somebody else answers at its address, TargetNotReadyError with the last lines that it printed.
    """
    url = str(render(target.url, names)).rstrip("/")
    if target.start is None:
        _wait_ready(target, url, None)
        yield RunningTarget(url=url, started=None)
        return
    _refuse_another(target, url)
    started = Started(target.start, folder=folder, names=names, log=log, shown=shown, run=run)
    say(shown(f"starting the target: {' '.join(started.command)}"))
    keeper.note("target", started.undo())
    try:
        started.begin()
        keeper.note("target", started.undo())
        _wait_ready(target, url, started)
        yield RunningTarget(url=url, started=started)
    finally:
        started.end(say)
        if not started.unsure:
            keeper.done("target")


@dataclass(frozen=True, kw_only=True)
class RunningTarget:
    """A target that answers at `url`; `started` is None where it was running already."""

    url: str
    started: "Started | None"

    def exited(self) -> int | None:
        """The exit code of a target that we started and that has gone; None while it lives or cannot be known."""
        return self.started.exited() if self.started else None


class Started:
    """The process of `target.start`, in a session of its own: stopped as a whole, and not by our terminal's Ctrl-C."""

    def __init__(self, start: Start, *, folder: Path, names: Names, log: Path, shown: Shown, run: str) -> None:
        self._detaches = start.stop is not None  # then a command that ends with 0 has left the target behind
        self.command = [str(part) for part in render(list(start.command), names)]
        self._stop = [str(part) for part in render(list(start.stop or ()), names)]
        self._cwd = folder / (start.cwd or ".")
        self._own_env = {key: str(value) for key, value in render(dict(start.env), names).items()}
        self._own_env[MARK] = f"{run}/target"
        self._env = {**os.environ, **self._own_env}
        self._log, self._shown = log, shown
        self._process: subprocess.Popen[bytes] | None = None
        self.unsure = False  # an interruption came while it was being started: the watchdog finds it by its mark

    def undo(self) -> StartedTarget:
        """How to stop it, for whoever may have to."""
        pid = self._process.pid if self._process else None
        return StartedTarget(
            pid=pid,
            born=born(pid) if pid is not None else None,
            stop=tuple(self._stop),
            cwd=str(self._cwd.resolve()),
            env=self._own_env,
        )

    def begin(self) -> None:
        """Start it; raises TargetNotReadyError where the command cannot be started."""
        self.unsure = True
        try:
            with self._log.open("ab") as output:
                self._process = subprocess.Popen(
                    self.command,
                    cwd=self._cwd,
                    env=self._env,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            self.unsure = False
        except OSError as error:
            self.unsure = False
            raise TargetNotReadyError(
                f"target.start.command: {self.command[0]!r} cannot be started in {self._cwd} ({error.strerror}): "
                "is it on PATH, and is target.start.cwd right?"
            ) from None

    def exited(self) -> int | None:
        """The exit code, where the target's end can be told from it: of one that detaches only a failure can."""
        code = self._process.poll() if self._process else None
        return None if code == 0 and self._detaches else code

    def end(self, say: Say) -> None:
        """The scenario's own `stop`, then SIGTERM to the group, then SIGKILL; whatever comes between."""
        process = self._process
        if process is None:
            return
        try:
            if self._stop:
                self._run_stop(say)
            _end_group(process, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_WITHIN)
        finally:
            _end_group(process, signal.SIGKILL)  # also what the leader left behind in its group
            process.wait()

    def tail(self, lines: int = 15) -> str:
        """The last lines that it printed, as a person may read them."""
        with self._log.open("rb") as file:
            file.seek(max(0, self._log.stat().st_size - 8_192))
            told = self._shown(file.read().decode(errors="replace")).splitlines()[-lines:]
        return "\nthe last lines that it printed:\n  " + "\n  ".join(told) if told else "\nit printed nothing"

    def _run_stop(self, say: Say) -> None:
        if trouble := run_stop(self.undo(), self._log, within=STOP_WITHIN):
            say(self._shown(f"target.start.stop {trouble}, the target may still run; its output is in {self._log}"))


def ask_version(target: Target, url: str, names: Names) -> str | None:
    """What was tested, as the scenario says or as the target answers; None where it does not say."""
    if not isinstance(target.version, VersionCall):
        return None if target.version is None else str(render(target.version, names))
    try:
        reply = httpx.get(f"{url}{target.version.get}", timeout=5.0, trust_env=False)
        found = jmespath.search(target.version.path, reply.json())
    except (httpx.HTTPError, ValueError):
        return None
    return found if isinstance(found, str) else json.dumps(found)


def _refuse_another(target: Target, url: str) -> None:
    """Whoever answers before we start anything is not what the scenario means to test."""
    if target.start is None or target.start.stop is not None:
        return  # what is started detached may well be up already: starting it again changes nothing
    with suppress(httpx.HTTPError):
        status = httpx.get(f"{url}{target.ready}", timeout=_ASK_WITHIN, trust_env=False).status_code
        raise PortTakenError(
            f"something answers at {url} (status {status}) before the target was started: stop it, "
            "choose another port (${run.port} is a free one), or leave target.start out if that is the target"
        )


def _wait_ready(target: Target, url: str, started: Started | None) -> None:
    """Poll `ready` until 2xx."""
    until = time.monotonic() + READY_WITHIN
    last = "no answer yet"
    while time.monotonic() < until:
        code = started.exited() if started else None
        if started and code is not None:
            raise TargetNotReadyError(f"the target ended with exit code {code} before it was ready{started.tail()}")
        try:
            status = httpx.get(f"{url}{target.ready}", timeout=_ASK_WITHIN, trust_env=False).status_code
        except httpx.HTTPError as error:
            last = str(error) or type(error).__name__
        else:
            if 200 <= status < 300:
                return
            last = f"status {status}"
        time.sleep(_POLL)
    raise TargetNotReadyError(
        f"{url}{target.ready} did not answer 2xx within {READY_WITHIN:.0f} s (last: {last}): "
        f"is target.ready the right path, and target.url the right address?{started.tail() if started else ''}"
    )


def _end_group(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
