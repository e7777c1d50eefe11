"""Processes as the kernel shows them: who they are, and which carry the mark of a run (Linux; elsewhere none)."""

import getpass
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pocchaos.model.undo import MARK, Owner

_PROC: Final = Path("/proc")
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


def born(pid: int) -> int | None:
    """Ticks since boot at which the process started; None where there is none, or the system does not say."""
    try:
        told = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return None
    state, *fields = told.rpartition(b") ")[2].split()  # the name before may hold anything
    return None if state == b"Z" else int(fields[18])


def is_same(pid: int | None, born_at: int | None) -> bool:
    """Whether this process still lives: the same one, not another of the same number."""
    return pid is not None and born_at is not None and born(pid) == born_at


def boot() -> str:
    """The id of this boot; empty where the system has none."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""


def ourselves(watchdog: int | None = None) -> Owner:
    """This process as the owner of a run."""
    pid = os.getpid()
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        user = str(os.getuid())
    return Owner(
        pid=pid,
        born=born(pid),
        boot=boot(),
        host=socket.gethostname(),
        user=user,
        watchdog=watchdog,
        watchdog_born=None if watchdog is None else born(watchdog),
    )


def marked(value: str) -> Iterator[int]:
    """Processes that were started with this mark (`<run>/part`, `<run>/target`) in their environment; not ourselves."""
    line = f"{MARK}={value}".encode()
    for entry in _PROC.glob("[0-9]*"):
        try:
            found = line in (entry / "environ").read_bytes().split(b"\0")
        except OSError:  # gone, or somebody else's
            continue
        if found and int(entry.name) != os.getpid() and born(int(entry.name)) is not None:
            yield int(entry.name)
