"""What a run looks like while it lasts: counted from the batches as they come, judged by nobody."""

from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

from pocchaos.files.batch import Batch
from pocchaos.load.process import LoadState
from pocchaos.model.evidence import How
from pocchaos.model.units import seconds
from pocchaos.scenario.plan import Plan

_LAST = 5_000_000  # µs: what "now" means in rates and shares
_LEAST = 500_000  # µs below which a rate is only noise
_LATE = 500_000  # µs that the last word may be old, ten a second being usual: beyond, the load counts as standing still


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """One look at a running run; rates and shares over the last five seconds."""

    now: float  # s since the run's origin; negative while it is being prepared
    end: float  # planned, s
    stage: str
    stage_left: float  # s
    faults: tuple[str, ...]  # ids of those that are on
    offered: float | None  # planned requests per second; None before there is anything to tell
    achieved: float | None  # started per second, over the same time
    p50: float | None  # s, of all that ended with a response
    p95: float | None
    p99: float | None
    no_answer: float | None  # share that ended by transport error, deadline or 5xx
    recorded: int  # samples so far


@dataclass(kw_only=True)
class Tally:
    """Fed with batches by the reader thread, with the load's own counts by the conductor, who also asks."""

    recorded: int = 0
    leaked: int = 0
    _recent: deque[tuple[int, float, bool]] = field(default_factory=deque)  # (end, response s, no answer)
    _started: deque[tuple[int, int]] = field(default_factory=lambda: deque([(0, 0)]))  # (when counted, requests)
    _lock: Lock = field(default_factory=Lock)

    def add(self, batch: Batch) -> None:
        """Count one batch."""
        with self._lock:
            for sample in batch.samples:
                self.recorded += 1
                self.leaked += bool(sample.foreign or sample.secrets)
                if sample.end is not None and sample.how is not How.CANCELLED:
                    silent = sample.how is not How.COMPLETE or (sample.status or 0) >= 500
                    self._recent.append((sample.end, (sample.end - sample.due) / 1e6, silent))

    def report(self, state: LoadState) -> None:
        """How many requests have left by when: also those that nobody has answered, and that are in no batch yet."""
        if state.at > self._started[-1][0]:
            self._started.append((state.at, state.sent))

    def rates(self, due: Sequence[int], now: int) -> tuple[float | None, float | None]:
        """(offered, achieved) per second, both over the same last five seconds; None while there are too few."""
        newest, sent = self._started[-1]
        until = max(newest, now - _LATE)
        while len(self._started) > 1 and self._started[1][0] <= until - _LAST:
            self._started.popleft()
        since, before = self._started[0]
        if until - since < _LEAST:
            return None, None
        length = seconds(until - since)
        return (bisect_left(due, until) - bisect_left(due, since)) / length, (sent - before) / length

    def recent(self, now: int) -> tuple[tuple[float, ...], float | None]:
        """(response times in order, share without an answer) of the last five seconds."""
        with self._lock:
            while self._recent and self._recent[0][0] < now - _LAST:
                self._recent.popleft()
            times = sorted(response for _, response, silent in self._recent if not silent)
            silent = sum(silent for _, _, silent in self._recent)
            share = silent / len(self._recent) if self._recent else None
            return tuple(times), share


def percentile(times: tuple[float, ...], share: float) -> float | None:
    """The order statistic of a sorted sequence, for the live view only."""
    return times[min(len(times) - 1, int(share * len(times)))] if times else None


def look(plan: Plan, tally: Tally, on: Sequence[str], now: int) -> Progress:
    """How things stand `now` µs after the run's origin, with the faults `on`."""
    stage = next((stage for stage in reversed(plan.stages) if stage.start <= now), plan.stages[0])
    times, silent = tally.recent(now)
    offered, achieved = tally.rates(plan.requests.due, now)
    return Progress(
        now=seconds(now),
        end=seconds(plan.end),
        stage=stage.name,
        stage_left=max(0.0, seconds(stage.end - now)),
        faults=tuple(on),
        offered=offered,
        achieved=achieved,
        p50=percentile(times, 0.5),
        p95=percentile(times, 0.95),
        p99=percentile(times, 0.99),
        no_answer=silent,
        recorded=tally.recorded,
    )
