"""The judged table: one row a sample, with its stage, outcome and times, and what surrounds it.

Judging makes it from a run directory; every metric is a pure function of it. Times of the run are whole
microseconds since its origin; lengths of time are seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from pocchaos.model.verdict import Bite

Span = tuple[int, int]  # µs since the origin: from (included), to (excluded)

SAMPLES: Final[Mapping[str, pl.DataType]] = {
    "request": pl.Int64(),  # the plan's number; negative for wiring and readiness calls: only `leaked` sees those
    "stage_index": pl.Int32(),  # position in `Table.stages`; by due time; -1 for none
    "stage": pl.Categorical(),
    "cycle": pl.Int32(),  # occurrence of this stage name, from 0
    "tenant": pl.Categorical(),
    "category": pl.Categorical(),
    "input": pl.Int32(),  # position in the plan's inputs
    "expect": pl.Categorical(),  # answer | refuse
    "step": pl.Categorical(),
    "outcome": pl.Categorical(),  # model.outcome.Outcome
    "checked": pl.Boolean(),  # the input had an assert that applies
    "kept": pl.Boolean(),  # the bodies that the outcome needs were kept whole
    "in_window": pl.Boolean(),  # due inside the judged window of its stage
    "due": pl.Int64(),  # µs
    "response": pl.Float64(),  # end − due, s; null where it never ended
    "service": pl.Float64(),  # end − start, s
    "lag": pl.Float64(),  # start − due, s: time inside our own generator
    "ttft": pl.Float64(),  # first token − due, s; null: no token
    "tpot": pl.Float64(),  # (last − first token) / (tokens − 1), s; null below two tokens
    "gap_max": pl.Float64(),  # longest silence inside the answer, s; null below two tokens
    "tokens": pl.Int64(),
    "bitten": pl.Boolean(),  # at least one exactly joined attempt was marked faulted
    "over_quota": pl.Boolean(),  # a clean 429 of a tenant over its quota: in J, not in A
    "own": pl.List(pl.String()),  # surfaces of the tenant's own canaries seen
    "foreign": pl.List(pl.String()),  # "tenant/surface" of foreign canaries seen
    "secrets": pl.List(pl.Int64()),  # positions of the secrets seen
}

ATTEMPTS: Final[Mapping[str, pl.DataType]] = {
    "upstream": pl.Categorical(),
    "arrived": pl.Int64(),  # µs
    "request": pl.Int64(),  # the request that it belongs to, exactly joined; null otherwise
    "faults": pl.List(pl.String()),  # keys of the fault windows that touched it
    "retry_after": pl.Float64(),  # s, where the response carried one
}


@dataclass(frozen=True, kw_only=True, slots=True)
class StageWindow:
    """One occurrence of a stage, and the part of it that is judged."""

    index: int
    name: str
    cycle: int  # occurrence of this name, from 0
    planned: Span
    window: Span | None  # None: nothing of it is left to be judged
    windows: tuple[str, ...] = ()  # keys of the fault windows that begin in it
    baseline: bool = False
    own_load: bool = False  # it replaces the scenario's load by its own: its end starts a recovery too

    @property
    def faulted(self) -> bool:
        """Whether any fault belongs to this stage."""
        return bool(self.windows)


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultScope:
    """One application of one fault, when it was really on, and whether it is proven to have bitten."""

    key: str  # of the fault window
    id: str
    cycle: int
    upstream: str
    type: str
    stage: int  # index of the StageWindow that it begins in
    window: Span | None  # [confirmed on, planned off − deadline): what `fault:` means
    on: int | None  # confirmed; with `flap` the first
    off: int | None  # confirmed; with `flap` the last
    visible: bool  # attempts under it reach the stand
    spans: tuple[Span, ...] = ()  # confirmed on to confirmed off, one for each time that it was on
    bite: Bite | None = None  # None: not looked at, which proves nothing


@dataclass(frozen=True, kw_only=True)
class Table:
    """All that the metrics of one run are computed from."""

    samples: pl.DataFrame  # columns of SAMPLES
    attempts: pl.DataFrame  # columns of ATTEMPTS
    stages: tuple[StageWindow, ...]  # in order of time, position = index
    faults: tuple[FaultScope, ...] = ()
    deadline: float  # s
    planned: Mapping[int, int] = field(default_factory=dict)  # stage index -> requests due in it by the plan
    upstreams: Mapping[str, bool] = field(default_factory=dict)  # name -> attempts are joined to requests exactly
    changing: tuple[Span, ...] = ()  # while a change was being confirmed: due then belongs to no window
    stopped: str = ""  # why the run ended before its plan did; empty: it did not
    canary_surfaces: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # tenant -> surfaces that have one
    capped: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # upstream -> first refusal µs, max_attempts
    secrets: int = 0  # how many secrets the scenario declares
