"""When each fault was really on, from the marks: asked and confirmed moments, and what the server read back."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from pocchaos.model.evidence import Mark
from pocchaos.scenario.plan import FaultWindow


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One span of one fault window as it happened, µs; None where that edge never came."""

    planned: tuple[int, int]
    on: int | None = None  # confirmed
    off_asked: int | None = None
    off: int | None = None  # confirmed
    read_back: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def certain(self, ended: int) -> tuple[int, int] | None:
        """When the fault was on for certain: from the confirmed on to the asked off (or to the end of the run)."""
        if self.on is None:
            return None
        until = self.off_asked if self.off_asked is not None else min(ended, self.planned[1])
        return (self.on, until) if until > self.on else None


def turns(window: FaultWindow, marks: Iterable[Mark]) -> tuple[Turn, ...]:
    """Every span of a window, in order; a mark that names no span is of the first."""
    found: dict[tuple[str, int], Mark] = {
        (mark.kind, int(mark.detail.get("span", 0))): mark
        for mark in marks
        if mark.subject == window.key and mark.kind in ("fault_on", "fault_off")
    }
    return tuple(
        _turn(planned, found.get(("fault_on", span)), found.get(("fault_off", span)))
        for span, planned in enumerate(window.spans)
    )


def confirmed(happened: tuple[Turn, ...]) -> tuple[int | None, int | None]:
    """(first confirmed on, last confirmed off) of a window; None where that edge never came."""
    return happened[0].on, happened[-1].off


def changing(happened: tuple[Turn, ...]) -> Iterator[tuple[int, int]]:
    """The (planned, confirmed) moments of each edge: what is due between belongs to no window."""
    for turn in happened:
        for planned, came in zip(turn.planned, (turn.on, turn.off), strict=True):
            if came is not None and came > planned:
                yield planned, came


def _turn(planned: tuple[int, int], on: Mark | None, off: Mark | None) -> Turn:
    return Turn(
        planned=planned,
        on=on.confirmed if on else None,
        off_asked=off.asked if off else None,
        off=off.confirmed if off else None,
        read_back=on.detail.get("read_back") or {} if on else {},
    )
