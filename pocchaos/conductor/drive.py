"""The timeline as it happens: each edge at its planned moment, with what was asked, confirmed and read back."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from pocchaos.faults import Down, StandFault, Toxic, described
from pocchaos.model.evidence import Mark
from pocchaos.model.undo import FaultOn, Keeper
from pocchaos.scenario.plan import Edge, FaultWindow, Plan, PlannedStage

_TICK = 0.05  # s between looks at whether every part still lives
_QUIET = 0.02  # s before an edge in which nothing else is done: a frame of the live view costs about 12 ms


class Switches(Protocol):
    """Where a fault is put on and taken off; both return what was read back and the confirmed moment (absolute µs)."""

    def put_on(self, window: FaultWindow, span: int) -> tuple[int, Mapping[str, Any]]:
        """Put the fault on, and prove it."""

    def take_off(self, window: FaultWindow, span: int) -> tuple[int, Mapping[str, Any]]:
        """Take the fault off, and prove it."""


class StandSwitch(Protocol):
    """What the stand offers for its own faults."""

    def put_on(self, window: str, fault: StandFault, planned: tuple[int, int]) -> int:
        """Confirmed moment, absolute µs."""

    def take_off(self, window: str) -> int:
        """Confirmed moment, absolute µs."""


class ProxySwitch(Protocol):
    """What Toxiproxy offers for toxics and `down`."""

    @property
    def server(self) -> str:
        """`host:port` of its control API."""

    def put_on(self, window: str, fault: Any) -> Mapping[str, Any]:
        """What was read back."""

    def take_off(self, window: str) -> Mapping[str, Any]:
        """What was read back."""


@dataclass(frozen=True, kw_only=True)
class Chain:
    """Both ends of the chain: each fault goes to the one that makes it."""

    stand: StandSwitch
    proxies: ProxySwitch
    origin: int  # absolute µs of the run's origin
    keeper: Keeper

    def put_on(self, window: FaultWindow, span: int) -> tuple[int, Mapping[str, Any]]:
        """Put the fault on where it is made; it is written down first."""
        where = "the stand" if isinstance(window.fault, StandFault) else f"toxiproxy-server at {self.proxies.server}"
        self.keeper.note(f"fault {window.key}", FaultOn(window=window.key, where=where))
        match window.fault:
            case StandFault() as fault:
                on, off = window.spans[span]
                confirmed = self.stand.put_on(window.key, fault, (on + self.origin, off + self.origin))
                return confirmed, {}
            case Toxic() | Down() as fault:
                read_back = self.proxies.put_on(window.key, fault)
                return now_us(), {"read_back": dict(read_back)}

    def take_off(self, window: FaultWindow, span: int) -> tuple[int, Mapping[str, Any]]:
        """Take the fault off where it was put on."""
        del span
        confirmed, detail = self._off(window)
        self.keeper.done(f"fault {window.key}")
        return confirmed, detail

    def _off(self, window: FaultWindow) -> tuple[int, Mapping[str, Any]]:
        match window.fault:
            case StandFault():
                return self.stand.take_off(window.key), {}
            case Toxic() | Down():
                read_back = self.proxies.take_off(window.key)
                return now_us(), {"read_back": dict(read_back)}


def drive(
    plan: Plan,
    *,
    origin: int,
    switches: Switches,
    write: Callable[[Mark], None],
    look: Callable[[int], None],
    drain: Callable[[], None],
) -> None:
    """Walk the plan's edges and stage borders to its end.

    `write` keeps a mark; `look` is called about twenty times a second with the time since the origin in µs, and
    raises where a part of ours has died or the run must stop. `drain` waits for the last answers: what lasts to the
    end of the plan stays on until it is over, or the last requests would be answered in good weather.
    """
    windows = {window.key: window for window in plan.windows}
    moments: list[tuple[int, int, Callable[[], None]]] = [
        (stage.start, 0, partial(_begin, stage, origin, write)) for stage in plan.stages
    ]
    moments.extend(
        (edge.at, order, partial(_turn, edge, windows[edge.window], origin, switches, write))
        for order, edge in enumerate(plan.edges, start=1)
    )
    moments.append((plan.end, -1, drain))
    for at, _, act in sorted(moments, key=lambda moment: moment[:2]):
        _wait(at, origin, look)
        act()


def now_us() -> int:
    """The machine's monotonic clock in whole microseconds."""
    return time.monotonic_ns() // 1_000


def _turn(edge: Edge, window: FaultWindow, origin: int, switches: Switches, write: Callable[[Mark], None]) -> None:
    asked = now_us()
    turn = switches.put_on if edge.turn == "on" else switches.take_off
    confirmed, detail = turn(window, edge.span)
    write(
        Mark(
            kind=f"fault_{edge.turn}",
            subject=window.key,
            at=now_us() - origin,
            planned=edge.at,
            asked=asked - origin,
            confirmed=confirmed - origin,
            detail={"span": edge.span, "type": window.fault.kind, "attributes": described(window.fault), **detail},
        )
    )


def _begin(stage: PlannedStage, origin: int, write: Callable[[Mark], None]) -> None:
    at = now_us() - origin
    write(Mark(kind="stage", subject=stage.name, at=at, planned=stage.start, detail={"index": stage.index}))


def _wait(at: int, origin: int, look: Callable[[int], None]) -> None:
    while (left := (at + origin - now_us()) / 1_000_000) > 0:
        if left > _QUIET:
            look(now_us() - origin)
            left = min(_TICK, (at + origin - now_us()) / 1_000_000 - _QUIET / 2)
        time.sleep(max(0.0, left))
