"""What this run says nothing about: a reader must not take silence for a result."""

from collections import Counter
from collections.abc import Iterator
from typing import Final, get_args

from pocchaos.faults import Toxic
from pocchaos.metrics.table import Table
from pocchaos.scenario.language import Category, Scenario
from pocchaos.scenario.plan import Plan

OUTSIDE: Final = (
    "WebSocket, gRPC, UDP and DNS; HTTP/2 between the target and its upstreams",
    "faults of the host or the kernel: CPU, memory, disk, packet loss",
    "what a database makes of its data (consistency, isolation of transactions)",
)

_ASKED: Final = {
    "in_scope": "questions that it should answer",
    "edge_case": "edge cases",
    "off_topic": "off-topic questions",
    "malformed": "malformed requests",
    "misuse": "misuse and attacks",
}


def not_tested(scenario: Scenario, plan: Plan, table: Table) -> tuple[str, ...]:
    """The gaps, those of this scenario first, those of the language last."""
    return (
        *_categories(plan),
        *_upstreams(scenario, table),
        *_draws(plan),
        *_outages(table),
        *_tenants(scenario),
        *OUTSIDE,
    )


def _categories(plan: Plan) -> Iterator[str]:
    dealt = {plan.inputs[place].category for place in set(plan.requests.input)}
    for category in get_args(Category):
        if category not in dealt:
            yield f"{_ASKED[category]}: no input of the category {category} was dealt"


def _upstreams(scenario: Scenario, table: Table) -> Iterator[str]:
    faulted = {fault.upstream for fault in table.faults}
    for name in scenario.upstreams:
        if name not in faulted:
            yield f"failures of {name}: no fault of this scenario is on it"
    for name in sorted(faulted):
        if not scenario.upstreams[name].relay:
            yield f"single calls at {name}: it has no relay, so its faults are proven by connections, once a second"
    for fault in table.faults:
        if fault.bite is not None and not fault.bite.bitten:
            yield f"{fault.id} in {table.stages[fault.stage].name}: it is not proven to have bitten"


def _draws(plan: Plan) -> Iterator[str]:
    drawn = dict.fromkeys(w.id for w in plan.windows if isinstance(w.fault, Toxic) and w.fault.toxicity < 1)
    if drawn:
        yield f"the effect of {', '.join(drawn)}: drawn per connection (toxicity below 100 %), and nobody checked which"


def _outages(table: Table) -> Iterator[str]:
    occurrences = Counter(fault.id for fault in table.faults)
    single = [name for name, count in occurrences.items() if count == 1]
    if single:
        yield f"other outages of the same kind: {', '.join(single)} happened once; an interval covers that one only"


def _tenants(scenario: Scenario) -> Iterator[str]:
    if len(scenario.tenants) < 2:
        yield "isolation between tenants: the scenario has one tenant"
    elif not any(tenant.canaries for tenant in scenario.tenants):
        yield "isolation between tenants: no tenant has a canary, so a leak could not be seen"
    else:
        yield "isolation beyond what ordinary answers show: no probe asked for another tenant's data on purpose"
