"""Shares of outcomes: how many of those who asked got this."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, assert_never

import polars as pl

from pocchaos.metrics.base import NO_SAMPLE, Ask, Clock, Metric, Reading, View
from pocchaos.metrics.gaps import UNCHECKED, unchecked
from pocchaos.metrics.population import KEYS, Population, worst_five
from pocchaos.model.outcome import GRACEFUL, Outcome
from pocchaos.model.units import show_share
from pocchaos.statistics import need


class Of(Enum):
    """Whom a share is taken of."""

    ANSWERABLE = "requests that deserve an answer"
    REFUSABLE = "requests that should be refused"
    ALL = "requests"


@dataclass(frozen=True, kw_only=True)
class Share(Metric):
    """The share of a population that ended with one of some outcomes, and fast enough where `within` is set."""

    outcomes: frozenset[Outcome]
    of: Of
    complement: bool = False  # the share of all others
    needs_assert: bool = False  # it takes answers for right: without an assert nobody knows

    @property
    def reads(self) -> pl.Expr:
        """Whose bodies it rests on: those of everyone that the share may be of."""
        match self.of:
            case Of.ANSWERABLE:
                return pl.col("expects")
            case Of.REFUSABLE:
                return ~pl.col("expects")
            case Of.ALL:
                return pl.lit(value=True)
            case _:
                assert_never(self.of)

    def read(self, view: View, ask: Ask) -> Reading:
        """The share, judged on n_eff; inputs are the unit where no fault is on, unless the claim fixes them."""
        bad = self._hit(ask) if ask.sense == "at_most" else ~self._hit(ask)
        rows = self._population(view).select(*KEYS.values(), bad.alias("bad"), UNCHECKED).collect()
        if not rows.height:
            return Reading(troubles=(NO_SAMPLE,))
        people = Population(rows)
        good = people.share(pl.col("bad"), confidence=ask.confidence, capped=not view.faulted and not view.fixed)
        adverse = ask.sense == "at_most"
        asked = None if ask.limit is None else 1 - ask.limit if adverse else ask.limit
        return Reading(
            figure=1 - good.share if adverse else good.share,
            interval=(1 - good.high, 1 - good.low) if adverse else (good.low, good.high),
            n=good.n,
            n_eff=good.n_eff,
            need=need(asked, ask.confidence) if asked is not None and asked < 1 else 0,
            share=good,
            asked=asked,
            notes=self._notes(people, view, good.share == 1),
            troubles=unchecked(rows) if self.needs_assert else (),
        )

    def against(self, view: View, ask: Ask) -> tuple[int, ...]:
        """Those with the outcome where few of them are claimed, those without it where many are."""
        hit = self._hit(ask)
        return worst_five(self._population(view).filter(hit if ask.sense == "at_most" else ~hit))

    def _population(self, view: View) -> pl.LazyFrame:
        match self.of:
            case Of.ANSWERABLE:
                return view.answerable
            case Of.REFUSABLE:
                return view.judged.filter(~pl.col("expects"))
            case Of.ALL:
                return view.judged
            case _:
                assert_never(self.of)

    def _hit(self, ask: Ask) -> pl.Expr:
        hit = pl.col("outcome").is_in(sorted(outcome.value for outcome in self.outcomes))
        if ask.within is not None:
            time = pl.col("response" if ask.clock is Clock.RESPONSE else "service")
            hit = hit & (time <= ask.within).fill_null(value=False)
        return ~hit if self.complement else hit

    def _notes(self, people: Population, view: View, clean: bool) -> tuple[str, ...]:  # noqa: FBT001 - private
        notes = [f"{people.inputs:,} different input{'s' * (people.inputs != 1)}"]
        if view.fixed:
            notes[0] = f"about these {people.inputs:,} inputs, not others like them"
        if view.faulted and len(view.spans) == 1:
            notes.append("this interval covers this outage, not outages")
        if clean:
            bound = show_share(min(1.0, 3 / people.n))
            notes.append(f"none in {people.n:,}: upper bound {bound} if all were independent")
        return tuple(notes)


def _answerable(outcome: Outcome) -> Share:
    return Share(
        name=outcome.value,
        outcomes=frozenset({outcome}),
        of=Of.ANSWERABLE,
        needs_assert=outcome in {Outcome.ANSWERED, Outcome.WRONG},
    )


def _refusable(outcome: Outcome) -> Share:
    return Share(name=outcome.value, outcomes=frozenset({outcome}), of=Of.REFUSABLE)


SHARES: Final[Mapping[str, Share]] = {
    share.name: share
    for share in (
        _answerable(Outcome.ANSWERED),
        _answerable(Outcome.DEGRADED),
        _answerable(Outcome.WRONG),
        _answerable(Outcome.OVER_REFUSED),
        _answerable(Outcome.ERRORED),
        _answerable(Outcome.CRASHED),
        _answerable(Outcome.HUNG),
        _answerable(Outcome.BROKEN),
        _answerable(Outcome.SHED),
        _refusable(Outcome.REFUSED),
        _refusable(Outcome.UNDER_REFUSED),
        Share(name="graceful", outcomes=GRACEFUL, of=Of.ALL, needs_assert=True),
        Share(name="ungraceful", outcomes=GRACEFUL, of=Of.ALL, complement=True, needs_assert=True),
    )
}
