"""What every metric is: a pure function of a view of the judged table, and the words that it answers in."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

import polars as pl

from pocchaos.metrics.ground import Ground
from pocchaos.metrics.limits import Limit, parse_limit
from pocchaos.metrics.table import FaultScope, Span, StageWindow
from pocchaos.statistics import ClusteredShare

Unit = Literal["share", "seconds", "count", "ratio"]
Sense = Literal["at_least", "at_most"]


class Clock(Enum):
    """From where time is counted: the response from the due moment, the service from the actual start."""

    RESPONSE = "response"
    SERVICE = "service"


@dataclass(frozen=True, kw_only=True)
class View:
    """The samples and surroundings that one criterion is about."""

    ground: Ground
    selected: pl.LazyFrame  # the samples of the category, tenant and step asked for, at any time
    everyone: pl.LazyFrame  # those of them that are due in the judged windows of the scope, lost and unknown ones too
    rows: pl.LazyFrame  # the population: everyone, or only the bitten
    stages: tuple[StageWindow, ...]
    faults: tuple[FaultScope, ...]
    spans: tuple[Span, ...]  # the judged windows, apart from each other, in order
    upstreams: tuple[str, ...]
    narrowed: bool = False  # by category, tenant or step
    fixed: bool = False  # the claim is about these inputs, not others like them

    @property
    def seconds(self) -> float:
        """How long the judged windows are together."""
        return sum(end - start for start, end in self.spans) / 1e6

    @property
    def faulted(self) -> bool:
        """Whether every stage of the scope is a faulted one: then the outage is the subject, not the inputs."""
        return bool(self.stages) and all(stage.faulted for stage in self.stages)

    @property
    def on_baseline(self) -> bool:
        """Whether the baseline itself is what is judged."""
        return bool(self.stages) and all(stage.baseline for stage in self.stages)

    @property
    def judged(self) -> pl.LazyFrame:
        """J: all but what was lost, cancelled on purpose, or could not be judged."""
        return self.rows.filter(pl.col("judged"))

    @property
    def answerable(self) -> pl.LazyFrame:
        """A: those of J whose input expects an answer, without over-quota requests."""
        return self.rows.filter(pl.col("answerable"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """What is asked of a metric."""

    confidence: float = 0.95
    sense: Sense
    limit: float | None = None  # in the metric's unit; None where the limit is on a ratio or difference
    within: float | None = None  # s
    clock: Clock = Clock.RESPONSE
    brief: bool = False  # only on which side of the limit it is


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """A reason why a claim cannot be judged, and one line on what to do about it."""

    why: str
    remedy: str
    fail_stands: bool = False  # only a PASS is void


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What a metric came to: the figure, its interval in the same unit, and what they rest on."""

    figure: float | None = None
    interval: tuple[float, float] | None = None
    n: int = 0
    n_eff: float = 0.0
    need: int = 0
    share: ClusteredShare | None = None  # what is judged, as successes, where it is a proportion
    asked: float | None = None  # the share of successes that is asked for
    notes: tuple[str, ...] = ()
    troubles: tuple[Trouble, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Metric(ABC):
    """One kind of figure; `name` is as the scenario writes it."""

    name: str
    unit: Unit = field(default="share", init=False)
    bodies: bool = field(default=True, init=False)  # it rests on outcomes, so on the bodies being there
    timed: bool = field(default=False, init=False)  # the two clocks may differ
    exempt: bool = field(default=False, init=False)  # one finding counts, whatever else went wrong

    def limit(self, text: str, *, of: bool = False) -> Limit:
        """The limit as the scenario writes it; raises ValueError with the remedy."""
        return parse_limit(text, self.unit, of=of)

    @property
    def reads(self) -> pl.Expr:
        """Whose bodies it rests on, where it does: those of inputs that deserve an answer."""
        return pl.col("expects")

    @abstractmethod
    def read(self, view: View, ask: Ask) -> Reading:
        """The figure over the view."""

    def rests_on(self, view: View) -> tuple[FaultScope, ...]:
        """The faults that must be proven to have bitten before the figure means anything."""
        return view.faults

    @abstractmethod
    def against(self, view: View, ask: Ask) -> tuple[int, ...]:
        """Up to five requests that count against the claim, worst first."""


NO_SAMPLE = Trouble(
    why="no sample of this scope falls into a judged window",
    remedy="widen the scope, lengthen the stage or give the scope a share of the load",
)
