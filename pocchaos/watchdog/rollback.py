"""Undo what a run that ended badly has left behind: proxies on a shared server, processes, the target."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from pocchaos.files.processes import born, is_same, marked
from pocchaos.model.errors import ToxiproxyError
from pocchaos.model.undo import FaultOn, Part, SharedServer, StartedTarget, Undo
from pocchaos.model.units import Seconds
from pocchaos.toxiproxy.shared import clear, prefix_of

PARTS_WITHIN: Final = Seconds(1.5)  # our parts end by themselves when nobody is left: then they are killed
TARGET_WITHIN: Final = Seconds(2.0)  # between SIGTERM and SIGKILL of a target without a `stop` of its own
STOP_WITHIN: Final = Seconds(30.0)  # for the target's own `stop`
_TICK: Final = 0.02

Done = Callable[[str, str], None]  # key, and how it was undone


def roll_back(run: str, left: Mapping[str, Undo], *, done: Done, log: Path) -> tuple[str, ...]:
    """Undo everything that is left, faults first; what could not be undone, a sentence each.

    `done` is told of each thing at once. Nothing is tried without a bound in time.
    """
    failed: list[str] = []
    for key, undo in left.items():
        if isinstance(undo, SharedServer):
            try:
                removed = clear(undo.host, undo.port, run=run)
            except ToxiproxyError as error:
                failed.append(f"STILL ON at {undo.host}:{undo.port}: proxies named {prefix_of(run)}*. Why: {error}")
            else:
                done(key, f"removed {len(removed)} proxies from {undo.host}:{undo.port}")
    parts = {key: undo for key, undo in left.items() if isinstance(undo, Part)}
    how = _end_parts(run) if parts else ""
    for key in parts:
        done(key, how)
    for key, undo in left.items():
        if isinstance(undo, FaultOn):
            done(key, f"gone with {undo.where}")
    for key, undo in left.items():
        if isinstance(undo, StartedTarget):
            how = _end_target(run, undo, log)
            done(key, how)
            if still := _processes(f"{run}/target", undo.pid, undo.born):
                failed.append(f"the target still runs: processes {', '.join(map(str, sorted(still)))}")
    return tuple(failed)


def _end_parts(run: str) -> str:
    """They end by themselves when nobody is at the other end of their pipes; what does not is killed."""

    def alive() -> set[int]:
        return set(marked(f"{run}/part"))

    if _gone(alive, PARTS_WITHIN):
        return "ended"
    killed = alive()
    for pid in killed:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    _gone(alive, TARGET_WITHIN)
    return f"killed: {', '.join(map(str, sorted(killed)))}"


def _end_target(run: str, target: StartedTarget, log: Path) -> str:
    how = "ended"
    if target.stop:
        trouble = run_stop(target, log, within=STOP_WITHIN)
        how = f"its own stop {trouble}" if trouble else "stopped by its own stop"
    mark = f"{run}/target"
    for number in (signal.SIGTERM, signal.SIGKILL):
        _signal_group(target, number)
        for pid in marked(mark):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        if _gone(lambda: _processes(mark, target.pid, target.born), TARGET_WITHIN):
            return how
    return f"{how}, but processes of it are left"


def run_stop(target: StartedTarget, log: Path, *, within: Seconds) -> str:
    """Run the target's own `stop`, its output appended to `log`; what went wrong in a few words, empty if nothing."""
    with log.open("ab") as output:
        try:
            code = subprocess.run(
                target.stop,
                cwd=target.cwd,
                env={**os.environ, **target.env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=within,
                check=False,
            ).returncode
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"did not end well ({error})"
    return f"ended with {code}" if code else ""


def _signal_group(target: StartedTarget, number: signal.Signals) -> None:
    """The group that its leader made; the leader may have gone, and its number is still the group's."""
    if target.pid is None or (born(target.pid) is not None and not is_same(target.pid, target.born)):
        return  # unknown, or the number is somebody else's by now
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(target.pid, number)


def _processes(mark: str, pid: int | None, born_at: int | None) -> set[int]:
    return set(marked(mark)) | ({pid} if pid is not None and is_same(pid, born_at) else set())


def _gone(alive: Callable[[], set[int]], within: Seconds) -> bool:
    until = time.monotonic() + within
    while alive():
        if time.monotonic() > until:
            return False
        time.sleep(_TICK)
    return True
