"""The criteria: metrics, limits and scopes that make sense."""

from collections.abc import Iterator
from typing import get_args

from pocchaos.metrics.limits import parse_limit
from pocchaos.model.units import show_seconds
from pocchaos.scenario.claims import NAMES, PERCENTILES, Family, family
from pocchaos.scenario.draft import Draft
from pocchaos.scenario.finding import Finding, Where, listed, shown, unknown
from pocchaos.scenario.language import Category, Criterion
from pocchaos.scenario.rules.base import matching, name, selected, twice


def criteria(draft: Draft) -> Iterator[Finding]:
    """Each criterion on its own, and their ids."""
    yield from twice(
        [((*piece.where, "id"), piece.name) for piece in draft.criteria if piece.name is not None],
        "id",
        "rename one, since the report names criteria by it",
    )
    for piece in draft.criteria:
        if piece.value is None:
            continue
        criterion: Criterion = piece.value
        yield from name((*piece.where, "id"), criterion.id)
        yield from _scope(piece.where, criterion, draft)
        known = family(criterion.metric)
        if known is None:
            yield Finding(where=(*piece.where, "metric"), message=_no_metric(criterion.metric))
            continue
        yield from _limit(piece.where, criterion, known)
        yield from _fits(piece.where, criterion, known, draft)


def _no_metric(metric: str) -> str:
    base = metric.partition(".")[0]
    if base in PERCENTILES:
        return f"{shown(metric)} is not a percentile: write one between p1 and p99.99, such as {base}.p95"
    return unknown(metric, "the metrics", sorted(NAMES))


def _limit(where: Where, criterion: Criterion, known: Family) -> Iterator[Finding]:
    """One limit, on the side that makes sense, in the metric's own unit."""
    senses = [key for key in ("at_least", "at_most") if getattr(criterion, key) is not None]
    example = "`at_least: 95%`" if known.senses[0] == "at_least" else "`at_most: …`"
    if not senses:
        yield Finding(where=where, message=f"has no limit: add {example}")
    elif len(senses) == 2:
        yield Finding(where=(*where, "at_most"), message="has two limits: write two criteria, one for each")
    for key in senses:
        text = str(getattr(criterion, key))
        if key not in known.senses:
            other = known.senses[0]
            better = "higher" if other == "at_least" else "lower"
            said = f"{criterion.metric} is better the {better} it is, so this limit would punish getting better"
            yield Finding(where=(*where, key), message=f"{said}: write `{other}: {text}`")
        try:
            limit = parse_limit(text, known.unit, of=criterion.of is not None)
        except ValueError as error:
            yield Finding(where=(*where, key), message=str(error).replace("'", '"'))
            continue
        if known.unit == "share" and limit.kind == "plain":
            yield from _showable((*where, key), key, text, limit.value)


def _showable(where: Where, key: str, text: str, value: float) -> Iterator[Finding]:
    """An interval never touches 0 % or 100 %."""
    if (key, value) in (("at_least", 0.0), ("at_most", 1.0)):
        yield Finding(
            where=where, message=f"{text} claims nothing, since every run passes it: write a limit that could fail"
        )
    elif value in (0.0, 1.0):
        near = "99.9%" if key == "at_least" else "0.1%"
        said = f"{text} can never be shown, however many samples there are: write what you need, such as {near}"
        yield Finding(where=where, message=said)


def _fits(where: Where, criterion: Criterion, known: Family, draft: Draft) -> Iterator[Finding]:
    """Keys that mean something for this metric alone."""
    if criterion.within is not None:
        if not known.within:
            said = f"is for successes, and {criterion.metric} counts none: delete it, or judge answered or graceful"
            yield Finding(where=(*where, "within"), message=said)
        elif draft.target is not None and criterion.within > draft.target.deadline:
            said = (
                f"{show_seconds(criterion.within)} is longer than the deadline, {show_seconds(draft.target.deadline)}, "
                "when we hang up: shorten it, or delete it"
            )
            yield Finding(where=(*where, "within"), message=said)
    if criterion.inputs == "fixed" and known.unit != "share":
        said = f"fixed is for shares, and {criterion.metric} is none: delete it"
        yield Finding(where=(*where, "inputs"), message=said)
    if criterion.of is not None:
        yield from _of(where, criterion, known, draft)
    if known.streaming and draft.target is not None and draft.target.answer.stream == "none":
        said = (
            f"{criterion.metric} needs a stream, and the answer is none: judge latency.p95, or say `answer.stream: sse`"
        )
        yield Finding(where=(*where, "metric"), message=said)
    yield from _scope_fits(where, criterion, known, draft)


def _of(where: Where, criterion: Criterion, known: Family, draft: Draft) -> Iterator[Finding]:
    if not known.of:
        said = f"{criterion.metric} is not compared with another stage: delete it, and write a plain limit"
        yield Finding(where=(*where, "of"), message=said)
    elif criterion.of not in draft.stage_names:
        said = unknown(criterion.of, "this scenario's stages", draft.stage_names)
        yield Finding(where=(*where, "of"), message=said)
    elif criterion.fault is None and criterion.of in matching(criterion.stage or ("*",), draft.stage_names):
        said = f"{shown(criterion.of)} is in the criterion's own scope: name other stages in `stage`"
        yield Finding(where=(*where, "of"), message=said)


def _scope(where: Where, criterion: Criterion, draft: Draft) -> Iterator[Finding]:
    tenants = [piece.name for piece in draft.tenants if piece.name is not None]
    upstreams = [piece.name for piece in draft.upstreams if piece.name is not None]
    for key, names, what in (
        ("stage", draft.stage_names, "this scenario's stages"),
        (
            "category",
            sorted(draft.categories) if draft.inputs_whole else get_args(Category),
            "the categories of this scenario's inputs",
        ),
        ("tenant", tenants, "this scenario's tenants"),
        ("upstream", upstreams, "this scenario's upstreams"),
        ("fault", sorted(draft.fault_ids), "this scenario's faults"),
    ):
        yield from selected((*where, key), getattr(criterion, key), names, what)
    if criterion.each == "fault" and not draft.fault_ids:
        yield Finding(where=(*where, "each"), message="there is no fault in the scenario: delete it")


def _scope_fits(where: Where, criterion: Criterion, known: Family, draft: Draft) -> Iterator[Finding]:
    if known.population == "received":
        for key in ("stage", "category", "tenant", "upstream", "fault", "each"):
            if getattr(criterion, key) is not None:
                said = f"{criterion.metric} looks at everything received in the run: delete it"
                yield Finding(where=(*where, key), message=said)
        return
    if criterion.upstream is not None and known.population != "attempts" and criterion.fault is None:
        said = f"{criterion.metric} is about requests to the target, not about attempts at an upstream: delete it"
        yield Finding(where=(*where, "upstream"), message=said)
    if known.population in ("answer", "refuse") and draft.inputs_whole:
        yield from _asked_at_all(where, criterion, known, draft)


def _asked_at_all(where: Where, criterion: Criterion, known: Family, draft: Draft) -> Iterator[Finding]:
    """Whether any input of the scope belongs to the metric's population; rows that say otherwise are rare."""
    names = sorted(draft.categories)
    scope = matching(criterion.category, names) if criterion.category is not None else tuple(names)
    expects = {piece.value.expected for piece in draft.inputs if piece.value.category in scope}
    if not expects or known.population in expects:
        return
    other = "refused" if known.population == "answer" else "answered"
    key = ("category",) if criterion.category is not None else ("metric",)
    what = "an answer" if known.population == "answer" else "a refusal"
    said = (
        f"{criterion.metric} is about inputs that expect {what}, "
        f"and {listed(scope)} expects the other: judge {other}, or name another category"
    )
    yield Finding(where=(*where, *key), message=said)
