"""What the stand is told when it starts: its upstreams, how attempts are joined, the seed. Never written to disk."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pocchaos.model.units import AS_WRITTEN
from pocchaos.scenario.language import Simulate


@dataclass(frozen=True, kw_only=True, slots=True)
class UpstreamSpec:
    """One upstream: where its bytes come from, and how many attempts may reach it."""

    origin: str | Simulate  # http://host:port/base, https://…, tcp://host:port, or a simulated one
    max_attempts: int | None = None  # then 429 (tcp: the connection is closed), noted in the log
    relay: bool = True  # tcp only: False leaves the stand out; `Stand.address` is then the origin's


@dataclass(frozen=True, kw_only=True, slots=True)
class StandSpec:
    """All of the stand. `run`, `tenants` and `tenant_of` tell the tenant of a joined attempt (`match.tenant`)."""

    upstreams: Mapping[str, UpstreamSpec]
    correlate: str | None = None  # header that carries the request's id, `<run>-<number>`
    seed: int = 0
    run: str = ""
    tenants: tuple[str, ...] = ()
    tenant_of: tuple[int, ...] = field(default=(), repr=False)  # position in `tenants` of request k
    secrets: tuple[str, ...] = field(default=(), repr=False)  # cut out of every path and join that is logged

    def tenant(self, join: str | None) -> str | None:
        """The tenant of the request that this join value names; None where it names none of this run."""
        if join is None or not self.tenants:
            return None
        run, _, number = join.rpartition("-")
        if run != self.run or not number.isascii() or not number.isdigit():
            return None
        position = int(number)
        return self.tenants[self.tenant_of[position]] if position < len(self.tenant_of) else None


def dump(spec: StandSpec) -> str:
    """The spec as one JSON line, for the pipe."""
    return json.dumps(
        {
            "upstreams": {
                name: {
                    "origin": one.origin if isinstance(one.origin, str) else _written(one.origin),
                    "max_attempts": one.max_attempts,
                    "relay": one.relay,
                }
                for name, one in spec.upstreams.items()
            },
            "correlate": spec.correlate,
            "seed": spec.seed,
            "run": spec.run,
            "tenants": spec.tenants,
            "tenant_of": spec.tenant_of,
            "secrets": spec.secrets,
        }
    )


def load(line: str | bytes) -> StandSpec:
    """The spec back from its line."""
    told: dict[str, Any] = json.loads(line)
    return StandSpec(
        upstreams={name: _upstream(one) for name, one in told["upstreams"].items()},
        correlate=told["correlate"],
        seed=told["seed"],
        run=told["run"],
        tenants=tuple(told["tenants"]),
        tenant_of=tuple(told["tenant_of"]),
        secrets=tuple(told["secrets"]),
    )


def _upstream(told: Mapping[str, Any]) -> UpstreamSpec:
    origin = told["origin"]
    return UpstreamSpec(
        origin=origin if isinstance(origin, str) else Simulate.model_validate(origin),
        max_attempts=told["max_attempts"],
        relay=told["relay"],
    )


def _written(origin: Simulate) -> Any:
    return origin.model_dump(mode="json", by_alias=True, exclude_defaults=True, context=AS_WRITTEN)
