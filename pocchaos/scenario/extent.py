"""How much a scenario comes to, reckoned before anything is laid out: stages, times that a fault is on, requests.

The bounds are what one machine plans and judges in minutes. Beyond them nothing would be wrong but the waiting.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from typing import Any, Final

from pocchaos.arrivals import Arrival, Steps
from pocchaos.scenario.draft import Draft, PlacedFault, PlacedStage
from pocchaos.scenario.finding import Finding, Where, shown
from pocchaos.scenario.language import Stage

MOST_STAGES: Final = 2_000
MOST_TIMES: Final = 10_000  # that faults go on, all together
MOST_REQUESTS: Final = 5_000_000
MOST_STEPS: Final = 1_000  # of one climbing rate


def too_many_stages(entries: Any) -> Finding | None:
    """Whether the plain value of `stages` comes to more than can be laid out; blocks are counted, not expanded."""
    total = 0
    for index, entry in enumerate(entries if isinstance(entries, list | tuple) else ()):
        total += _stages_of(entry)
        if total > MOST_STAGES:
            key = next((key for key in ("repeat", "for_each") if isinstance(entry, Mapping) and key in entry), None)
            said = f"comes to {total:,} stages, and a run has at most {MOST_STAGES:,}: repeat less, or write fewer"
            return Finding(where=("stages", index, *((key,) if key else ())), message=said)
    return None


def extent(draft: Draft) -> Iterator[Finding]:
    """The rule: what no machine would lay out in time is refused with its figure."""
    yield from _steps(draft)
    yield from _times(draft)
    planned = [requests(placed, draft) for placed in draft.stages]
    if sum(planned) > MOST_REQUESTS:
        many, most = max(zip(planned, draft.stages, strict=True), key=lambda one: one[0])
        own = most.stage is not None and most.stage.load is not None
        said = (
            f"plans about {sum(planned):,.0f} requests, {many:,.0f} of them in {shown(most.names[0])}, and a run has "
            f"at most {MOST_REQUESTS:,}: lower the rate, or shorten the stages"
        )
        yield Finding(where=(*most.where, "load") if own else ("load",), message=said)


def requests(placed: PlacedStage, draft: Draft) -> float:
    """How many requests one stage comes to, over all its cycles; 0 where that cannot be told."""
    if placed.stage is None:
        return 0.0
    load = placed.stage.load if placed.stage.load is not None else draft.load or ()
    return sum(map(_mean, load)) * placed.stage.duration * _cycles(placed, draft) * len(placed.variants)


def _mean(stream: Arrival) -> float:
    """Requests per second."""
    return (stream.rate.start + stream.rate.end) / 2 if isinstance(stream.rate, Steps) else stream.rate


def _stages_of(entry: Any) -> int:
    if not isinstance(entry, Mapping):
        return 1
    faults, stages = entry.get("for_each"), entry.get("stages")
    many = len(stages) if isinstance(stages, Sequence) and not isinstance(stages, str) else 1
    for_each = len(faults) if isinstance(faults, Sequence) and not isinstance(faults, str) else 1
    return _whole(entry.get("repeat")) * for_each * many


def _whole(value: Any) -> int:
    """A number as the file or a variable gives it; 1 for what is none, which others refuse."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdecimal() and len(value) < 20:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 1


def _cycles(placed: PlacedStage, draft: Draft) -> int:
    blocks = {where[1]: block.repeat for where, block in draft.blocks}
    return blocks.get(placed.block, 1) if placed.block is not None else 1


def _steps(draft: Draft) -> Iterator[Finding]:
    loads: list[tuple[Where, Sequence[Arrival]]] = [(("load",), draft.load or ())]
    loads += [((*one.where, "load"), one.stage.load or ()) for one in draft.stages if one.stage is not None]
    for where, streams in loads:
        for index, stream in enumerate(streams):
            if isinstance(stream.rate, Steps) and stream.rate.steps > MOST_STEPS:
                said = f"{stream.rate.steps:,} cannot be used: it must be at most {MOST_STEPS:,}"
                yield Finding(where=(*where, index, "rate", "steps"), message=said)


def _times(draft: Draft) -> Iterator[Finding]:
    total = 0
    for placed in draft.stages:
        for one in placed.faults if placed.stage is not None else ():
            times = _on(one, placed.stage) * _cycles(placed, draft)
            total += times
            if total > MOST_TIMES:
                said = (
                    f"goes on about {times:,} times, and the faults of a run go on at most {MOST_TIMES:,} times "
                    "together: lengthen `fault` and `pause` of its `flap`, or repeat less"
                )
                yield Finding(where=(*one.where, "flap") if one.fault.flap else one.where, message=said)
                return


def _on(one: PlacedFault, stage: Stage | None) -> int:
    flap = one.fault.flap
    if flap is None or stage is None or flap.fault + flap.pause <= 0:
        return 1
    length = max(0.0, stage.duration - one.fault.at)
    return max(1, ceil(min(length, one.fault.for_ or length) / (flap.fault + flap.pause)))
