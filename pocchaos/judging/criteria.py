"""Each criterion to its judgement: three values, an interval, and what would settle what is not settled."""

from collections.abc import Sequence
from dataclasses import replace

from pocchaos.judging.scopes import Key, Scope, scope_of, values
from pocchaos.judging.weighing import Claim, Weighed, weigh
from pocchaos.metrics import Ground, Table, named
from pocchaos.metrics.base import NO_SAMPLE, Ask
from pocchaos.model.verdict import Judgement, Verdict, worst
from pocchaos.scenario.language import Criterion
from pocchaos.statistics import holm


def judge_criteria(table: Table, criteria: Sequence[Criterion]) -> tuple[Judgement, ...]:
    """One judgement a criterion, in order; one that cannot be computed is INCONCLUSIVE, never a pass or a crash."""
    ground = Ground(table)
    return tuple(_guarded(ground, criterion) for criterion in criteria)


def claim_of(criterion: Criterion) -> Claim:
    """The criterion, read; raises ValueError for a metric or limit that cannot be."""
    metric = named(criterion.metric)
    written = criterion.at_least if criterion.at_least is not None else criterion.at_most
    if written is None:
        raise ValueError("a criterion needs `at_least` or `at_most`")
    limit = metric.limit(written, of=criterion.of is not None)
    return Claim(
        id=criterion.id,
        text=criterion.claim,
        metric=metric,
        limit=limit,
        of=criterion.of,
        ask=Ask(
            confidence=criterion.confidence,
            sense="at_least" if criterion.at_least is not None else "at_most",
            limit=limit.value if limit.kind == "plain" else None,
            within=criterion.within,
        ),
    )


def _guarded(ground: Ground, criterion: Criterion) -> Judgement:
    try:
        return _judge(ground, criterion)
    except Exception as error:  # noqa: BLE001 - a checker that crashed knows nothing, whatever it crashed of
        return _unknown(criterion, f"unknown: judging it raised {type(error).__name__}: {error}")


def _judge(ground: Ground, criterion: Criterion) -> Judgement:
    claim, scope = claim_of(criterion), scope_of(criterion)
    if criterion.each is None:
        return weigh(ground, claim, scope).judgement
    every = values(ground, scope, criterion.each)
    if not every:
        return replace(_unknown(criterion, NO_SAMPLE.why), remedy=NO_SAMPLE.remedy, limit=claim.limit.value)
    parts = [(value, _part(ground, claim, scope, criterion.each, value)) for value in every]
    return _folded(parts, scope)


def _part(ground: Ground, claim: Claim, scope: Scope, key: Key, value: str) -> Weighed:
    return weigh(ground, replace(claim, id=f"{claim.id}[{value}]"), scope.narrowed(key, value))


def _folded(parts: list[tuple[str, Weighed]], scope: Scope) -> Judgement:
    """The worst of them, which speaks for all; what a FAIL rests on is adjusted for their number."""
    verdict = worst([part.judgement.verdict for _, part in parts])
    value, chosen = min(
        ((value, part) for value, part in parts if part.judgement.verdict is verdict), key=lambda found: found[1].p
    )
    judgement, notes = chosen.judgement, chosen.judgement.notes
    if verdict is Verdict.FAIL and any(part.p < 1 for _, part in parts):
        adjusted = zip(parts, holm([part.p for _, part in parts]), strict=True)
        shown = ", ".join(f"{name} {p:.2g}" for (name, part), p in adjusted if part.judgement.verdict is Verdict.FAIL)
        notes = (*notes, f"p after Holm for {len(parts)} values: {shown}")
    return replace(
        judgement,
        id=judgement.id.removesuffix(f"[{value}]"),
        scope=scope.words(),
        why=f"{value}: {judgement.why}",
        notes=notes,
        each=tuple(part.judgement for _, part in parts),
    )


def _unknown(criterion: Criterion, why: str) -> Judgement:
    return Judgement(
        id=criterion.id,
        verdict=Verdict.INCONCLUSIVE,
        metric=criterion.metric,
        claim=criterion.claim,
        scope=scope_of(criterion).words(),
        limit=0.0,
        sense="at_least" if criterion.at_least is not None else "at_most",
        why=why,
        remedy="mend the criterion, or report this as a defect of pocchaos; `judge` reads the run again",
    )
