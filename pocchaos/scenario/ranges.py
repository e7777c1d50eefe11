"""The stretches of a plan that a criterion speaks of: judged windows of stages or faults, series, and on-times."""

from dataclasses import dataclass
from functools import cached_property

from pocchaos.model.units import micros
from pocchaos.scenario.language import Criterion, Scenario
from pocchaos.scenario.plan import FaultWindow, Plan, PlannedStage
from pocchaos.scenario.scope import chosen, exactly, matches
from pocchaos.scenario.tally import Stretch, Tally, length, together
from pocchaos.scenario.windows import StageWindows, judged_windows


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A criterion, or one value of its `each` as a criterion of its own."""

    criterion: Criterion
    value: str = ""  # of `each`; empty: there is none


class Ranges:
    """A plan with its windows, asked by criteria."""

    def __init__(self, scenario: Scenario, plan: Plan) -> None:
        self.scenario, self.plan = scenario, plan
        self.windows: StageWindows = judged_windows(plan, scenario.target.deadline)
        self.tally = Tally(plan)
        self.deadline = micros(scenario.target.deadline)

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """Categories that are dealt, in the order of the scenario."""
        return tuple(dict.fromkeys(row.category for row in self.plan.inputs))

    def parts(self, criterion: Criterion) -> tuple[Part, ...]:
        """One part for each value of `each`, else the criterion as it is."""
        match criterion.each:
            case None:
                return (Part(criterion=criterion),)
            case "stage":
                values = chosen(criterion.stage, (stage.name for stage in self.plan.stages))
            case "category":
                values = chosen(criterion.category, self.categories)
            case "tenant":
                values = chosen(criterion.tenant, self.plan.tenants)
            case "fault":
                values = tuple(dict.fromkeys(window.id for window in self.faults(criterion)))
        narrowed = ((value, criterion.model_copy(update={criterion.each: (exactly(value),)})) for value in values)
        return tuple(Part(criterion=one, value=value) for value, one in narrowed)

    def stages(self, criterion: Criterion) -> tuple[PlannedStage, ...]:
        """The occurrences that the criterion speaks of; those of its faults, where it names faults."""
        if criterion.fault is not None:
            begun = {window.stage for window in self.faults(criterion)}
            return tuple(stage for stage in self.plan.stages if stage.index in begun)
        return tuple(stage for stage in self.plan.stages if matches(criterion.stage, stage.name))

    def faults(self, criterion: Criterion) -> tuple[FaultWindow, ...]:
        """The fault windows of the ids, and of the stages and upstreams, that the criterion names."""
        return tuple(
            window
            for window in self.plan.windows
            if matches(criterion.fault, window.id)
            and matches(criterion.stage, self.plan.stages[window.stage].name)
            and matches(criterion.upstream, window.fault.upstream)
        )

    def judged(self, criterion: Criterion) -> tuple[Stretch, ...]:
        """When its samples are due."""
        if criterion.fault is not None:
            found = (self.windows.faults[window.key] for window in self.faults(criterion))
        else:
            found = (self.windows.stages[stage.index] for stage in self.stages(criterion))
        return together(window for window in found if window is not None)

    def counted(self, criterion: Criterion) -> tuple[Stretch, ...]:
        """When attempts are counted: while a fault is on, else in the judged windows."""
        faults = self.faults(criterion)
        faulted = {window.stage for window in faults}
        quiet = (self.windows.stages[stage.index] for stage in self.stages(criterion) if stage.index not in faulted)
        on = (span for window in faults for span in window.spans)
        return together([*on, *(window for window in quiet if window is not None)])

    def compared(self, criterion: Criterion) -> Criterion | None:
        """The other side of `of`: the same scope in another stage."""
        if criterion.of is None:
            return None
        return criterion.model_copy(update={"stage": (exactly(criterion.of),), "fault": None, "of": None, "each": None})

    def recovery(self, stage: PlannedStage) -> Stretch | None:
        """The series of a recovery: from the last fault-off (or end of a load of its own) to the stage's guard."""
        offs = [window.spans[-1][1] for window in self.plan.windows if window.spans[-1][1] <= stage.end]
        loads = [one.end for one in self.plan.stages if one.own_load and one.end <= stage.end]
        if not offs and not loads:
            return None
        return max([*offs, *loads]), stage.end - (self.deadline if stage.guarded else 0)

    def rate(self, criterion: Criterion, stretches: tuple[Stretch, ...], *, expect: str | None = None) -> float:
        """Requests a second of the criterion's category and tenant that are due in the stretches."""
        counted = self.tally.count(stretches, category=criterion.category, tenant=criterion.tenant, expect=expect)
        return counted.n / length(stretches) if stretches else 0.0
