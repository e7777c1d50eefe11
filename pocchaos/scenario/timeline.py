"""The timeline: stages and blocks laid end to end, with the windows and edges of their faults.

Times are whole microseconds since the planned start of the first stage.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pocchaos.arrivals import Arrival, Steps
from pocchaos.faults import AnyStandFault, AnyToxic, Down
from pocchaos.model.units import micros
from pocchaos.scenario.language import Block, Scenario, Stage
from pocchaos.scenario.plan import Edge, FaultWindow, PlannedStage
from pocchaos.scenario.seeds import generator

PlannedFault = Down | AnyToxic | AnyStandFault

CURRENT: Final = "${fault}"  # in the stages of a block: the fault that `for_each` has come to


@dataclass(frozen=True, kw_only=True, slots=True)
class Occurrence:
    """One stage at its place, with its faults named and its load: its own, else the scenario's."""

    name: str
    stage: Stage
    faults: tuple[PlannedFault, ...]
    load: tuple[Arrival, ...]
    start: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeline:
    """All occurrences in order, and what follows from them."""

    occurrences: tuple[Occurrence, ...]
    stages: tuple[PlannedStage, ...]
    windows: tuple[FaultWindow, ...]
    edges: tuple[Edge, ...]


def lay_out(scenario: Scenario, seed: int) -> Timeline:
    """The scenario's stages and blocks on one axis of time."""
    occurrences = tuple(_occurrences(scenario, seed))
    windows = tuple(_windows(occurrences))
    edges = tuple(_edges(windows))
    return Timeline(
        occurrences=occurrences,
        stages=tuple(_stages(occurrences, windows, edges, micros(scenario.target.deadline))),
        windows=windows,
        edges=edges,
    )


def _occurrences(scenario: Scenario, seed: int) -> Iterator[Occurrence]:
    at = 0
    for stage, current in _in_order(scenario, seed):
        end = at + micros(stage.duration)
        faults = (current if isinstance(fault, str) else fault for fault in stage.faults)
        yield Occurrence(
            name=_named(stage.name, current),
            stage=stage,
            faults=tuple(fault for fault in faults if fault is not None),
            load=scenario.load if stage.load is None else stage.load,
            start=at,
            end=end,
        )
        at = end


def _in_order(scenario: Scenario, seed: int) -> Iterator[tuple[Stage, PlannedFault | None]]:
    """Every stage with the block's current fault; `repeat` is outside `for_each`."""
    for entry in scenario.stages:
        match entry:
            case Stage():
                yield entry, None
            case Block():
                first_reversed = generator(seed, "alternate", *(stage.name for stage in entry.stages)).getrandbits(1)
                for cycle in range(entry.repeat):
                    backwards = entry.alternate and (cycle + first_reversed) % 2 == 1
                    stages = entry.stages[::-1] if backwards else entry.stages
                    for current in entry.for_each or (None,):
                        yield from ((stage, current) for stage in stages)


def _named(name: str, current: PlannedFault | None) -> str:
    if current is None:
        return name
    words = {CURRENT: current.name, "${fault.id}": current.name, "${fault.type}": current.kind}
    for word, value in {**words, "${fault.upstream}": current.upstream}.items():
        name = name.replace(word, value)
    return name


def _windows(occurrences: tuple[Occurrence, ...]) -> Iterator[FaultWindow]:
    cycles: Counter[str] = Counter()
    taken: Counter[str] = Counter()
    for index, occurrence in enumerate(occurrences):
        for fault in occurrence.faults:
            spans = tuple(_spans(fault, occurrence.start, occurrence.end))
            if not spans:
                continue
            key = f"{fault.name}@{index}"
            taken[key] += 1
            yield FaultWindow(
                key=key if taken[key] == 1 else f"{key}#{taken[key]}",
                id=fault.name,
                cycle=cycles[fault.name],
                stage=index,
                fault=fault,
                spans=spans,
            )
            cycles[fault.name] += 1


def _spans(fault: PlannedFault, start: int, end: int) -> Iterator[tuple[int, int]]:
    """When the fault is on: it never outlasts its stage."""
    on = start + micros(fault.at)
    off = end if fault.for_ is None else min(end, on + micros(fault.for_))
    if fault.flap is None:
        if on < off:
            yield on, off
        return
    stays, pauses = micros(fault.flap.fault), micros(fault.flap.pause)
    while on < off and stays > 0:
        yield on, min(off, on + stays)
        on += stays + pauses


def _edges(windows: tuple[FaultWindow, ...]) -> list[Edge]:
    edges: list[Edge] = []
    for window in windows:
        for span, (on, off) in enumerate(window.spans):
            edges.append(Edge(at=on, turn="on", window=window.key, span=span))
            edges.append(Edge(at=off, turn="off", window=window.key, span=span))
    # off before on where they coincide: two toxics of one name cannot be on a proxy at once
    return sorted(edges, key=lambda edge: (edge.at, edge.turn != "off", edge.window, edge.span))


def _stages(
    occurrences: tuple[Occurrence, ...], windows: tuple[FaultWindow, ...], edges: tuple[Edge, ...], deadline: int
) -> Iterator[PlannedStage]:
    names: Counter[str] = Counter()
    for index, here in enumerate(occurrences):
        after = occurrences[index + 1] if index + 1 < len(occurrences) else None
        yield PlannedStage(
            index=index,
            name=here.name,
            cycle=names[here.name],
            start=here.start,
            end=here.end,
            settle=micros(here.stage.settle),
            windows=tuple(window.key for window in windows if window.stage == index),
            own_load=here.stage.load is not None,
            guarded=after is not None and (_load_changes(here, after) or _fault_changes(edges, here.end, deadline)),
        )
        names[here.name] += 1


def _load_changes(here: Occurrence, after: Occurrence) -> bool:
    climbs = any(isinstance(stream.rate, Steps) for stream in (*here.load, *after.load))
    return climbs or here.load != after.load


def _fault_changes(edges: tuple[Edge, ...], end: int, deadline: int) -> bool:
    """Whether a request that is due just before `end` could still be under way when a fault changes after it."""
    return any(end <= edge.at < end + deadline for edge in edges)
