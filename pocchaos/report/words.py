"""Figures as people read them: one way for the console, HTML, Markdown and JUnit alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pocchaos.model.units import show_seconds, show_share
from pocchaos.model.verdict import JudgedRun, Judgement, Verdict

BANNER = {Verdict.PASS: "GO", Verdict.FAIL: "NO-GO", Verdict.INCONCLUSIVE: "INCONCLUSIVE"}
SIGN = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.INCONCLUSIVE: "?"}  # verdicts are read without colour too


def show(value: float | None, unit: str) -> str:
    """A figure in its unit; `–` where there is none, `∞` where there was no answer."""
    if value is None:
        return "–"
    if value in (float("inf"), float("-inf")):
        return "∞" if value > 0 else "−∞"
    match unit:
        case "share":
            return show_share(value)
        case "seconds":
            return show_seconds(value)
        case "points":
            return f"{value * 100:+.3g} pp"
        case "times":
            return f"{value:.3g}x"
        case "per_second":
            return f"{value:.4g}/s"
        case "count":
            return f"{value:,.0f}"
        case _:
            return f"{value:.4g}"


def interval(judgement: Judgement) -> str:
    """`[93.1 %, 99.0 %]`, or `–`."""
    if judgement.interval is None:
        return "–"
    low, high = judgement.interval
    return f"[{show(low, judgement.unit)}, {show(high, judgement.unit)}]"


def limit(judgement: Judgement) -> str:
    """`≥ 95 %` or `≤ 3 s`, with what it is compared to."""
    sign = "≥" if judgement.sense == "at_least" else "≤"
    return f"{sign} {show(judgement.limit, judgement.unit)}{_beside(judgement)}"


def _beside(judgement: Judgement) -> str:
    """` of stage baseline (98.5 %)`: what was compared with, in its own unit."""
    if not judgement.of:
        return ""
    said, figure = f" of stage {judgement.of.get('stage', '?')}", judgement.of.get("figure")
    if isinstance(figure, int | float):
        said += f" ({show(figure, str(judgement.of.get('unit', '')))})"
    return said


def scope(judged: Mapping[str, Any]) -> str:
    """`stage outage · category in_scope`; empty where the whole run is meant."""
    return " · ".join(f"{key} {_listed(value)}" for key, value in judged.items() if value not in (None, "", [], ()))


def size(judgement: Judgement) -> str:
    """`n 381 (effective 73)`."""
    if judgement.n_eff and round(judgement.n_eff) != judgement.n:
        return f"{judgement.n:,} (effective {judgement.n_eff:,.0f})"
    return f"{judgement.n:,}"


def asked(judgement: Judgement) -> str:
    """`answered ≥ 90 % in stage baseline`: metric, limit and scope, whatever the criterion's own words are."""
    where = scope(judgement.scope)
    return f"{judgement.metric} {limit(judgement)}" + (f" in {where}" if where else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line of the criteria table: a criterion, or one value of its `each` beneath it."""

    judgement: Judgement
    name: str  # the criterion's id; beneath it what sets this value apart
    asked: str  # what was asked for; beneath it only where the limit is another
    whole: bool  # a criterion whose values have the figures
    depth: int


def rows(judged: JudgedRun) -> list[Row]:
    """The criteria in order, each followed by its `each` values one level deeper."""
    told: list[Row] = []
    for criterion in judged.criteria:
        whole = bool(criterion.each)
        told.append(Row(judgement=criterion, name=criterion.id, asked=asked(criterion), whole=whole, depth=0))
        told.extend(
            Row(
                judgement=value,
                name=_apart(criterion, value),
                asked=limit(value) if limit(value) != limit(criterion) else "",
                whole=False,
                depth=1,
            )
            for value in criterion.each
        )
    return told


def _apart(criterion: Judgement, value: Judgement) -> str:
    own = {key: told for key, told in value.scope.items() if criterion.scope.get(key) != told}
    return scope(own) or scope(value.scope) or value.id


def counts(judged: JudgedRun) -> dict[Verdict, int]:
    """How many criteria came to each verdict."""
    return {verdict: sum(c.verdict is verdict for c in judged.criteria) for verdict in Verdict}


def tally(judged: JudgedRun) -> str:
    """`5 criteria: 4 pass, 1 inconclusive`."""
    told = [f"{count} {verdict.value.lower()}" for verdict, count in counts(judged).items() if count]
    total = len(judged.criteria)
    return f"{total} criteri{'a' if total != 1 else 'on'}: {', '.join(told)}" if told else "no criteria"


def plain(text: object) -> str:
    """What somebody else wrote, with control and direction marks made visible, for pages and terminals alike."""
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\u{ord(c):04x}" for c in str(text))


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
