"""What each part is told: the stand's and the load's specs, made of the scenario, the plan and this run's names."""

from collections.abc import Mapping
from typing import Any

from pocchaos.conductor.names import canaries
from pocchaos.exchange.template import render
from pocchaos.files.scenario import Loaded
from pocchaos.load.spec import LoadSpec, LoadTenant, peak_rate, pool_for
from pocchaos.model.units import micros
from pocchaos.scenario.language import Correlate, Matcher, Scenario
from pocchaos.scenario.plan import Plan
from pocchaos.stand.spec import StandSpec, UpstreamSpec


def stand_spec(loaded: Loaded, plan: Plan, run: str) -> StandSpec:
    """What the stand serves, how it joins attempts, and whose request is whose."""
    scenario = loaded.scenario
    return StandSpec(
        upstreams={
            name: UpstreamSpec(origin=upstream.origin, max_attempts=upstream.max_attempts, relay=upstream.relay)
            for name, upstream in scenario.upstreams.items()
        },
        correlate=correlating_header(scenario),
        seed=plan.seed,
        run=run,
        tenants=plan.tenants,
        tenant_of=tuple(plan.requests.tenant),
        secrets=tuple(loaded.secrets.values()),
    )


def load_spec(loaded: Loaded, plan: Plan, *, url: str, run: str, names: Mapping[str, Any]) -> LoadSpec:
    """What the Locust process sends and how it reads the answers."""
    scenario = loaded.scenario
    target = scenario.target
    given = {tenant.name: tenant for tenant in scenario.tenants}
    tenants = tuple(
        LoadTenant(
            name=name,
            token=None if given[name].token is None else str(render(given[name].token, names)),
            vars={key: str(render(value, names)) for key, value in given[name].vars.items()},
            canaries=canaries(given[name], run),
        )
        for name in plan.tenants
    )
    return LoadSpec(
        url=url,
        request=target.request,
        answer=target.answer,
        tenants=tenants,
        plan=plan,
        run=run,
        deadline=target.deadline,
        pool=pool_for(peak_rate(plan.requests.due, max(1_000_000, micros(target.deadline))), target.deadline),
        keep_headers=marker_headers(scenario),
        secrets=target.secrets,
        redact=dict(loaded.secrets),
        correlate=correlating_header(scenario),
        names=names,
    )


def correlating_header(scenario: Scenario) -> str | None:
    """The header that joins attempts to requests; None where the target passes none on."""
    joined = scenario.target.correlate
    return joined.header if isinstance(joined, Correlate) else None


def marker_headers(scenario: Scenario) -> tuple[str, ...]:
    """The response headers that markers name, in lower case: they must be recorded, or nobody can judge them."""
    markers = scenario.target.markers
    told: tuple[Matcher, ...] = (*markers.fallback, *markers.refusal, *markers.shed, *markers.error)
    return tuple(sorted({matcher.header.lower() for matcher in told if matcher.header}))
