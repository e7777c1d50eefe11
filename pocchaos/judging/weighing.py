"""One claim over one scope: read the metric, compare it with its limit, and say what stands against the result."""

from dataclasses import dataclass, replace
from math import inf, isfinite, isnan

from pocchaos.judging.conditions import Counts, count, lag_note, troubles
from pocchaos.judging.remedies import Gap, remedy
from pocchaos.judging.scopes import Scope, view
from pocchaos.judging.wording import interval_words, show
from pocchaos.metrics.base import Ask, Clock, Metric, Reading, Trouble, View
from pocchaos.metrics.ground import Ground
from pocchaos.metrics.limits import Limit
from pocchaos.metrics.shares import Share
from pocchaos.model.verdict import Judgement, Verdict
from pocchaos.statistics import evidence_below, newcombe
from pocchaos.statistics.beta import binomial_at_most

Interval = tuple[float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A criterion, read: what is asked of which metric."""

    id: str
    text: str
    metric: Metric
    limit: Limit
    ask: Ask  # its `limit` is None where the limit is on a comparison
    of: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Weighed:
    """A judgement, and the one-sided p of what was seen if the claim just held (1 where there is none)."""

    judgement: Judgement
    p: float = 1.0


def weigh(ground: Ground, claim: Claim, scope: Scope) -> Weighed:
    """The judgement of one claim over one scope."""
    here = view(ground, scope)
    there = view(ground, scope.at(claim.of), here.upstreams) if claim.of is not None else None
    found = _compared(claim, claim.ask, here, there)
    counts = count(here, claim.metric)
    against = troubles(here, claim.metric, counts) + found.reading.troubles
    if there is not None and found.other is not None:
        against += troubles(there, claim.metric, count(there, claim.metric)) + found.other.troubles
    side = _side(found, claim)
    if side is Verdict.FAIL and _too_few_to_fail(found.reading, claim.ask.confidence):
        side = Verdict.INCONCLUSIVE
    side, doubt = _by_both_clocks(claim, here, there, found, side)
    verdict, why, advice = _verdict(claim, here, found, side, (*against, *doubt))
    reading = found.reading
    judgement = Judgement(
        id=claim.id,
        verdict=verdict,
        metric=claim.metric.name,
        claim=claim.text,
        scope=scope.words(),
        unit=_unit(claim),
        figure=found.figure,
        interval=found.interval,
        limit=claim.limit.value,
        sense=claim.ask.sense,
        n=reading.n,
        n_eff=round(reading.n_eff, 1),
        need=reading.need,
        why=why,
        remedy=advice,
        notes=_notes(claim, counts, found, verdict, why, against),
        of=_of(claim, found.other),
        evidence=claim.metric.against(here, claim.ask),
    )
    return Weighed(judgement=judgement, p=_p(reading))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    figure: float | None
    interval: Interval | None
    reading: Reading
    other: Reading | None = None


def _compared(claim: Claim, ask: Ask, here: View, there: View | None) -> _Found:
    """The metric itself, or its ratio or difference to the other stage."""
    if there is None:
        reading = claim.metric.read(here, ask)
        return _Found(figure=reading.figure, interval=reading.interval, reading=reading)
    if claim.limit.kind == "times":  # both intervals at 1 − α/2, compared crosswise
        ask = replace(ask, confidence=1 - (1 - ask.confidence) / 2)
    ours, theirs = claim.metric.read(here, ask), claim.metric.read(there, ask)
    if ours.figure is None or theirs.figure is None or ours.interval is None or theirs.interval is None:
        return _Found(figure=None, interval=None, reading=ours, other=theirs)
    if claim.limit.kind == "points":
        figure: float | None = ours.figure - theirs.figure
        interval = newcombe(ours.figure, ours.interval, theirs.figure, theirs.interval)
    else:
        figure = _ratio(ours.figure, theirs.figure)
        low, high = _ratio(ours.interval[0], theirs.interval[1]), _ratio(ours.interval[1], theirs.interval[0])
        interval = (0.0 if low is None else low, inf if high is None else high)
    return _Found(figure=figure, interval=interval, reading=ours, other=theirs)


def _ratio(top: float, bottom: float) -> float | None:
    """None where it may be anything: 0 of 0, or never of never."""
    if bottom == 0:
        return None if top == 0 else inf
    ratio = top / bottom
    return None if isnan(ratio) else ratio


def _side(found: _Found, claim: Claim) -> Verdict:
    if claim.metric.exempt and found.figure:
        return Verdict.FAIL  # one finding is one too many, whatever the limit
    if found.interval is None:
        return Verdict.INCONCLUSIVE
    (low, high), limit = found.interval, claim.limit.value
    if claim.ask.sense == "at_least":
        low, high, limit = -high, -low, -limit
    if high <= limit:
        return Verdict.PASS
    return Verdict.FAIL if low > limit else Verdict.INCONCLUSIVE


def _too_few_to_fail(reading: Reading, confidence: float) -> bool:
    """Below the need Wilson's interval is too bold: a FAIL must hold by the exact binomial too.

    Source: Clopper and Pearson 1934; the upper bound lies below what is asked if so few successes are that unlikely.
    """
    share = reading.share
    if share is None or reading.asked is None or share.n_eff >= reading.need:
        return False
    n = max(1, round(share.n_eff))
    return binomial_at_most(round(share.share * n), n, reading.asked) > (1 - confidence) / 2


def _by_both_clocks(
    claim: Claim, here: View, there: View | None, found: _Found, side: Verdict
) -> tuple[Verdict, tuple[Trouble, ...]]:
    """PASS needs the response time, FAIL the service time; where they disagree our generator decides."""
    faster_is_worse = isinstance(claim.metric, Share) and claim.ask.within is not None
    if not (claim.metric.timed or faster_is_worse) or side is Verdict.INCONCLUSIVE:
        return side, ()
    if side is Verdict.PASS and not faster_is_worse:
        return side, ()
    served = _compared(claim, replace(claim.ask, clock=Clock.SERVICE, brief=True), here, there)
    if _side(served, claim) is side:
        return side, ()
    return Verdict.INCONCLUSIVE, (
        Trouble(
            why=f"our generator decides it: {side.value} by response time ({show(found.figure, _unit(claim))}), "
            f"not by service time ({show(served.figure, _unit(claim))})",
            remedy="lower the rate, or give the generator a core of its own or more workers",
        ),
    )


def _verdict(
    claim: Claim, here: View, found: _Found, side: Verdict, against: tuple[Trouble, ...]
) -> tuple[Verdict, str, str]:
    """The verdict, why, and for INCONCLUSIVE the remedy."""
    void = [trouble for trouble in against if not trouble.fail_stands]
    if not void and side is Verdict.FAIL:
        return side, _sentence(claim, found, "lies wholly on the bad side of"), ""
    if against:
        first = (void or against)[0]
        return Verdict.INCONCLUSIVE, first.why, first.remedy
    if side is Verdict.PASS:
        return side, _sentence(claim, found, "lies wholly on the good side of"), ""
    return Verdict.INCONCLUSIVE, _straddling(claim, found), _settling(claim, here, found)


def _sentence(claim: Claim, found: _Found, how: str) -> str:
    if claim.metric.exempt:
        return f"{found.figure:,.0f} found" if found.figure else f"none found in {found.reading.n:,}"
    return f"{interval_words(found.interval, _unit(claim))} {how} {show(claim.limit.value, _unit(claim))}"


def _straddling(claim: Claim, found: _Found) -> str:
    reading = found.reading
    if claim.of is None and reading.need and reading.n_eff < reading.need:
        return (
            f"n_eff {reading.n_eff:,.0f} is below the {reading.need:,} that "
            f"{show(claim.limit.value, _unit(claim))} needs even without a failure"
        )
    return _sentence(claim, found, "holds the limit")


def _settling(claim: Claim, here: View, found: _Found) -> str:
    if found.figure is None or found.interval is None:
        return "give both stages samples to compare"
    gap = Gap(figure=found.figure, interval=found.interval, limit=claim.limit.value)
    return remedy(here, found.reading, gap, claim.ask.confidence, compared=claim.of is not None)


def _notes(
    claim: Claim, counts: Counts, found: _Found, verdict: Verdict, why: str, against: tuple[Trouble, ...]
) -> tuple[str, ...]:
    """What a reader should know beside the figure; further reasons too, where there is more than one."""
    notes = list(found.reading.notes)
    if (share := found.reading.share) is not None and (share.deff > 1 or share.capped):
        over = f"deff {share.deff:.2f} over {share.decided_by}" if share.deff > 1 else "no more than different inputs"
        notes.append(
            f"n_eff {share.n_eff:,.0f} of {share.n:,}: {over}" + (f", t({share.df})" if share.df is not None else "")
        )
    if share is not None and share.held:
        notes.append("the interval is held where fewer of these failures had put it")
    if claim.metric.timed or claim.ask.within is not None:
        notes += lag_note(counts, claim.ask.limit if claim.metric.timed else claim.ask.within)
    if verdict is Verdict.INCONCLUSIVE:
        notes += [f"also: {trouble.why}" for trouble in against if trouble.why != why][:5]
    elif verdict is Verdict.FAIL and against:
        notes += [f"a FAIL stands although {trouble.why}" for trouble in against if trouble.fail_stands]
    return tuple(dict.fromkeys(notes))


def _of(claim: Claim, other: Reading | None) -> dict[str, object] | None:
    if claim.of is None or other is None:
        return None
    return {
        "stage": claim.of,
        "unit": claim.metric.unit,
        "figure": other.figure,
        "interval": other.interval,
        "n": other.n,
        "n_eff": round(other.n_eff, 1),
        "notes": other.notes,
    }


def _p(reading: Reading) -> float:
    if reading.share is None or reading.asked is None or not isfinite(reading.share.n_eff):
        return 1.0
    return evidence_below(reading.share.share, reading.asked, reading.share.n_eff)


def _unit(claim: Claim) -> str:
    return claim.metric.unit if claim.limit.kind == "plain" else claim.limit.kind
