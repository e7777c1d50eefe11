"""What a plan can show: for each criterion how many samples it will have, how many it needs, and its chance.

A criterion that cannot pass even if nothing fails is refused before the first request, with what would help.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Final, assert_never

from pocchaos.model.units import parse_duration, show_seconds
from pocchaos.scenario.calls import UpstreamCalls, unbounded, upstream_calls, used_up
from pocchaos.scenario.claims import family
from pocchaos.scenario.expected import Expected, counted_only, nothing_left, nowhere
from pocchaos.scenario.finding import Finding
from pocchaos.scenario.language import Criterion, Scenario
from pocchaos.scenario.plan import Plan
from pocchaos.scenario.proportions import proportion, unchecked
from pocchaos.scenario.ranges import Part, Ranges
from pocchaos.scenario.tally import Count
from pocchaos.scenario.windows import StageWindows

BLOCKS: Final = 20  # one-second blocks that a ratio of attempts needs
BITE: Final = 10  # attempts that must be expected while a fault is on


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """All that is known about a run before it begins; `problems` forbid it."""

    windows: StageWindows
    criteria: tuple[Expected, ...]
    calls: tuple[UpstreamCalls, ...]
    problems: tuple[Finding, ...]
    notes: tuple[str, ...]


def forecast(scenario: Scenario, plan: Plan) -> Forecast:
    """What the plan's criteria will have and need; pure."""
    ranges = Ranges(scenario, plan)
    calls = upstream_calls(scenario, plan)
    problems: list[Finding] = []
    expected: list[Expected] = []
    for number, criterion in enumerate(scenario.criteria):
        where = ("criteria", number)
        parts = [_expect(ranges, part) for part in ranges.parts(criterion)]
        expected += parts
        if not parts:
            message = f"there is no {criterion.each} in its scope: widen it"
            problems.append(Finding(where=(*where, "each"), message=message))
        for part in parts:
            which = f"{criterion.each} {part.value}: " if part.value else ""
            if part.refusal:
                problems.append(Finding(where=where, message=which + part.refusal))
    problems += [
        Finding(where=("upstreams", one.upstream), message=why) for one in calls if (why := unbounded(one)) is not None
    ]
    problems += [
        Finding(where=("upstreams", one.upstream, "max_attempts"), message=why)
        for one in calls
        if (why := used_up(one)) is not None and not one.may_be_unused
    ]
    return Forecast(
        windows=ranges.windows,
        criteria=tuple(expected),
        calls=calls,
        problems=tuple(problems),
        notes=(*_faint(ranges), *_capped(calls), *_claimless(scenario)),
    )


def _capped(calls: tuple[UpstreamCalls, ...]) -> Iterator[str]:
    """An upstream that may be called seldom may have a cap below the requests: it is said, not refused."""
    for one in calls:
        if one.may_be_unused and (why := used_up(one)):
            yield f"{one.upstream}: if each request makes a call, {why}"


def _claimless(scenario: Scenario) -> Iterator[str]:
    if not scenario.criteria:
        yield "no criteria: nothing will be claimed, and the verdict is INCONCLUSIVE"


def _faint(ranges: Ranges) -> Iterator[str]:
    for window in ranges.plan.windows:
        due = ranges.tally.count(window.spans, expect="answer").n
        if due < BITE:
            yield (
                f"{window.key}: {due} requests that expect an answer are due while it is on; "
                f"to be proven to bite it needs {BITE} attempts: raise the load or lengthen it"
            )


def _expect(ranges: Ranges, part: Part) -> Expected:
    criterion = part.criterion
    kind = family(criterion.metric)
    if kind is None:  # the scenario's reader refuses it by name
        return Expected(criterion=criterion, value=part.value, n=0, distinct=0, n_eff=0)
    match kind.population:
        case "received":
            counted = ranges.tally.count([(0, ranges.plan.end)])
            return counted_only(part, counted)
        case "attempts":
            return _attempts(ranges, part)
        case "recovery":
            return _recovery(ranges, part)
        case "answer" | "refuse" | "all":
            return proportion(ranges, part, kind)
        case _:
            assert_never(kind.population)


def _attempts(ranges: Ranges, part: Part) -> Expected:
    stretches = ranges.counted(part.criterion)
    counted = ranges.tally.count(stretches, category=part.criterion.category, tenant=part.criterion.tenant)
    blocks = sum((end - start) // 1_000_000 for start, end in stretches)
    if missing := nothing_left(ranges, part.criterion, stretches, counted):
        return counted_only(part, counted, missing)
    enforced = f"{BLOCKS} blocks of 1 s"
    if blocks < BLOCKS:
        why = f"{blocks} whole seconds are counted and {BLOCKS} are needed"
        return counted_only(part, counted, f"cannot pass: {why}; +{BLOCKS - blocks} s would do", enforced=enforced)
    return counted_only(part, counted, enforced=enforced)


def _recovery(ranges: Ranges, part: Part) -> Expected:
    """The worst occurrence decides, so each must have a series long enough to see the limit passed and missed."""
    criterion = part.criterion
    counts: list[Count] = []
    longest = 0.0
    for stage in ranges.stages(criterion):
        series = ranges.recovery(stage)
        if series is None:
            why = f'no fault and no load of its own ends before the end of stage "{stage.name}": name a later stage'
            return counted_only(part, Count(n=0, distinct=0, rows=()), f"nothing to recover from: {why}")
        stretches = (series,) if series[0] < series[1] else ()
        lasts = (stage.end - series[0]) / 1e6  # what is due in the guard decides too: a FAIL looks at it
        asked = {"category": criterion.category, "tenant": criterion.tenant, "expect": "answer"}
        counts.append(counted := ranges.tally.count(stretches, **asked))  # type: ignore[arg-type]
        rate = ranges.rate(criterion, stretches or ((stage.start, stage.end),), expect="answer")
        if rate <= 0:
            why = f'no request that expects an answer is due in stage "{stage.name}": give it a share of the load'
            return counted_only(part, counted, why)
        needed = _needed(ranges, criterion, rate)
        longest = max(longest, needed)
        short = _too_short(stage.name, lasts, needed, rate)
        if refusal := short or unchecked(ranges, criterion, counted):
            return counted_only(part, counted, refusal, enforced=f"{show_seconds(longest)} after the fault")
    if not counts:
        return counted_only(part, Count(n=0, distinct=0, rows=()), nowhere(criterion))
    fewest = min(counts, key=lambda count: count.n)
    return counted_only(part, fewest, enforced=f"{show_seconds(longest)} after the fault")


def _bin(rate: float) -> float:
    return max(1.0, BLOCKS / rate)


def _needed(ranges: Ranges, criterion: Criterion, rate: float) -> float:
    """Seconds that a series must last, for the limit to be seen passed and missed."""
    try:
        limit = parse_duration(criterion.at_most)
    except ValueError:
        return 0.0  # the scenario's reader says so
    return limit + 3 * _bin(rate) + ranges.scenario.target.deadline


def _too_short(stage: str, series: float, needed: float, rate: float) -> str:
    if series >= needed:
        return ""
    return (
        f'the series up to the end of stage "{stage}" lasts {show_seconds(series)}, and {show_seconds(needed)} are '
        f"needed (limit, three bins of {show_seconds(_bin(rate))}, one deadline): "
        f"+{ceil(needed - series)} s at this rate"
    )
