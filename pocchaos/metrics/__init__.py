"""The catalogue of metrics: one kind, one file; each a pure function of the judged table."""

from difflib import get_close_matches

from pocchaos.metrics.attempts import ATTEMPTS_PER_REQUEST
from pocchaos.metrics.base import Ask, Clock, Metric, Reading, Trouble, View
from pocchaos.metrics.ground import Ground
from pocchaos.metrics.latency import Percentile, percentile
from pocchaos.metrics.leaked import LEAKED
from pocchaos.metrics.limits import Limit
from pocchaos.metrics.recovery import TIME_TO_RECOVER
from pocchaos.metrics.shares import SHARES, Share
from pocchaos.metrics.table import ATTEMPTS, SAMPLES, FaultScope, StageWindow, Table

NAMED: dict[str, Metric] = {
    **SHARES,
    ATTEMPTS_PER_REQUEST.name: ATTEMPTS_PER_REQUEST,
    LEAKED.name: LEAKED,
    TIME_TO_RECOVER.name: TIME_TO_RECOVER,
}
PERCENTILES = ("latency.p95", "ttft.p95", "tpot.p95", "gap_max.p95")


def named(name: str) -> Metric:
    """The metric as a criterion names it: `graceful`, `latency.p95`; raises ValueError with the nearest names."""
    if found := NAMED.get(name) or percentile(name):
        return found
    known = (*NAMED, *PERCENTILES)
    near = get_close_matches(name, known, n=1)
    hint = f'Did you mean "{near[0]}"?' if near else f"known: {', '.join(known)} (any percentile .pNN)"
    raise ValueError(f'"{name}" is not a metric. {hint}')


__all__ = [
    "ATTEMPTS",
    "NAMED",
    "SAMPLES",
    "Ask",
    "Clock",
    "FaultScope",
    "Ground",
    "Limit",
    "Metric",
    "Percentile",
    "Reading",
    "Share",
    "StageWindow",
    "Table",
    "Trouble",
    "View",
    "named",
]
