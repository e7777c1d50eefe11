"""What one criterion will rest on, and why there may be nothing to judge."""

from dataclasses import dataclass

from pocchaos.model.units import show_seconds
from pocchaos.scenario.language import Criterion
from pocchaos.scenario.ranges import Part, Ranges
from pocchaos.scenario.tally import Count, Stretch


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """What one criterion (or one value of its `each`) will rest on.

    `n_eff` is the most that can be independent: never more than there are different inputs where the claim is about
    inputs. `need` is n_eff with which it passes if nothing fails; 0 where the metric has no such need.
    """

    criterion: Criterion
    value: str = ""  # of `each`
    n: int
    distinct: int
    n_eff: int
    faulted: bool = False
    need: int = 0
    enforced: str = ""  # what is needed where that is no n_eff: blocks, or the length of a series
    n_for_power: int = 0
    chance: float | None = None  # to PASS, if the truth lies half-way between the limit and perfection
    remedy: str = ""  # what would lift the chance to 80 %
    refusal: str = ""  # why it cannot pass


def counted_only(part: Part, counted: Count, refusal: str = "", remedy: str = "", enforced: str = "") -> Expected:
    """A criterion whose n has no need: every request counts as one."""
    return Expected(
        criterion=part.criterion,
        value=part.value,
        n=counted.n,
        distinct=counted.distinct,
        n_eff=counted.n,
        refusal=refusal,
        remedy=remedy,
        enforced=enforced,
    )


def nothing_left(ranges: Ranges, criterion: Criterion, stretches: tuple[Stretch, ...], counted: Count) -> str:
    """Why there is nothing to judge; empty: there is."""
    if not ranges.stages(criterion):
        return nowhere(criterion)
    if without := _without_window(ranges, criterion, stretches):
        guard = show_seconds(ranges.scenario.target.deadline)
        return (
            f"no judged window is left of {without}: after settle and the guard of one deadline ({guard}) nothing "
            "remains; make it longer"
        )
    if counted.n == 0:
        return "no request is due in its scope: give it a share of the load, or widen it"
    return ""


def nowhere(criterion: Criterion) -> str:
    """The scope matches nothing of the plan."""
    names = criterion.fault if criterion.fault is not None else criterion.stage
    return f"no stage or fault of this plan is {', '.join(names or ())}"


def _without_window(ranges: Ranges, criterion: Criterion, stretches: tuple[Stretch, ...]) -> str:
    """What of the scope has no window; a stage that is named must have one, whatever the others of a list have."""
    if criterion.fault is not None:
        return "" if stretches else f"fault {', '.join(criterion.fault)}"
    found = ranges.stages(criterion)
    left = {stage.name for stage in found if ranges.windows.stages[stage.index] is not None}
    empty = [name for name in criterion.stage or () if name not in left and any(name == stage.name for stage in found)]
    if empty or not left:
        return f"stage {', '.join(empty or dict.fromkeys(stage.name for stage in found))}"
    return ""
