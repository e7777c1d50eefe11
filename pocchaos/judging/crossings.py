"""What met a fault: the attempts that arrived while it was on, and those that the baseline predicts."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import ceil
from typing import Final

import polars as pl

from pocchaos.faults import Match, StandFault, Visibility
from pocchaos.judging.edges import Turn
from pocchaos.scenario.language import Upstream
from pocchaos.scenario.plan import FaultWindow, Plan

BEFORE: Final = 20  # predicted attempts that are looked for right before a fault

Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Gone:
    """The target ended by itself: when (µs), and with which exit code."""

    at: int
    code: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What the proof looks at."""

    plan: Plan
    upstreams: Mapping[str, Upstream]
    attempts: pl.DataFrame  # upstream, arrived, method, path, tenant (of the joined request), faults, eligible
    baseline: Span | None  # judged window of the baseline stage, µs
    ended: int  # when the recording ended, µs
    unused: frozenset[str] = frozenset()  # upstreams that the wiring check saw no attempt at
    gone: Gone | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """The figures of one fault window, its spans together."""

    window: FaultWindow
    happened: tuple[Turn, ...]
    on: tuple[Span, ...]  # when it was on for certain
    due: int  # on-times that had begun when the run ended
    predicted: float | None  # attempts, from the baseline; None: no usable baseline
    arrived: int  # attempts that the fault is for, while it was on
    before: tuple[float, int] | None  # predicted and arrived right before it came on; None: too few to tell
    eligible: int
    marked: int
    unused: bool
    unused_ok: bool
    gone: Gone | None  # where the target had ended before the fault did

    @property
    def blind(self) -> bool:
        """Attempts under it cannot be seen at the stand."""
        return self.window.fault.visibility is Visibility.BLIND


def counted(window: FaultWindow, happened: tuple[Turn, ...], evidence: Evidence) -> Counts:
    """The figures of one fault window."""
    fault = window.fault
    on = tuple(span for turn in happened if (span := turn.certain(evidence.ended)))
    here = evidence.attempts.filter(pl.col("upstream") == fault.upstream)
    if isinstance(fault, StandFault) and fault.match is not None:
        here = here.filter(_matches(fault.match, here))
    during = here.filter(_within(on))
    upstream = evidence.upstreams.get(fault.upstream)
    return Counts(
        window=window,
        happened=happened,
        on=on,
        due=sum(turn.planned[0] < evidence.ended for turn in happened),
        predicted=_predicted(here, on or window.spans, evidence),
        arrived=len(during),
        before=_before(here, on[0][0] if on else window.spans[0][0], evidence),
        eligible=int(during["eligible"].list.contains(window.key).sum() or 0),
        marked=int(during["faults"].list.contains(window.key).sum() or 0),
        unused=fault.upstream in evidence.unused,
        unused_ok=upstream is not None and upstream.unused_ok,
        gone=evidence.gone if evidence.gone is not None and evidence.gone.at < window.spans[-1][1] else None,
    )


def _predicted(attempts: pl.DataFrame, on: Iterable[Span], evidence: Evidence) -> float | None:
    """Attempts per request in the baseline, times the requests due while the fault is on."""
    if evidence.baseline is None:
        return None
    asked = _due(evidence.plan, evidence.baseline)
    if not asked:
        return None
    seen = len(attempts.filter(_within((evidence.baseline,))))
    return seen / asked * sum(_due(evidence.plan, span) for span in on)


def _before(attempts: pl.DataFrame, on: int, evidence: Evidence) -> tuple[float, int] | None:
    """Predicted and arrived in the last stretch before `on` in which BEFORE attempts should have come."""
    if evidence.baseline is None:
        return None
    asked, seen = _due(evidence.plan, evidence.baseline), len(attempts.filter(_within((evidence.baseline,))))
    if not seen:
        return None
    last = bisect_left(evidence.plan.requests.due, on)
    first = last - ceil(BEFORE * asked / seen)
    if first < 0 or (since := evidence.plan.requests.due[first]) < evidence.baseline[0]:
        return None
    predicted = seen / asked * (last - first)
    return predicted, len(attempts.filter(_within(((since, on),))))


def _due(plan: Plan, span: Span) -> int:
    return bisect_left(plan.requests.due, span[1]) - bisect_left(plan.requests.due, span[0])


def _within(spans: Iterable[Span]) -> pl.Expr:
    return pl.any_horizontal(
        pl.lit(value=False), *(pl.col("arrived").is_between(start, end, closed="left") for start, end in spans)
    )


def _matches(match: Match, attempts: pl.DataFrame) -> pl.Expr:
    """The attempts that the fault is for; those that cannot be joined to a tenant count as its own."""
    wanted = pl.lit(value=True)
    if match.path is not None:
        paths = [path for path in attempts["path"].unique() if fnmatchcase(path or "", match.path)]
        wanted = wanted & pl.col("path").is_in(paths)
    if match.method is not None:
        wanted = wanted & (pl.col("method").str.to_uppercase() == match.method.upper())
    if match.tenant is not None:
        wanted = wanted & (pl.col("tenant").is_null() | (pl.col("tenant") == match.tenant))
    return wanted
