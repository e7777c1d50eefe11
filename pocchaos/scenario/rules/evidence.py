"""Nothing passes for want of evidence: criteria that could only pass on what was never seen."""

from collections.abc import Iterator

from pocchaos.faults import AnyStandFault, AnyToxic, Down, StandFault, Toxic, Visibility
from pocchaos.scenario.claims import TAKES_REFUSALS_FOR_SUCH, Family, family
from pocchaos.scenario.draft import Draft, PlacedFault, PlacedStage
from pocchaos.scenario.finding import Finding, Where, listed, shown
from pocchaos.scenario.language import Criterion, Inputs
from pocchaos.scenario.rules.base import matching
from pocchaos.scenario.rules.upstreams import is_tcp

AnyFault = Down | AnyToxic | AnyStandFault


def evidence(draft: Draft) -> Iterator[Finding]:
    """Every criterion against what the scenario will be able to see."""
    for piece in draft.criteria:
        if piece.value is None or (known := family(piece.value.metric)) is None:
            continue
        where, criterion = piece.where, piece.value
        if draft.stages_whole:
            yield from _of_attempts(where, criterion, known, draft)
            yield from _of_recovery(where, criterion, known, draft)
            yield from _bitten(where, criterion, draft)
            yield from _diluted(where, criterion, draft)
        if draft.inputs_whole:
            yield from _no_refusal_known(where, criterion, draft)
        yield from _unmarked(where, criterion, draft)
        yield from _of_leaks(where, criterion, draft)


def in_scope(criterion: Criterion, draft: Draft) -> tuple[PlacedFault, ...]:
    """The faults that a criterion is about: those it names, else all in its stages (and on its upstreams)."""
    found: list[PlacedFault] = []
    for placed in stages_in_scope(criterion, draft):
        for one in placed.faults:
            if criterion.fault is not None and not matching(criterion.fault, [one.fault.name]):
                continue
            if criterion.upstream is not None and not matching(criterion.upstream, [one.fault.upstream]):
                continue
            found.append(one)
    return tuple(found)


def stages_in_scope(criterion: Criterion, draft: Draft) -> tuple[PlacedStage, ...]:
    """The stages that a criterion is about."""
    return tuple(
        placed for placed in draft.stages if criterion.stage is None or matching(criterion.stage, placed.names)
    )


def _of_attempts(where: Where, criterion: Criterion, known: Family, draft: Draft) -> Iterator[Finding]:
    if known.population != "attempts":
        return
    names = [piece.name for piece in draft.upstreams if piece.name is not None]
    if criterion.upstream is None and criterion.fault is None and len(names) > 1:
        said = f"attempts at which upstream? Add `upstream:` and one of {listed(names)}"
        yield Finding(where=where, message=said)
    for piece in draft.upstreams:
        chosen = criterion.upstream is None or matching(criterion.upstream, [piece.name or ""])
        if chosen and piece.value is not None and is_tcp(piece.value) and not piece.value.relay:
            said = f"attempts cannot be seen at {piece.name}, which has `relay: false`: delete that"
            yield Finding(where=(*where, "metric"), message=said)
    blind = [one for one in in_scope(criterion, draft) if one.fault.visibility is Visibility.BLIND]
    if blind:
        fault = blind[0].fault
        stream = f" {fault.stream}" if isinstance(fault, Toxic) else ""
        stage = next(one.names[0] for one in stages_in_scope(criterion, draft) if blind[0] in one.faults)
        said = (
            f"attempts cannot be seen under `{fault.kind}`{stream} ({fault.name} in {stage}); "
            "use a fault of the stand there, such as `http_error` or `stall`, or leave that stage out"
        )
        key = next((key for key in ("fault", "stage") if getattr(criterion, key) is not None), "metric")
        yield Finding(where=(*where, key), message=said)


def _of_recovery(where: Where, criterion: Criterion, known: Family, draft: Draft) -> Iterator[Finding]:
    if known.population != "recovery":
        return
    if criterion.stage is None:
        said = "recovery from what? Add `stage:`, the one in which the target must recover"
        yield Finding(where=where, message=said)
        return
    disturbed: set[int] = set()  # positions of stages at or before whose end something went off
    for position, placed in enumerate(draft.stages):
        own = placed.stage is not None and placed.stage.load is not None
        before = position - 1 in disturbed or bool(placed.faults) or own
        again = placed.repeated and any(
            other.block == placed.block and (other.faults or (other.stage is not None and other.stage.load is not None))
            for other in draft.stages
        )
        if before or again:
            disturbed.add(position)
    calm = [
        placed
        for position, placed in enumerate(draft.stages)
        if position not in disturbed and matching(criterion.stage, placed.names)
    ]
    if calm:
        said = f"no fault and no load of its own ends before the end of {calm[0].names[0]}: name the stage after one"
        yield Finding(where=(*where, "stage"), message=said)


def _bitten(where: Where, criterion: Criterion, draft: Draft) -> Iterator[Finding]:
    """A sample is bitten if one of its own attempts is known to have been touched."""
    if criterion.population != "bitten":
        return
    place = (*where, "population")
    if draft.target is not None and isinstance(draft.target.correlate, str):
        said = "nobody can tell whose attempt was touched: add `target.correlate: {header: x-request-id}`"
        yield Finding(where=place, message=said)
    faults = in_scope(criterion, draft)
    if not faults:
        said = "there is no fault in the criterion's scope: name a stage or fault that has one"
        yield Finding(where=place, message=said)
    for one in faults:
        why = _untraceable(one.fault, draft)
        if why:
            said = f"{one.fault.name} {why}: use a fault of the stand, such as http_error or stall, or delete it"
            yield Finding(where=place, message=said)
            return


def _untraceable(fault: AnyFault, draft: Draft) -> str:
    if fault.visibility is Visibility.BLIND:
        return "lets no attempt be seen"
    if isinstance(fault, Toxic) and fault.toxicity < 1:
        return "is drawn per connection (toxicity below 1), so nobody can tell which attempts it touched"
    upstream = next((piece.value for piece in draft.upstreams if piece.name == fault.upstream), None)
    if not isinstance(fault, StandFault) and upstream is not None and is_tcp(upstream):
        return "is on a tcp:// upstream, where attempts carry no header that joins them to a request"
    return ""


def _diluted(where: Where, criterion: Criterion, draft: Draft) -> Iterator[Finding]:
    """Inputs that never reach the upstream are always graceful: mixed in, they hide how the others fare."""
    if criterion.metric not in ("graceful", "ungraceful") or len(draft.categories) < 2:
        return
    if criterion.category is not None or criterion.each == "category" or criterion.population == "bitten":
        return
    faults = in_scope(criterion, draft)
    if faults:
        said = (
            f"needs a `category`: the scenario deals {listed(sorted(draft.categories))}, and those that never reach "
            f"{faults[0].fault.upstream} would hide how the others fare; name some, or say `population: bitten`"
        )
        yield Finding(where=where, message=said)


def _no_refusal_known(where: Where, criterion: Criterion, draft: Draft) -> Iterator[Finding]:
    """What takes a refusal for one rests on a marker or assertions; what takes an answer for right, see the forecast.

    There the rows are known, each of which may have assertions of its own.
    """
    if criterion.metric not in TAKES_REFUSALS_FOR_SUCH or draft.target is None or draft.target.markers.refusal:
        return
    scope = matching(criterion.category or ("*",), sorted(draft.categories))
    for piece in draft.inputs:
        entry: Inputs = piece.value
        asked = entry.category in scope and (
            criterion.tenant is None or entry.tenant is None or bool(matching(criterion.tenant, [entry.tenant]))
        )
        if asked and entry.expected == "refuse" and not entry.asserts and entry.category != "malformed":
            said = (
                f"{criterion.metric} needs a sign of a refusal, and there is none for "
                f"{entry.file or 'what is generated'}: add `target.markers.refusal`, or an `assert` to that entry of "
                "`inputs`"
            )
            yield Finding(where=(*where, "metric"), message=said)
            return


def _unmarked(where: Where, criterion: Criterion, draft: Draft) -> Iterator[Finding]:
    """`degraded` and `over_refused` are known by a marker alone: without it they are 0 % of whatever happens."""
    needed = {"degraded": ("fallback", "a fallback"), "over_refused": ("refusal", "a refusal")}
    if draft.target is None or criterion.metric not in needed:
        return
    kind, what = needed[criterion.metric]
    if not getattr(draft.target.markers, kind):
        said = f"{criterion.metric} needs a sign of {what}, and there is none: add `target.markers.{kind}`"
        yield Finding(where=(*where, "metric"), message=said)


def _of_leaks(where: Where, criterion: Criterion, draft: Draft) -> Iterator[Finding]:
    if criterion.metric != "leaked":
        return
    owners = [piece for piece in draft.tenants if piece.value is None or piece.value.canaries]
    secrets = draft.target is None or bool(draft.target.secrets)
    if secrets or (owners and len(draft.tenants) > 1):
        return
    if owners:
        said = (
            f"{shown(owners[0].name)} is the only tenant, so nobody can see another's canary: add a tenant, "
            "or `target.secrets`"
        )
    else:
        said = "nothing is declared that could leak: give tenants `canaries`, or the target `secrets`"
    yield Finding(where=(*where, "metric"), message=said)
