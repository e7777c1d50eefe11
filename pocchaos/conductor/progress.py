"""What a run looks like while it lasts: counted from the batches as they come, judged by nobody."""

from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

from pocchaos.files.batch import Batch
from pocchaos.model.evidence import How
from pocchaos.model.units import seconds
from pocchaos.scenario.plan import Plan

_LAST = 5_000_000  # µs: what "now" means in rates and shares


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """One look at a running run; rates and shares over the last five seconds."""

    now: float  # s since the run's origin; negative while it is being prepared
    end: float  # planned, s
    stage: str
    stage_left: float  # s
    faults: tuple[str, ...]  # ids of those that are on
    offered: float  # planned requests per second
    achieved: float  # started per second
    p50: float | None  # s, of all that ended with a response
    p95: float | None
    p99: float | None
    no_answer: float | None  # share that ended by transport error, deadline or 5xx
    recorded: int  # samples so far


@dataclass(kw_only=True)
class Tally:
    """Fed with batches by the reader thread, asked by the conductor."""

    recorded: int = 0
    leaked: int = 0
    _recent: deque[tuple[int, float, bool]] = field(default_factory=deque)  # (end, response s, no answer)
    _started: deque[int] = field(default_factory=deque)
    _lock: Lock = field(default_factory=Lock)

    def add(self, batch: Batch) -> None:
        """Count one batch."""
        with self._lock:
            for sample in batch.samples:
                self.recorded += 1
                self.leaked += bool(sample.foreign or sample.secrets)
                if sample.start is not None:
                    self._started.append(sample.start)
                if sample.end is not None and sample.how is not How.CANCELLED:
                    silent = sample.how is not How.COMPLETE or (sample.status or 0) >= 500
                    self._recent.append((sample.end, (sample.end - sample.due) / 1e6, silent))

    def recent(self, now: int) -> tuple[float, tuple[float, ...], float | None]:
        """(started per second, response times in order, share without an answer) of the last five seconds."""
        with self._lock:
            while self._started and self._started[0] < now - _LAST:
                self._started.popleft()
            while self._recent and self._recent[0][0] < now - _LAST:
                self._recent.popleft()
            times = sorted(response for _, response, silent in self._recent if not silent)
            silent = sum(silent for _, _, silent in self._recent)
            share = silent / len(self._recent) if self._recent else None
            return len(self._started) / (_LAST / 1e6), tuple(times), share


def percentile(times: tuple[float, ...], share: float) -> float | None:
    """The order statistic of a sorted sequence, for the live view only."""
    return times[min(len(times) - 1, int(share * len(times)))] if times else None


def look(plan: Plan, tally: Tally, on: Sequence[str], now: int) -> Progress:
    """How things stand `now` µs after the run's origin, with the faults `on`."""
    stage = next((stage for stage in reversed(plan.stages) if stage.start <= now), plan.stages[0])
    achieved, times, silent = tally.recent(now)
    due = plan.requests.due
    return Progress(
        now=seconds(now),
        end=seconds(plan.end),
        stage=stage.name,
        stage_left=max(0.0, seconds(stage.end - now)),
        faults=tuple(on),
        offered=(bisect_left(due, now) - bisect_left(due, now - _LAST)) / (_LAST / 1e6),
        achieved=achieved,
        p50=percentile(times, 0.5),
        p95=percentile(times, 0.95),
        p99=percentile(times, 0.99),
        no_answer=silent,
        recorded=tally.recorded,
    )
