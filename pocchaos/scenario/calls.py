"""What a run will ask of the upstreams: predicted calls, and the bill that nobody meant to pay."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from pocchaos.scenario.language import Scenario, Simulate
from pocchaos.scenario.plan import Plan

UNCAPPED: Final = 1_000  # calls that may go to somebody else's server without a cap


@dataclass(frozen=True, kw_only=True, slots=True)
class UpstreamCalls:
    """What one upstream will see, if the target calls it once for every request that is not malformed."""

    upstream: str
    calls: int
    origin: str
    remote: bool  # http(s), and not on this machine: each call may cost money
    cap: int | None  # max_attempts
    may_be_unused: bool  # unused_ok: the target may call it for few requests, or for none


def upstream_calls(scenario: Scenario, plan: Plan) -> tuple[UpstreamCalls, ...]:
    """Predicted calls of each upstream, in the order of the scenario."""
    spoiled = [row.mutation is not None for row in plan.inputs]
    calls = sum(1 for row in plan.requests.input if not spoiled[row])
    return tuple(
        UpstreamCalls(
            upstream=name,
            calls=calls,
            origin=f"simulated {upstream.origin.simulate}"
            if isinstance(upstream.origin, Simulate)
            else upstream.origin,
            remote=isinstance(upstream.origin, str) and _remote(upstream.origin),
            cap=upstream.max_attempts,
            may_be_unused=upstream.unused_ok,
        )
        for name, upstream in scenario.upstreams.items()
    )


def unbounded(calls: UpstreamCalls) -> str | None:
    """Why these calls are refused, with the remedy; None: they are not."""
    if not calls.remote or calls.cap is not None or calls.calls <= UNCAPPED:
        return None
    return (
        f"about {calls.calls:,} calls would go to {calls.origin}, which is not on this machine: "
        f"say how many you allow, such as max_attempts: {_round_up(calls.calls)}"
    )


def used_up(calls: UpstreamCalls) -> str | None:
    """Why the cap would decide the verdict, with the remedy; None: it would not, as far as can be told."""
    if calls.cap is None or calls.calls <= calls.cap:
        return None
    return (
        f"{calls.calls:,} calls are predicted and max_attempts is {calls.cap:,}: raise it, or the run is INCONCLUSIVE "
        "from the moment it is used up"
    )


def _round_up(calls: int) -> int:
    step: int = 10 ** max(2, len(str(calls)) - 2)
    return -(-calls * 3 // (2 * step)) * step


def _remote(origin: str) -> bool:
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https"):
        return False
    host = parts.hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return True
