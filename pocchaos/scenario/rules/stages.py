"""The timetable: stages, blocks, and the faults in them."""

from collections.abc import Iterator
from itertools import combinations

from pocchaos.exchange.template import show_place
from pocchaos.faults import AnyStandFault, AnyToxic, Down, StandFault, Toxic
from pocchaos.faults.bandwidth import Bandwidth
from pocchaos.faults.slicer import Slicer
from pocchaos.model.units import show_seconds
from pocchaos.scenario.draft import Draft, PlacedFault, PlacedStage
from pocchaos.scenario.finding import Finding, Where, shown, unknown
from pocchaos.scenario.language import Stage
from pocchaos.scenario.rules.base import name
from pocchaos.scenario.rules.upstreams import is_tcp

AnyFault = Down | AnyToxic | AnyStandFault


def stages(draft: Draft) -> Iterator[Finding]:
    """The baseline first, names that tell stages apart, times that fit."""
    yield from _baseline(draft)
    yield from _same_names(draft)
    for placed in draft.stages:
        if placed.stage is None:
            continue
        if "${" not in placed.stage.name:
            yield from name((*placed.where, "name"), placed.stage.name)
        if placed.stage.settle >= placed.stage.duration:
            said = (
                f"{show_seconds(placed.stage.settle)} is not shorter than the stage ({_long(placed.stage)}): "
                "shorten it, or nothing is left to judge"
            )
            yield Finding(where=(*placed.where, "settle"), message=said)
    yield from _blocks(draft)


def faults(draft: Draft) -> Iterator[Finding]:
    """Each fault on its own: its upstream, its times, what it can do there."""
    told: set[tuple[Where, str]] = set()
    for placed in draft.stages:
        for one in placed.faults:
            for finding in _fault(one, placed, draft):
                if (finding.where, finding.message) not in told:
                    told.add((finding.where, finding.message))
                    yield finding
    yield from _same_ids(draft)


def neighbours(draft: Draft) -> Iterator[Finding]:
    """Two toxics on one proxy and direction: any change to the chain lets held bytes go, so they share their edges."""
    for placed in draft.stages:
        for variant in placed.variants:
            toxics = [(one.where, one.fault) for one in variant if isinstance(one.fault, Toxic)]
            for (_, first), (where, second) in combinations(toxics, 2):
                if (first.upstream, first.stream) != (second.upstream, second.stream):
                    continue
                if placed.stage is not None and _clash(first, second, placed.stage):
                    said = (
                        f"{first.name} and {second.name} are on {first.upstream} {first.stream} at once with other "
                        "edges, and putting one on lets go what the other holds: give both the same `at`, `for` and "
                        "`flap`, or let one end before the other begins"
                    )
                    yield Finding(where=where, message=said)


def _baseline(draft: Draft) -> Iterator[Finding]:
    if not draft.stages:
        return
    first = draft.stages[0]
    if first.block is not None:
        said = "the first entry is a block: begin with the baseline, one stage without faults or load of its own"
        yield Finding(where=("stages", 0), message=said)
    elif first.stage is not None:
        if first.stage.faults:
            said = "the first stage is the baseline and has no faults: put a stage without any before it"
            yield Finding(where=(*first.where, "faults"), message=said)
        if first.stage.load is not None:
            said = "the first stage is the baseline and has no load of its own: use the scenario's `load`"
            yield Finding(where=(*first.where, "load"), message=said)


def _same_names(draft: Draft) -> Iterator[Finding]:
    """Stages of one name are judged together: they must be the same thing again."""
    seen: dict[str, PlacedStage] = {}
    for placed in draft.stages:
        for one in placed.names:
            other = seen.setdefault(one, placed)
            if other is placed or other.stage is None or placed.stage is None:
                continue
            first = other is draft.stages[0]
            if first or (other.stage.faults, other.stage.load) != (placed.stage.faults, placed.stage.load):
                told = (
                    "the baseline's name too" if first else f"the name of another stage too ({show_place(other.where)})"
                )
                remedy = f'"{one}-1" and "{one}-2", selected by "{one}-*"'
                said = (
                    f"{shown(one)} is {told}, and stages of one name are judged together: rename one, such as {remedy}"
                )
                yield Finding(where=(*placed.where, "name"), message=said)


def _blocks(draft: Draft) -> Iterator[Finding]:
    for where, block in draft.blocks:
        used = any("${fault}" in stage.faults for stage in block.stages)
        if block.for_each is not None and not used:
            said = 'no stage of the block has it: write `faults: ["${fault}"]` in the stage that it is for'
            yield Finding(where=(*where, "for_each"), message=said)
        if block.alternate and (block.repeat < 2 or len(block.stages) < 2):
            said = "there is nothing to alternate: give the block `repeat: 2` or more, and two stages"
            yield Finding(where=(*where, "alternate"), message=said)
    blocks = {where[1]: block for where, block in draft.blocks}
    for placed in draft.stages:
        if placed.stage is None or (placed.block is not None and placed.block not in blocks):
            continue
        if placed.block is not None and blocks[placed.block].for_each is not None:
            continue
        for index, fault in enumerate(placed.stage.faults):
            if isinstance(fault, str):
                said = (
                    "${fault} is the current fault of a block's `for_each`, and there is none: write the fault itself"
                )
                yield Finding(where=(*placed.where, "faults", index), message=said)


def _fault(one: PlacedFault, placed: PlacedStage, draft: Draft) -> Iterator[Finding]:
    fault, where = one.fault, one.where
    known = [piece.name for piece in draft.upstreams if piece.name is not None]
    if fault.upstream not in known:
        said = unknown(fault.upstream, "this scenario's upstreams", known)
        yield Finding(where=(*where, "upstream"), message=said)
    if fault.id:
        yield from name((*where, "id"), fault.id)
    if placed.stage is not None:
        yield from _times(where, fault, placed.stage)
    yield from _effect(where, fault)
    if isinstance(fault, StandFault):
        yield from _on_the_stand(where, fault, draft)


def _times(where: Where, fault: AnyFault, stage: Stage) -> Iterator[Finding]:
    length = stage.duration - fault.at
    if length <= 0:
        said = f"{show_seconds(fault.at)} is not before the end of {stage.name} ({_long(stage)})"
        yield Finding(where=(*where, "at"), message=f"{said}: begin earlier, or lengthen the stage")
        return
    if fault.for_ is not None and fault.for_ > length + 1e-9:
        said = (
            f"{show_seconds(fault.for_)} from {show_seconds(fault.at)} on is longer than {stage.name}, {_long(stage)}: "
            "faults end with their stage; shorten it, or lengthen the stage"
        )
        yield Finding(where=(*where, "for"), message=said)
    if fault.for_ == 0:
        yield Finding(where=(*where, "for"), message="0s is no time at all: write how long it stays on")
    if fault.flap is None:
        return
    for key, value in (("fault", fault.flap.fault), ("pause", fault.flap.pause)):
        if value <= 0:
            yield Finding(where=(*where, "flap", key), message="0s is no flapping: write a time such as 2s")
    if fault.flap.fault + fault.flap.pause >= (fault.for_ or length):
        said = "one on and off does not fit twice into the fault's own time: shorten them, or lengthen the fault"
        yield Finding(where=(*where, "flap"), message=said)


def _effect(where: Where, fault: AnyFault) -> Iterator[Finding]:
    match fault:
        case StandFault() if fault.error_rate == 0:
            yield Finding(where=(*where, "error_rate"), message="0% touches nothing: write a share above it")
        case Toxic() if fault.toxicity == 0:
            yield Finding(where=(*where, "toxicity"), message="0 touches nothing: write a share above it")
    match fault:
        case Bandwidth() if fault.attributes.rate < 1_000:
            said = "less than 1 kB/s cannot be set in Toxiproxy: write 1kB/s or more, or use `stall`"
            yield Finding(where=(*where, "attributes", "rate"), message=said)
        case Slicer() if fault.attributes.size_variation >= max(1, fault.attributes.average_size):
            said = "must be smaller than average_size, which must be at least 1B"
            yield Finding(where=(*where, "attributes", "size_variation"), message=said)


def _on_the_stand(where: Where, fault: StandFault, draft: Draft) -> Iterator[Finding]:
    upstream = next((piece.value for piece in draft.upstreams if piece.name == fault.upstream), None)
    if upstream is not None and is_tcp(upstream):
        said = (
            f"{fault.kind} speaks HTTP and {fault.upstream} is {upstream.origin}: use a toxic, such as latency, "
            "timeout, reset_peer or down"
        )
        yield Finding(where=(*where, "type"), message=said)
    if fault.match is None or fault.match.tenant is None:
        return
    tenants = [piece.name for piece in draft.tenants if piece.name is not None]
    if fault.match.tenant not in tenants:
        said = unknown(fault.match.tenant, "this scenario's tenants", tenants)
        yield Finding(where=(*where, "match", "tenant"), message=said)
    if draft.target is not None and isinstance(draft.target.correlate, str):
        said = "the stand cannot know whose call it is: add `target.correlate: {header: x-request-id}`"
        yield Finding(where=(*where, "match", "tenant"), message=said)


def _same_ids(draft: Draft) -> Iterator[Finding]:
    """Faults of one id are judged together: they must be the same fault again, and not twice in one stage."""
    seen: dict[str, PlacedFault] = {}
    for placed in draft.stages:
        for variant in placed.variants:
            here: set[str] = set()
            for one in variant:
                other = seen.setdefault(one.fault.name, one)
                again = one.fault.name in here
                here.add(one.fault.name)
                if other.where == one.where or not (again or _differ(other.fault, one.fault)):
                    continue
                told = "two faults of one stage" if again else f"another fault too ({show_place(other.where)})"
                said = f"{shown(one.fault.name)} is the id of {told}, judged as one: give each an `id`"
                where = (*one.where, "id") if one.fault.id else one.where
                yield Finding(where=where, message=said)
                break


def _differ(one: AnyFault, other: AnyFault) -> bool:
    """Another time of the stage is the same fault; other attributes are another."""
    leave_out = {"at", "for_", "flap"}
    return one.model_dump(exclude=leave_out) != other.model_dump(exclude=leave_out)


def _clash(one: Toxic, other: Toxic, stage: Stage) -> bool:
    if (one.at, one.for_, one.flap) == (other.at, other.for_, other.flap):
        return False
    ends = [
        min(stage.duration, stage.duration if toxic.for_ is None else toxic.at + toxic.for_) for toxic in (one, other)
    ]
    return one.at < ends[1] and other.at < ends[0]


def _long(stage: Stage) -> str:
    return show_seconds(stage.duration)
