"""A share whose samples are not independent: its interval over clusters, which one more failure never betters.

The variance is linearised over each clustering (inputs, blocks of time, windows); what it is above that of
independent samples is the design effect, deff. Each clustering gives its own interval, and the widest counts.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pocchaos.statistics.wilson import critical, score_interval

Group = tuple[int, int, int]  # failures in a cluster, samples in it, how many clusters are just like it

_ALL_UP_TO: Final = 64  # failures up to which every smaller number of them is looked at; above, a grid that is refined
_STEP: Final = 1.5
_NOISE: Final = 1e-9  # a deff that is above 1 by rounding alone


@dataclass(frozen=True, kw_only=True, slots=True)
class Clusters:
    """One way to see the samples as clusters; `student`: few of them, so t(m − 1) instead of z."""

    name: str
    groups: tuple[Group, ...]
    student: bool = False

    @property
    def count(self) -> int:
        """The number of clusters, m."""
        return sum(same for _, _, same in self.groups)


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusteredShare:
    """The share of successes with its interval, and what decided it."""

    share: float
    low: float
    high: float
    n: int
    n_eff: float
    deff: float
    decided_by: str  # name of the clustering with the widest interval; "" where all samples count as independent
    df: int | None = None  # degrees of freedom, where t replaced z
    capped: bool = False  # n_eff is the number of distinct inputs
    held: bool = False  # the interval is wider than deff alone makes it, so that one more failure never helps


def deff(groups: Iterable[Group]) -> float:
    """The design effect of a share over clusters, never below 1.

    Source: the linearised variance of a ratio, m/(m − 1) Σ(fᵢ − q nᵢ)² / n² (Cochran 1977, Sampling Techniques,
    section 9A; Kish 1965), over that of independent samples, q(1 − q)/(n − 1).
    """
    shape = _Shape(groups)
    return shape.deff(shape.failures, shape.spread_of_all())


def clustered_share(
    failures: int, n: int, clusterings: Sequence[Clusters], *, confidence: float = 0.95, cap: int | None = None
) -> ClusteredShare:
    """The share of the `n − failures` successes and its interval; `cap` bounds n_eff by the distinct inputs.

    Wilson's interval on n / deff, with t(m − 1) for z where a `student` clustering decides. The bounds are made
    monotone: the lower one is the least that any part of these failures would give, the upper one the least too
    (what fewer failures already rule out, more cannot bring back). Both are exact up to 64 failures and on a
    refined grid above.
    """
    if n <= 0:
        return ClusteredShare(share=0.0, low=0.0, high=1.0, n=0, n_eff=0.0, deff=1.0, decided_by="")
    views = [_View(_Shape(c.groups), c.name, c.count - 1 if c.student else None) for c in clusterings if c.count > 1]
    bounds = _Bounds(views, n, confidence, cap)
    plain_low, plain_high = bounds.plain(failures)
    low = 1 - max(plain_high, _peak(bounds.highest, failures))
    high = 1 - max(plain_low, _peak(bounds.lowest, failures) if bounds.clustered(failures) else plain_low)
    largest, decider = bounds.decider(failures)
    return ClusteredShare(
        share=(n - failures) / n,
        low=low,
        high=high,
        n=n,
        n_eff=bounds.n_eff(largest),
        deff=largest,
        decided_by=decider.name if decider else "",
        df=decider.df if decider else None,
        capped=cap is not None and cap < n / largest,
        held=low < 1 - plain_high - _NOISE,
    )


class _Shape:
    """The clusters of one clustering, and how far a part of their failures can be from an even spread."""

    def __init__(self, groups: Iterable[Group]) -> None:
        self._groups = [group for group in groups if group[1] > 0]
        self._failing = [group for group in self._groups if group[0] > 0]
        self.m = sum(same for _, _, same in self._groups)
        self.n = sum(size * same for _, size, same in self._groups)
        self.failures = sum(hits * same for hits, _, same in self._groups)
        self._squares = sum(size * size * same for _, size, same in self._groups)

    def deff(self, failures: int, spread: float) -> float:
        """Of `failures` in all, whose squared distances from an even spread add up to `spread`."""
        q = failures / self.n if self.n else 0.0
        if self.m < 2 or not 0 < q < 1:
            return 1.0
        ratio = self.m / (self.m - 1) * spread / self.n**2 / (q * (1 - q) / (self.n - 1))
        return ratio if ratio > 1 + _NOISE else 1.0

    def spread_of_all(self) -> float:
        """Σ(fᵢ − q nᵢ)²."""
        q = self.failures / self.n if self.n else 0.0
        return sum(same * (hits - q * size) ** 2 for hits, size, same in self._groups)

    def widest(self, failures: int) -> float:
        """The largest spread that this many of the failures could have: the chords of a convex sum, filled greedily."""
        q, left = failures / self.n, failures
        spread = q * q * self._squares
        for density, room in sorted(((f - 2 * q * size, f * same) for f, size, same in self._failing), reverse=True):
            taken = min(room, left)
            spread += density * taken
            left -= taken
            if not left:
                break
        return spread

    def tightest(self, failures: int) -> float:
        """The least spread that this many of the failures could have: an even level, but where there are too few."""
        q, left, rest, spread = failures / self.n, float(failures), self.m, 0.0
        sizes = self.n
        for excess, hits, size, same in sorted((f - q * size, f, size, same) for f, size, same in self._groups):
            level = (left - q * sizes) / rest
            if level <= excess:
                return spread + rest * level * level
            spread += same * excess * excess
            left, rest, sizes = left - hits * same, rest - same, sizes - size * same
        return spread


@dataclass(frozen=True, slots=True)
class _View:
    shape: _Shape
    name: str
    df: int | None


class _Bounds:
    """Wilson's bounds on the share of failures, for all of the failures or for some of them."""

    def __init__(self, views: Sequence[_View], n: int, confidence: float, cap: int | None) -> None:
        self._views, self._n, self._confidence, self._cap = views, n, confidence, cap

    def n_eff(self, effect: float) -> float:
        """The effective number."""
        return self._n / effect if self._cap is None else min(self._n / effect, float(self._cap))

    def decider(self, failures: int) -> tuple[float, _View | None]:
        """The deff that counts, and whose it is: that of the clustering with the widest interval."""
        widths = [
            (high - low, effect, view)
            for view, effect in self._all(failures)
            for low, high in [self._wilson(failures, effect, view.df)]
            if effect > 1
        ]
        if not widths:
            return 1.0, None
        _, effect, view = max(widths, key=lambda found: found[0])
        return effect, view

    def clustered(self, failures: int) -> bool:
        """Whether any clustering matters at all."""
        return any(effect > 1 for _, effect in self._all(failures))

    def plain(self, failures: int) -> tuple[float, float]:
        """The bounds as the estimate gives them: the widest of all clusterings."""
        found = [self._wilson(failures, effect, view.df) for view, effect in self._all(failures)]
        found.append(self._wilson(failures, 1.0, None))
        return min(low for low, _ in found), max(high for _, high in found)

    def highest(self, failures: int) -> float:
        """The upper bound if this many of the failures were there, as unevenly as they could be."""
        return max(
            (self._wilson(failures, v.shape.deff(failures, v.shape.widest(failures)), v.df)[1] for v in self._views),
            default=0.0,
        )

    def lowest(self, failures: int) -> float:
        """The lower bound if this many of the failures were there, as evenly as they could be."""
        return min(
            (self._wilson(failures, v.shape.deff(failures, v.shape.tightest(failures)), v.df)[0] for v in self._views),
            default=0.0,
        )

    def _all(self, failures: int) -> Iterator[tuple[_View, float]]:
        for view in self._views:
            yield view, view.shape.deff(failures, view.shape.spread_of_all())

    def _wilson(self, failures: int, effect: float, df: int | None) -> tuple[float, float]:
        z = critical(self._confidence, df if effect > 1 else None)
        return score_interval(failures / self._n, self.n_eff(effect), z)


def _peak(bound: Callable[[int], float], failures: int) -> float:
    """The largest value of the bound over 1 … failures: all of them where they are few, else by a refined grid."""
    if failures <= _ALL_UP_TO:
        return max((bound(some) for some in range(1, failures + 1)), default=0.0)
    grid = [1]
    while grid[-1] < failures:
        grid.append(min(failures, max(grid[-1] + 1, int(grid[-1] * _STEP))))
    values = [bound(some) for some in grid]
    at = max(range(len(grid)), key=values.__getitem__)
    low, high = grid[max(0, at - 1)], grid[min(len(grid) - 1, at + 1)]
    return max(values[at], *(bound(low + (high - low) * part // 8) for part in range(1, 8)))
