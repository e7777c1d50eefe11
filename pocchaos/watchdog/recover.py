"""Roll back by hand: what a run left behind where not even its watchdog lived, as after a power cut."""

import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pocchaos.exchange.redact import Redaction
from pocchaos.files.processes import boot, is_same
from pocchaos.files.rundir import RunDirectory
from pocchaos.files.undo import NAME, UndoLog, pending
from pocchaos.model.errors import InUseError, RunDirectoryError
from pocchaos.model.undo import Owner, StartedTarget, Undo
from pocchaos.model.units import Seconds
from pocchaos.watchdog.rollback import roll_back

WATCHDOG_WITHIN: Final = Seconds(45.0)  # one that is at it is waited for: a target's own stop may take 30 s
_LEFT_OUT: Final = "«secret:"
_TICK: Final = 0.1


@dataclass(frozen=True, kw_only=True)
class Recovered:
    """What was done for one run, and what could not be; a sentence each."""

    run: Path
    done: tuple[str, ...]
    failed: tuple[str, ...]


def runs_with_leftovers(results: Path) -> Iterator[Path]:
    """Run directories of this folder that say of something that it is not undone."""
    for log in sorted(results.glob(f"*/{NAME}")):
        if pending(log.parent)[1]:
            yield log.parent


def recover(folder: Path, *, say: Callable[[str], None]) -> Recovered:
    """Undo what is left of this run. Raises InUseError while it lasts, or where it was made on another machine."""
    owner, left = pending(folder)
    if not left:
        return Recovered(run=folder, done=(), failed=())
    if owner is None:
        raise RunDirectoryError(f"{folder / NAME}: it does not say whose run it is: nothing was touched")
    left = _awaited(folder, owner, left, say)
    told: list[str] = []
    log = UndoLog(folder, Redaction({}))

    def done(key: str, how: str) -> None:
        log.done(key, f"by recover: {how}")
        told.append(f"{key}: {how}")

    run = str(RunDirectory.open(folder).facts["run"])
    safe = {key: _runnable(undo, owner) for key, undo in left.items()}
    failed = [
        f"{key}: its own stop needs a secret that is kept nowhere; run it by hand: {' '.join(undo.stop)}"
        for key, undo in left.items()
        if isinstance(undo, StartedTarget) and any(_LEFT_OUT in part for part in undo.stop)
    ]
    failed += roll_back(run, safe, done=done, log=folder / "logs" / "target.log")
    log.close()
    return Recovered(run=folder, done=tuple(told), failed=tuple(failed))


def _awaited(folder: Path, owner: Owner, left: dict[str, Undo], say: Callable[[str], None]) -> dict[str, Undo]:
    """What is left once nobody else is at it."""
    if owner.host != socket.gethostname():
        raise InUseError(f"{folder} was made on {owner.host} by {owner.user}: recover it there")
    if owner.boot != boot():
        return left
    if is_same(owner.pid, owner.born):
        raise InUseError(f"{folder} is still running: process {owner.pid} of {owner.user}; stop that with Ctrl-C")
    if is_same(owner.watchdog, owner.watchdog_born):
        say(f"the watchdog of {folder.name} (process {owner.watchdog}) is rolling back: waiting for it")
        until = time.monotonic() + WATCHDOG_WITHIN
        while is_same(owner.watchdog, owner.watchdog_born) and time.monotonic() < until:
            time.sleep(_TICK)
    return pending(folder)[1]


def _runnable(undo: Undo, owner: Owner) -> Undo:
    """A target without what cannot be used any more: a process of an earlier boot, a command without its secret."""
    if not isinstance(undo, StartedTarget):
        return undo
    if owner.boot != boot():
        undo = replace(undo, pid=None, born=None)
    return replace(undo, stop=()) if any(_LEFT_OUT in part for part in undo.stop) else undo
