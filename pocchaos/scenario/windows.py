"""Which samples are judged: by their due time, each stage and each fault has one window, or none.

A stage is judged on [max(start, confirmed changes at its start) + settle, end − deadline). The deadline at its end is
cut off only where the stage is guarded: a request due there could still be under way when the next stage changes
faults or load. The final drain changes nothing, so the last stage keeps its end. A fault is judged on
[first confirmed on, last planned off − deadline): while it flaps it is one fault.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pocchaos.model.units import micros
from pocchaos.scenario.plan import FaultWindow, Plan, PlannedStage
from pocchaos.scenario.tally import together

Window = tuple[int, int]  # µs: due in [from, to)
Confirmed = Mapping[str, tuple[int | None, int | None]]  # key of a fault window -> first on, last off


@dataclass(frozen=True, kw_only=True, slots=True)
class StageWindows:
    """The judged windows; None where nothing is left of one.

    `changing` are the moments while a change was being confirmed: a sample due in one belongs to no window,
    also in the middle of a stage.
    """

    stages: tuple[Window | None, ...]  # by index of the planned stage
    faults: Mapping[str, Window | None]  # by key of the fault window
    changing: tuple[Window, ...] = ()  # ordered, apart from each other

    def judged(self, stage: int, due: int) -> bool:
        """Whether a sample of this stage, due then, is in the stage's window."""
        return _within(self.stages[stage], due) and not self.in_change(due)

    def under(self, fault: str, due: int) -> bool:
        """Whether a sample due then is in the window of this fault."""
        return _within(self.faults[fault], due) and not self.in_change(due)

    def in_change(self, due: int) -> bool:
        """Whether a change was asked for and not yet confirmed at that time."""
        place = bisect_right(self.changing, (due, float("inf"))) - 1
        return place >= 0 and due < self.changing[place][1]


def judged_windows(
    plan: Plan, deadline: float, confirmed: Confirmed | None = None, changing: Iterable[Window] = ()
) -> StageWindows:
    """The windows of a plan (`confirmed` is None: as if every edge came at once) or of a run.

    `deadline` is in seconds. `changing` are the (planned, confirmed) times of all edges of the run, those of
    `confirmed` among them or not. A fault that was never confirmed on has no window, nor has the stage that it was
    to begin with.
    """
    edges = _as_planned(plan) if confirmed is None else confirmed
    guard = micros(deadline)
    return StageWindows(
        stages=tuple(_of_stage(plan, stage, edges, guard) for stage in plan.stages),
        faults={window.key: _of_fault(window, edges, guard) for window in plan.windows},
        changing=together([*changing, *_waits(plan, edges)]),
    )


def _as_planned(plan: Plan) -> Confirmed:
    return {window.key: (window.spans[0][0], window.spans[-1][1]) for window in plan.windows}


def _of_stage(plan: Plan, stage: PlannedStage, edges: Confirmed, guard: int) -> Window | None:
    start = stage.start
    for window in plan.windows:
        on, off = edges.get(window.key, (None, None))
        if window.spans[-1][1] < stage.start and on is not None and off is None:
            return None  # it should have ended long ago, and nobody saw that it did
        if window.spans[0][0] == stage.start:  # a fault that comes later does not shorten the stage
            if on is None:
                return None
            start = max(start, on)
        if window.spans[-1][1] == stage.start:
            if off is None:
                return None  # what went before never ended
            start = max(start, off)
    return _window(start + stage.settle, stage.end - guard if stage.guarded else stage.end)


def _of_fault(window: FaultWindow, edges: Confirmed, guard: int) -> Window | None:
    on, _ = edges.get(window.key, (None, None))
    return None if on is None else _window(on, window.spans[-1][1] - guard)


def _waits(plan: Plan, edges: Confirmed) -> Iterable[Window]:
    for window in plan.windows:
        planned = (window.spans[0][0], window.spans[-1][1])
        for asked, came in zip(planned, edges.get(window.key, (None, None)), strict=True):
            if came is not None and came > asked:
                yield asked, came


def _window(start: int, end: int) -> Window | None:
    return (start, end) if start < end else None


def _within(window: Window | None, due: int) -> bool:
    return window is not None and window[0] <= due < window[1]
