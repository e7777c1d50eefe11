"""What would settle a claim whose interval holds its limit: more time, more inputs, more repeats."""

from dataclasses import dataclass
from math import ceil, inf, isfinite
from typing import Final

from pocchaos.metrics.base import Reading, View
from pocchaos.statistics import critical, settled_at

HOPELESS: Final = 1000.0  # times as much as this run had
AT_LIMIT: Final = "no length of run settles it: what was seen is the limit itself; mend the target or move the limit"


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """Where a figure stands to its limit."""

    figure: float
    interval: tuple[float, float]
    limit: float

    @property
    def factor(self) -> float:
        """How many times as much evidence the interval would need to leave the limit out: widths fall as 1/√n."""
        toward = self.interval[1] if self.limit > self.figure else self.interval[0]
        if self.limit == self.figure or not (isfinite(toward) and isfinite(self.figure)):
            return inf
        return max(1.05, ((toward - self.figure) / (self.limit - self.figure)) ** 2)


def remedy(view: View, reading: Reading, gap: Gap, confidence: float, *, compared: bool = False) -> str:
    """One line: "+140 s at this rate", "add 23 inputs", "repeat the stage 3 more times"."""
    share = reading.share
    if isfinite(gap.figure) and not isfinite(gap.interval[1]) and gap.limit > gap.figure and compared:
        return "lengthen both stages: with this many unanswered the interval has no upper end yet"
    if compared or share is None or reading.asked is None or share.n_eff <= 0:
        return _longer(view, gap.factor) + (" in both stages" if compared and gap.factor < HOPELESS else "")
    wanted = settled_at(share.share, reading.asked, confidence)
    if wanted > HOPELESS * share.n_eff:
        return AT_LIMIT
    if share.df is not None:
        return _repeats(share.df + 1, share.n_eff, wanted, confidence)
    if share.capped:
        inputs = f"add {max(1, ceil(wanted - share.n_eff))} inputs"
        longer = wanted / (share.n / share.deff)
        return inputs if longer <= 1 else f"{inputs}, and {_longer(view, longer)}"
    return _longer(view, max(wanted / share.n_eff, 1.0) if wanted > share.n_eff else gap.factor)


def _longer(view: View, factor: float) -> str:
    if factor > HOPELESS:
        return AT_LIMIT
    return f"+{max(1, ceil(view.seconds * (factor - 1))):,} s at this rate"


def _repeats(windows: int, n_eff: float, wanted: float, confidence: float) -> str:
    """More windows: each adds its part of n_eff and a degree of freedom."""
    z, more = critical(confidence), 0
    for more in range(1, 1000):
        m = windows + more
        if n_eff * m / windows >= wanted * (critical(confidence, m - 1) / z) ** 2:
            break
    return f"repeat the stage {more} more times: windows differ, so they are the unit here"
