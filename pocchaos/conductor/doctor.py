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
    told = ".".join(map(str, version))
    if PYTHONS[0] <= version <= PYTHONS[1]:
        return Finding(what="Python", state=State.OK, said=told)
    return Finding(
        what="Python",
        state=State.WARNING,
        said=f"{told} is not one of those that pocchaos is tested with",
        remedy="make a virtual environment with Python 3.11, 3.12 or 3.13",
    )


def toxiproxy(environ: Mapping[str, str], say: Callable[[str], None]) -> Finding:
    """A toxiproxy-server to start; or the shared one, which a run looks at itself."""
    if url := environ.get(URL_VARIABLE):
        return Finding(what="toxiproxy-server", state=State.OK, said=f"the shared one at {url} ({URL_VARIABLE})")
    try:
        found = find_server(say=say, environ=environ)
    except PocchaosError as error:
        return Finding(
            what="toxiproxy-server",
            state=State.WRONG,
            said=str(error),
            remedy="put toxiproxy-server 2.9 or newer on PATH",
        )
    return Finding(what="toxiproxy-server", state=State.OK, said=f"{tells_version(found) or '?'}, {found}")


def ports() -> Finding:
    """A loopback port can be had."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            return Finding(what="ports", state=State.OK, said=f"a free one on 127.0.0.1 is {taken.getsockname()[1]}")
    except OSError as error:
        return Finding(
            what="ports",
            state=State.WRONG,
            said=f"none can be had on 127.0.0.1 ({error.strerror})",
            remedy="let processes listen on the loopback",
        )


def open_files(limit: int) -> Finding:
    """Enough files and connections at once."""
    told = "no limit" if limit == resource.RLIM_INFINITY else f"{limit:,} at once"
    if limit == resource.RLIM_INFINITY or limit >= FILES:
        return Finding(what="open files", state=State.OK, said=told)
    return Finding(
        what="open files",
        state=State.WARNING,
        said=f"{told}; each request in flight holds one",
        remedy=f"ulimit -n {FILES}",
    )


def memory(available: int | None) -> Finding:
    """Room for the parts of a run, and for judging it."""
    if available is None:
        return Finding(what="memory", state=State.WARNING, said="this system does not say", remedy="keep 1 GiB free")
    told = f"{available / 2**30:.1f} GiB free"
    if available >= MEMORY:
        return Finding(what="memory", state=State.OK, said=told)
    return Finding(what="memory", state=State.WARNING, said=told, remedy="free some: a run and its judging want 1 GiB")


def clock(late: float) -> Finding:
    """How late a short sleep ends, at worst of a few: what a request may be sent late by."""
    told = f"a nap of 1 ms ends {show_seconds(late)} late (p99 of {_NAPS})"
    if late <= SLEEP:
        return Finding(what="clock", state=State.OK, said=told)
    return Finding(
        what="clock",
        state=State.WARNING,
        said=told,
        remedy="end what else runs here: requests would leave late, and times be read as ours",
    )


def writable(results: Path) -> Finding:
    """Run directories can be made."""
    there = next(path for path in (results, *results.absolute().parents) if path.exists())
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return Finding(what="results", state=State.OK, said=f"{results} can be written")
    return Finding(
        what="results",
        state=State.WRONG,
        said=f"{results} cannot be written",
        remedy="choose another place with --out, or mend its rights",
    )


def disk(results: Path) -> Finding:
    """Room for what a run keeps."""
    there = next(path for path in (results, *results.absolute().parents) if path.is_dir())
    free = shutil.disk_usage(there).free
    told = f"{free / 2**30:.1f} GiB free"
    if free >= DISK:
        return Finding(what="disk", state=State.OK, said=told)
    return Finding(what="disk", state=State.WARNING, said=told, remedy="free some, or keep less with --keep")


def leftovers(results: Path) -> Finding:
    """Nothing of an earlier run is still on."""
    left = [run.name for run in runs_with_leftovers(results)]
    if not left:
        return Finding(what="leftovers", state=State.OK, said="none of earlier runs")
    return Finding(
        what="leftovers",
        state=State.WARNING,
        said=f"{', '.join(left)}: still running, or left something behind",
        remedy=f"pocchaos recover --out {results}, once it does not run any more",
    )


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
