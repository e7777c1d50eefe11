"""Claims about a share, or a percentile as one: n, n_eff, the need, and what would help."""

from dataclasses import dataclass, replace
from math import ceil
from typing import Final

from pocchaos.exchange.template import names_in
from pocchaos.metrics.limits import Limit, parse_limit
from pocchaos.scenario.claims import TAKES_ANSWERS_FOR_RIGHT, Family
from pocchaos.scenario.expected import Expected, counted_only, nothing_left
from pocchaos.scenario.language import Criterion
from pocchaos.scenario.plan import InputRow
from pocchaos.scenario.ranges import Part, Ranges
from pocchaos.scenario.tally import Count, length
from pocchaos.statistics.needs import chance_to_pass, n_for_power, need

POWER: Final = 0.8  # the chance to pass that a remedy aims at


def proportion(ranges: Ranges, part: Part, kind: Family) -> Expected:
    """What a share or percentile will rest on, in the judged windows of its scope."""
    criterion = part.criterion
    stretches = ranges.judged(criterion)
    expect = None if kind.population == "all" else kind.population
    counted = ranges.tally.count(stretches, category=criterion.category, tenant=criterion.tenant, expect=expect)
    stages = ranges.stages(criterion)
    faulted = bool(stages) and all(stage.windows for stage in stages)
    by_input = kind.unit == "share" and not faulted and criterion.inputs == "sample"
    plain = replace(
        counted_only(part, counted), faulted=faulted, n_eff=min(counted.n, counted.distinct) if by_input else counted.n
    )
    if missing := nothing_left(ranges, criterion, stretches, counted) or unchecked(ranges, criterion, counted):
        return replace(plain, refusal=missing)
    other = ranges.compared(criterion)
    if other is not None:
        against = ranges.tally.count(ranges.judged(other), category=other.category, tenant=other.tenant, expect=expect)
        return replace(plain, refusal=nothing_left(ranges, other, ranges.judged(other), against))
    asked = _good_share(criterion, kind)
    if asked is None:
        return plain
    if asked >= 1:
        return replace(plain, refusal=f"cannot pass: {_limit_text(criterion)} is perfection, and no n shows it")
    return _weighed(plain, asked, _Deck.of(ranges, criterion, expect, by_input=by_input), length(stretches))


def _weighed(plain: Expected, asked: float, deck: "_Deck", seconds: float) -> Expected:
    confidence = plain.criterion.confidence
    needed, powered = need(asked, confidence), n_for_power(asked, POWER, confidence)
    told = replace(
        plain,
        need=needed,
        n_for_power=powered,
        chance=chance_to_pass(asked, plain.n_eff, confidence),
        remedy=deck.remedy(plain, powered, seconds) if plain.n_eff < powered else "",
    )
    if plain.n_eff >= needed:
        return told
    shown = f"n_eff is at most {plain.n_eff}, and {needed} are needed even if nothing fails"
    return replace(told, refusal=f"cannot pass: {shown}; {deck.remedy(plain, needed, seconds)}")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Deck:
    """How many different inputs there are to ask, where that is the limit of a claim."""

    size: int
    by_input: bool

    @staticmethod
    def of(ranges: Ranges, criterion: Criterion, expect: str | None, *, by_input: bool) -> "_Deck":
        whole = ((0, ranges.plan.end),)
        asked = ranges.tally.count(whole, category=criterion.category, tenant=criterion.tenant)
        sources = {(ranges.plan.inputs[row].category, ranges.plan.inputs[row].tenant) for row in asked.rows}
        size = sum(
            1 for row in ranges.plan.inputs if (row.category, row.tenant) in sources and expect in (None, row.expect)
        )
        return _Deck(size=size, by_input=by_input)

    def remedy(self, expected: Expected, target: int, seconds: float) -> str:
        """What would lift n_eff to the target, in one line."""
        ways: list[str] = []
        inputs = max(0, target - self.size) if self.by_input else 0
        if inputs:
            ways.append(f"add {inputs} inputs")
        dealt = min(expected.n, self.size + inputs) if self.by_input else expected.n
        if dealt < target:
            ways.append(f"+{ceil((target - dealt) * seconds / max(1, expected.n))} s at this rate")
        elif not inputs:
            ways.append(f"+{ceil((target - expected.n_eff) * seconds / max(1, expected.n))} s at this rate")
        return " and ".join(ways) + (" (or say `inputs: fixed`)" if inputs and expected.n >= target else "")


def _good_share(criterion: Criterion, kind: Family) -> float | None:
    """The share of successes that must be shown: a p95 asks for 95 %, at most 5 % bad for 95 % good."""
    if kind.percentile is not None:
        return kind.percentile
    text = criterion.at_least if criterion.at_least is not None else criterion.at_most
    try:
        limit: Limit = parse_limit(text, kind.unit)
    except ValueError:
        return None  # the scenario's reader says so
    return limit.value if criterion.at_least is not None else 1 - limit.value


def _limit_text(criterion: Criterion) -> str:
    return f"at_least {criterion.at_least}" if criterion.at_least is not None else f"at_most {criterion.at_most}"


def unchecked(ranges: Ranges, criterion: Criterion, counted: Count) -> str:
    """Why a claim that takes answers for right cannot be made of these inputs; empty where it can."""
    if criterion.metric not in TAKES_ANSWERS_FOR_RIGHT:
        return ""
    rows = [ranges.plan.inputs[row] for row in counted.rows]
    bare = [row for row in rows if row.expect == "answer" and not _checkable(row)]
    if not bare:
        return ""
    return (
        f"{len(bare)} of {len(rows)} inputs in its scope have no assert that can be checked (first: {bare[0].id}): "
        "give them one; `not-empty` says that any answer will do"
    )


def _checkable(row: InputRow) -> bool:
    """Whether at least one assert has its value set."""
    known = {f"input.{name}" for name, value in row.fields.items() if value is not None}
    return any(
        all(not name.startswith("input.") or name in known for name in names_in(getattr(check, "value", None)))
        for check in row.asserts
    )
