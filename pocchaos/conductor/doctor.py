"""Is this machine fit to run on? Each thing that a run needs, what is wrong with it, and how to mend it."""

import os
import resource
import shutil
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from pocchaos.model.errors import PocchaosError
from pocchaos.model.units import show_seconds
from pocchaos.toxiproxy.binary import find_server
from pocchaos.toxiproxy.release import tells_version
from pocchaos.toxiproxy.server import URL_VARIABLE
from pocchaos.watchdog.recover import runs_with_leftovers

PYTHONS: Final = ((3, 11), (3, 13))
FILES: Final = 4_096  # a request in flight holds one, and a run at 500/s with a deadline of 3 s has 1,800 in flight
MEMORY: Final = 1 << 30  # bytes: what judging a million samples and the parts of a run need, twice over
DISK: Final = 2 << 30  # bytes: what a run may keep of answers by default
SLEEP: Final = 0.005  # s: from there on our own generator is late by more than a note says
_NAPS: Final = 200


class State(StrEnum):
    """How something is."""

    OK = "ok"
    WARNING = "warning"  # a run may do, but less well
    WRONG = "wrong"  # no run would come to an end


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    state: State
    said: str
    remedy: str = ""


def examine(results: Path, *, environ: Mapping[str, str], say: Callable[[str], None]) -> tuple[Finding, ...]:
    """Everything, in the order in which a run needs it; toxiproxy-server is built if there is none yet."""
    return (
        python(sys.version_info[:2]),
        toxiproxy(environ, say),
        ports(),
        open_files(resource.getrlimit(resource.RLIMIT_NOFILE)[0]),
        memory(_available()),
        clock(_naps()),
        writable(results),
        disk(results),
        leftovers(results),
    )


def python(version: tuple[int, ...]) -> Finding:
    """The interpreter is one that pocchaos is tested with."""
    told, known = ".".join(map(str, version)), PYTHONS[0] <= version <= PYTHONS[1]
    said = told if known else f"{told} is not one of those that pocchaos is tested with"
    return _found("Python", said, good=known, remedy="make a virtual environment with Python 3.11, 3.12 or 3.13")


def toxiproxy(environ: Mapping[str, str], say: Callable[[str], None]) -> Finding:
    """A toxiproxy-server to start; or the shared one, which a run looks at itself."""
    what = "toxiproxy-server"
    if url := environ.get(URL_VARIABLE):
        return _found(what, f"the shared one at {url} ({URL_VARIABLE})", good=True)
    try:
        found = find_server(say=say, environ=environ)
    except PocchaosError as error:
        remedy = "put toxiproxy-server 2.9 or newer on PATH"
        return _found(what, str(error), good=False, remedy=remedy, otherwise=State.WRONG)
    return _found(what, f"{tells_version(found) or '?'}, {found}", good=True)


def ports() -> Finding:
    """A loopback port can be had."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            return _found("ports", f"a free one on 127.0.0.1 is {taken.getsockname()[1]}", good=True)
    except OSError as error:
        said, remedy = f"none can be had on 127.0.0.1 ({error.strerror})", "let processes listen on the loopback"
        return _found("ports", said, good=False, remedy=remedy, otherwise=State.WRONG)


def open_files(limit: int) -> Finding:
    """Enough files and connections at once."""
    endless = limit == resource.RLIM_INFINITY
    good = endless or limit >= FILES
    said = "no limit" if endless else f"{limit:,} at once" + ("" if good else "; each request in flight holds one")
    return _found("open files", said, good=good, remedy=f"ulimit -n {FILES}")


def memory(available: int | None) -> Finding:
    """Room for the parts of a run, and for judging it."""
    if available is None:
        return _found("memory", "this system does not say", good=False, remedy="keep 1 GiB free")
    remedy = "free some: a run and its judging want 1 GiB"
    return _found("memory", f"{available / 2**30:.1f} GiB free", good=available >= MEMORY, remedy=remedy)


def clock(late: float) -> Finding:
    """How late a short sleep ends, at worst of a few: what a request may be sent late by."""
    said = f"a nap of 1 ms ends {show_seconds(late)} late (p99 of {_NAPS})"
    remedy = "end what else runs here: requests would leave late, and times be read as ours"
    return _found("clock", said, good=late <= SLEEP, remedy=remedy)


def writable(results: Path) -> Finding:
    """Run directories can be made."""
    there = next(path for path in (results, *results.absolute().parents) if path.exists())
    good = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    said, remedy = (
        f"{results} can{'' if good else 'not'} be written",
        "choose another place with --out, or mend its rights",
    )
    return _found("results", said, good=good, remedy=remedy, otherwise=State.WRONG)


def disk(results: Path) -> Finding:
    """Room for what a run keeps."""
    there = next(path for path in (results, *results.absolute().parents) if path.is_dir())
    free = shutil.disk_usage(there).free
    remedy = "free some, or keep less with --keep"
    return _found("disk", f"{free / 2**30:.1f} GiB free", good=free >= DISK, remedy=remedy)


def leftovers(results: Path) -> Finding:
    """Nothing of an earlier run is still on."""
    left = [run.name for run in runs_with_leftovers(results)]
    said = f"{', '.join(left)}: still running, or left something behind" if left else "none of earlier runs"
    remedy = f"pocchaos recover --out {results}, once it does not run any more"
    return _found("leftovers", said, good=not left, remedy=remedy)


def _found(what: str, said: str, *, good: bool, remedy: str = "", otherwise: State = State.WARNING) -> Finding:
    """OK, or not and how to mend it."""
    return Finding(what=what, state=State.OK if good else otherwise, said=said, remedy="" if good else remedy)


def _available() -> int | None:
    try:
        told = Path("/proc/meminfo").read_text()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in told.splitlines() if line.startswith("MemAvailable:")), None)


def _naps() -> float:
    late = []
    for _ in range(_NAPS):
        began = time.perf_counter()
        time.sleep(0.001)
        late.append(time.perf_counter() - began - 0.001)
    return sorted(late)[int(0.99 * _NAPS) - 1]
