"""What must be undone whatever becomes of us: values that are written down before the thing is done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

MARK = "POCCHAOS_RUN"  # environment variable that everything that we start inherits: `<run>/part` or `<run>/target`


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A process of ours and its children. They carry the run's mark, and end by themselves when we are gone."""

    name: str  # stand, load, toxiproxy-server: what a person is told


@dataclass(frozen=True, kw_only=True, slots=True)
class StartedTarget:
    """The target that we started: its own `stop` first, then its group, and whatever else carries the run's mark."""

    pid: int | None = None  # None: it is just being started
    born: int | None = None  # ticks since boot at which it started, so that a pid used again is not taken for it
    stop: tuple[str, ...] = ()
    cwd: str = "."
    env: Mapping[str, str] = field(default_factory=dict)  # told to the watchdog alone: it may hold secrets


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedServer:
    """A toxiproxy-server that lives on: the proxies that this run made there, and its lock, are ours."""

    host: str
    port: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultOn:
    """A fault; it goes with the server, proxy or stand that makes it."""

    window: str
    where: str  # as a person finds it: the proxy or the stand


Undo = Part | StartedTarget | SharedServer | FaultOn


class Keeper(Protocol):
    """Who sees to it that what is noted is undone, whatever becomes of us."""

    def note(self, key: str, undo: Undo) -> None:
        """This is about to be done, or is known better now."""

    def done(self, key: str) -> None:
        """This is undone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """The pocchaos that made a run directory, and the watchdog beside it."""

    pid: int
    born: int | None
    boot: str  # id of the machine's boot: in another one none of these processes is left
    host: str
    user: str
    watchdog: int | None = None
    watchdog_born: int | None = None
