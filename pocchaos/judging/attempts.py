"""What the stand saw, joined to the requests that caused it."""

from collections.abc import Iterable, Mapping
from typing import Final

import polars as pl

from pocchaos.faults import Toxic, Visibility
from pocchaos.judging.edges import Turn
from pocchaos.model.evidence import CAPPED, Mark
from pocchaos.scenario.language import Correlate, Scenario
from pocchaos.scenario.plan import Plan

JOINED: Final = 0.99  # share of attempts with a known request from which a join counts as exact


def joined_attempts(attempts: pl.DataFrame, run: str, requests: pl.DataFrame, tenants: tuple[str, ...]) -> pl.DataFrame:
    """What the stand saw, joined to the request whose name (`<run>-<k>`) it carries, and to that request's tenant."""
    prefix = f"{run}-"
    number = pl.col("join").str.strip_prefix(prefix).cast(pl.Int64, strict=False)
    named = pl.when(pl.col("join").str.starts_with(prefix)).then(number)
    planned = pl.when(named.is_between(0, len(requests) - 1)).then(named)
    joined = attempts.with_columns(request=planned)
    asking = requests["tenant_index"].gather(joined["request"])
    return joined.with_columns(pl.Series("tenant", list(tenants), dtype=pl.String).gather(asking))


def with_sightings(attempts: pl.DataFrame, marks: Iterable[Mark]) -> pl.DataFrame:
    """The attempts, and for an upstream without a relay one for each look at which the target was connected to it."""
    seen = [(m.subject, m.at) for m in marks if m.kind == "connections" and m.detail.get("established")]
    if not seen:
        return attempts
    sightings = pl.DataFrame(seen, schema={"upstream": pl.String, "arrived": pl.Int64}, orient="row")
    return pl.concat([attempts, sightings], how="diagonal").sort("arrived", maintain_order=True)


def capped(attempts: pl.DataFrame, scenario: Scenario) -> dict[str, tuple[int, int]]:
    """Upstreams whose `max_attempts` was used up: the moment (µs) of the first call that the stand refused, the cap."""
    refused = attempts.filter(pl.col("how") == CAPPED).group_by("upstream").agg(pl.col("arrived").min())
    return {name: (first, scenario.upstreams[name].max_attempts or 0) for name, first in sorted(refused.iter_rows())}


def exact_joins(scenario: Scenario, attempts: pl.DataFrame) -> tuple[dict[str, bool], tuple[str, ...]]:
    """Which upstreams' attempts are joined exactly, and a note where the target loses the header."""
    exact: dict[str, bool] = {}
    notes: list[str] = []
    for name, upstream in scenario.upstreams.items():
        declared = isinstance(scenario.target.correlate, Correlate)
        over_http = not (isinstance(upstream.origin, str) and upstream.origin.startswith("tcp:"))
        here = attempts.filter(pl.col("upstream") == name, pl.col("arrived") >= 0)
        joined = len(here) - here["request"].null_count()
        exact[name] = declared and over_http and joined >= JOINED * len(here)
        if declared and over_http and not exact[name]:
            notes.append(
                f"{joined} of {len(here)} attempts at {name} carry the `correlate` header: "
                "they are counted by time instead of by request; let the target pass it on"
            )
    return exact, tuple(notes)


def bitten_requests(
    plan: Plan, happened: Mapping[str, tuple[Turn, ...]], attempts: pl.DataFrame, exact: Mapping[str, bool], ended: int
) -> pl.Series:
    """Requests with an exactly joined attempt that met a stand fault, or a visible toxic at toxicity 1 while on."""
    met = pl.col("faults").list.len() > 0
    for window in plan.windows:
        fault = window.fault
        if not isinstance(fault, Toxic) or fault.visibility is Visibility.BLIND or fault.toxicity < 1:
            continue
        for span in filter(None, (turn.certain(ended) for turn in happened[window.key])):
            met = met | ((pl.col("upstream") == fault.upstream) & pl.col("arrived").is_between(*span, closed="left"))
    joined = [name for name, yes in exact.items() if yes]
    return attempts.filter(met, pl.col("upstream").is_in(joined))["request"].drop_nulls().unique()
