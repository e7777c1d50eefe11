"""The judged run as one frozen value: what `judge` makes and every report renders.

Seconds and fractions are floats; +∞ stands for "no answer". `pocchaos.files.verdicts` writes it as verdicts.json.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """Three values; FAIL beats INCONCLUSIVE beats PASS."""

    PASS = "PASS"  # noqa: S105 - a verdict, no password
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


def worst(verdicts: "list[Verdict]") -> Verdict:
    """FAIL beats INCONCLUSIVE beats PASS; nothing at all is INCONCLUSIVE, for no evidence is never a pass."""
    for candidate in (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS):
        if candidate in verdicts:
            return candidate
    return Verdict.INCONCLUSIVE


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What one criterion (or one value of its `each`) came to.

    `figure` and `interval` are in the metric's unit; None where nothing could be computed. `unit` is one of
    share, seconds, count, ratio, per_second; with `of` the figure is a ratio or a difference (`times`, `points`).
    """

    id: str
    verdict: Verdict
    metric: str
    claim: str = ""
    scope: Mapping[str, Any] = field(default_factory=dict)
    unit: str = "share"
    figure: float | None = None
    interval: tuple[float, float] | None = None
    limit: float
    sense: str = "at_most"  # or at_least
    n: int = 0
    n_eff: float = 0.0
    need: int = 0  # n_eff needed to pass with zero failures; 0 where the metric has no such need
    why: str = ""
    remedy: str = ""  # one line for every INCONCLUSIVE, else empty
    notes: tuple[str, ...] = ()
    of: Mapping[str, Any] | None = None
    each: tuple["Judgement", ...] = ()
    evidence: tuple[int, ...] = ()  # up to five request numbers that count against the claim, worst first


@dataclass(frozen=True, kw_only=True, slots=True)
class Bite:
    """Whether one fault, in one cycle, is proven to have bitten, and by what."""

    id: str
    window: str  # key of the fault window
    cycle: int
    upstream: str
    type: str
    stage: str
    planned: tuple[float, float]  # s
    confirmed: tuple[float | None, float | None]  # s
    spans: tuple[tuple[float, float | None], ...] = ()  # s, confirmed on to confirmed off, each time that it was on
    visible: bool
    bitten: bool
    why: str
    remedy: str = ""  # where it is not proven
    predicted: float | None = None  # attempts that the baseline predicts for the window
    arrived: int = 0
    eligible: int = 0
    marked: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class StageSummary:
    """One stage occurrence: its window, what happened in it, and its latency."""

    name: str
    index: int
    cycle: int
    planned: tuple[float, float]  # s
    window: tuple[float, float] | None  # s; None: no judged window
    requests: int  # due in the stage
    sent: int
    outcomes: Mapping[str, int]  # over the judged window
    latency: Mapping[str, float]  # p50, p95, p99, max of answered requests, s, from the HdrHistogram
    faults: tuple[str, ...]  # fault ids


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeline:
    """Columns over one axis of time, one value a bucket, for the charts; None where a bucket is empty."""

    bucket: float  # s
    start: tuple[float, ...]  # s since the run's origin
    offered: tuple[float, ...]  # due, per second
    achieved: tuple[float, ...]  # started, per second
    p50: tuple[float | None, ...]
    p95: tuple[float | None, ...]
    p99: tuple[float | None, ...]
    slowest: tuple[float | None, ...]
    outcomes: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class OutcomeCount:
    """One cell of the failure-mode table, over judged windows."""

    stage: str
    category: str
    outcome: str
    count: int
    n: int  # all of this stage and category
    interval: tuple[float, float]  # 95 %, Wilson


@dataclass(frozen=True, kw_only=True, slots=True)
class Percentiles:
    """The latency curve of one stage name, from its HdrHistogram: (fraction, seconds) pairs, cut where n ends."""

    stage: str
    n: int
    curve: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Exemplar:
    """One bad request to look at: what was sent, what came back."""

    request: int
    request_id: str
    stage: str
    tenant: str
    category: str
    input: str
    outcome: str
    response: float | None  # s
    status: int | None
    error: str | None
    said: str  # the first 300 characters of the answer or body
    question: str  # the input's text or fields, first 300 characters


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedRun:
    """Everything that a report says about one run."""

    verdict: Verdict
    exit_code: int
    scenario: str
    run: str
    why: str = ""  # one sentence on the whole: what decided it
    stopped: str = ""  # why the run ended before its plan did; empty: it did not
    criteria: tuple[Judgement, ...]
    faults: tuple[Bite, ...]
    stages: tuple[StageSummary, ...]
    timeline: Timeline
    outcomes: tuple[OutcomeCount, ...]
    percentiles: tuple[Percentiles, ...]
    exemplars: tuple[Exemplar, ...]
    not_tested: tuple[str, ...]
    notes: tuple[str, ...]
    facts: Mapping[str, Any]  # of run.json: versions, seed, hashes, target version, machine, times
