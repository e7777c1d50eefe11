"""The plan: every due time, input, tenant and fault edge of a run, known before the first request.

A plan is a pure function of scenario, inputs and seed. Times are whole microseconds since the run's origin.
"""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pocchaos.assertions import Assertion
from pocchaos.faults import AnyStandFault, AnyToxic, Down


@dataclass(frozen=True, kw_only=True, slots=True)
class Mutation:
    """How a malformed input spoils the compiled bytes of a good request."""

    kind: str  # name of the catalogue entry in pocchaos.inputs
    draw: int  # seeded: which of the kind's possibilities


@dataclass(frozen=True, kw_only=True, slots=True)
class InputRow:
    """One thing that a user could send."""

    id: str
    category: str
    expect: Literal["answer", "refuse"]
    fields: Mapping[str, Any]  # `${input.*}`
    asserts: tuple[Assertion, ...] = ()
    provenance: str = "constructed"
    tenant: str | None = None
    mutation: Mutation | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedStage:
    """One occurrence of a stage on the timeline; repeated stages of a block have one each."""

    index: int
    name: str
    cycle: int  # occurrence of this name, from 0
    start: int
    end: int
    settle: int
    windows: tuple[str, ...]  # keys of the fault windows that begin in it
    own_load: bool
    guarded: bool  # the next stage changes faults or load: its last `deadline` is not judged


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultWindow:
    """One application of one fault; a flapping fault has several spans."""

    key: str  # unique in the run: id@stage-index
    id: str
    cycle: int
    stage: int
    fault: Down | AnyToxic | AnyStandFault
    spans: tuple[tuple[int, int], ...]  # (on, off)


@dataclass(frozen=True, kw_only=True, slots=True)
class Edge:
    """A moment at which one fault goes on or off."""

    at: int
    turn: Literal["on", "off"]
    window: str
    span: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Requests:
    """The planned requests as columns, in order of due time; request k is at position k of each."""

    due: "array[int]"  # µs
    stage: "array[int]"  # index of PlannedStage
    tenant: "array[int]"  # position in `Plan.tenants`
    input: "array[int]"  # position in `Plan.inputs`

    def __len__(self) -> int:
        return len(self.due)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """All that will be done, in order."""

    seed: int
    stages: tuple[PlannedStage, ...]
    windows: tuple[FaultWindow, ...]
    edges: tuple[Edge, ...]  # by time; off before on where they coincide
    tenants: tuple[str, ...]
    inputs: tuple[InputRow, ...]
    requests: Requests

    @property
    def end(self) -> int:
        """The planned end of the last stage, µs."""
        return self.stages[-1].end
