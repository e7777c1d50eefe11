"""Compiles a scenario with its inputs and a seed into a plan: pure, and the same bytes on every machine.

Draws are independent by purpose: arrivals, tenants and categories have a generator for each occurrence of a stage,
each deck has one of its own. So a stage that is added at the end changes nothing before it.
"""

from array import array
from collections.abc import Iterator, Sequence
from heapq import merge
from random import Random

from pocchaos.arrivals import Arrival
from pocchaos.model.errors import UsageError
from pocchaos.scenario.decks import Deck
from pocchaos.scenario.language import Inputs, Scenario
from pocchaos.scenario.plan import InputRow, Plan, PlannedStage, Requests
from pocchaos.scenario.seeds import Draw, generator
from pocchaos.scenario.timeline import Occurrence, lay_out


def compile_plan(scenario: Scenario, rows: Sequence[tuple[InputRow, ...]], seed: int) -> Plan:
    """The plan of one run; `rows` holds one tuple for each entry of `scenario.inputs`.

    Raises UsageError where a tenant that is sent requests has no input to ask.
    """
    timeline = lay_out(scenario, seed)
    dealer = _Dealer(scenario, rows, seed)
    due, stages, tenants, inputs = array("q"), array("i"), array("i"), array("i")
    for stage, occurrence in zip(timeline.stages, timeline.occurrences, strict=True):
        for at, tenant, row in _of_stage(scenario, stage, occurrence, dealer, seed):
            due.append(at)
            tenants.append(tenant)
            inputs.append(row)
        stages.extend([stage.index] * (len(due) - len(stages)))
    return Plan(
        seed=seed,
        stages=timeline.stages,
        windows=timeline.windows,
        edges=timeline.edges,
        tenants=tuple(tenant.name for tenant in scenario.tenants),
        inputs=tuple(row for entry in rows for row in entry),
        requests=Requests(due=due, stage=stages, tenant=tenants, input=inputs),
    )


def tenant_shares(scenario: Scenario, carved: frozenset[str] = frozenset()) -> tuple[float, ...]:
    """Each tenant's share of the streams that name nobody, in the order of the scenario.

    A tenant with a stream of its own is carved out of them, unless every tenant has one. Where shares are left out,
    what the others leave is dealt equally.
    """
    given = sum(tenant.share or 0.0 for tenant in scenario.tenants)
    silent = sum(1 for tenant in scenario.tenants if tenant.share is None)
    rest = max(0.0, 1.0 - given) / silent if silent else 0.0
    shares = tuple(rest if tenant.share is None else tenant.share for tenant in scenario.tenants)
    left = tuple(
        0.0 if tenant.name in carved else share for tenant, share in zip(scenario.tenants, shares, strict=True)
    )
    return left if any(left) else shares


def _of_stage(
    scenario: Scenario, stage: PlannedStage, occurrence: Occurrence, dealer: "_Dealer", seed: int
) -> Iterator[tuple[int, int, int]]:
    """(due, tenant, input) of every request of one stage, in order of time."""
    places = {tenant.name: place for place, tenant in enumerate(scenario.tenants)}
    carved = frozenset(stream.tenant for stream in occurrence.load if stream.tenant is not None)
    draw_tenant = Draw(tenant_shares(scenario, carved))
    who, what = (generator(seed, purpose, stage.name, stage.cycle) for purpose in ("tenants", "categories"))
    for at, owner in _arrivals(stage, occurrence, seed):
        tenant = draw_tenant(who) if owner is None else places[owner]
        yield at, tenant, dealer.deal(tenant, what)


def _arrivals(stage: PlannedStage, occurrence: Occurrence, seed: int) -> Iterator[tuple[int, str | None]]:
    """Due times of all streams of a stage, each with the tenant that it is for."""
    streams = (_stream(stage, number, stream, seed) for number, stream in enumerate(occurrence.load))
    return ((at, occurrence.load[number].tenant) for at, number in merge(*streams))


def _stream(stage: PlannedStage, number: int, stream: Arrival, seed: int) -> Iterator[tuple[int, int]]:
    random = generator(seed, "arrivals", stage.name, stage.cycle, number)
    return ((stage.start + at, number) for at in stream.due(stage.end - stage.start, random))


class _Dealer:
    """Draws the category by share and the input from its deck."""

    def __init__(self, scenario: Scenario, rows: Sequence[tuple[InputRow, ...]], seed: int) -> None:
        self._decks: list[Deck] = []
        first = 0
        for entry, cards in zip(scenario.inputs, rows, strict=True):
            purpose = _purpose(entry, scenario.inputs)
            self._decks.append(Deck(range(first, first + len(cards)), generator(seed, "deck", *purpose)))
            first += len(cards)
        self._names = tuple(tenant.name for tenant in scenario.tenants)
        self._eligible = [
            [place for place, entry in enumerate(scenario.inputs) if entry.tenant in (None, name)]
            for name in self._names
        ]
        self._draws = [
            Draw([scenario.inputs[place].share for place in places]) if places else None for places in self._eligible
        ]

    def deal(self, tenant: int, random: Random) -> int:
        draw = self._draws[tenant]
        if draw is None:
            raise UsageError(f'tenant "{self._names[tenant]}" has no inputs: add an entry that it may ask')
        return self._decks[self._eligible[tenant][draw(random)]].deal()


def _purpose(entry: Inputs, entries: Sequence[Inputs]) -> tuple[str, str, int]:
    """What tells one deck from another: category, tenant, and the how-many-th of these it is."""
    same = [other for other in entries if (other.category, other.tenant) == (entry.category, entry.tenant)]
    return entry.category, entry.tenant or "", next(number for number, other in enumerate(same) if other is entry)
