"""A share whose samples are not independent: its interval over clusters, which one more failure never betters.

The variance is linearised over each clustering (inputs, blocks of time, windows); what it is above that of
independent samples is the design effect, deff. Each clustering gives its own interval, and the widest counts.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Final

from pocchaos.statistics.wilson import critical, score_interval

Group = tuple[int, int, int]  # failures in a cluster, samples in it, how many clusters are just like it

_ALL_UP_TO: Final = 5000  # numbers of failures that are all looked at; above, the telling ones and a refined grid
_WORK: Final = 100_000  # numbers × kinds of clusters that are still cheap enough to look at all of them
_LAST: Final = 64  # the largest numbers, each of which is looked at whatever the work
_PARTS: Final = 60
_MOST_TURNS: Final = 120
_NOTABLE: Final = 0.02  # of the interval's width: below it a correction is not worth a word
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


class ClusteredShare:
    """The share of successes among `n` with its interval, and what decided it; bounds are computed when asked for."""

    def __init__(self, failures: int, n: int, bad: "_Bounds", good: "_Bounds", cap: int | None) -> None:
        self.failures, self.n = failures, n
        self.share = (n - failures) / n if n else 0.0
        self.deff, decider = bad.decider(failures)
        self.n_eff = bad.n_eff(self.deff)
        self.decided_by = decider.name if decider else ""  # "" where all samples count as independent
        self.df = decider.df if decider else None  # degrees of freedom, where t replaced z
        self.capped = cap is not None and cap < n / self.deff  # n_eff is the number of distinct inputs
        self._bad, self._good = bad, good

    @cached_property
    def low(self) -> float:
        """The lower bound on the share of successes."""
        if not self.n:
            return 0.0
        windows = 1 - self._good.lowest(self.n - self.failures) if self._good.any else 0.0
        return 1 - max(self._bad.highest(self.failures), windows)

    @cached_property
    def high(self) -> float:
        """The upper bound on the share of successes."""
        return 1 - self._bad.lowest(self.failures) if self.n else 1.0

    @property
    def held(self) -> bool:
        """Whether the lower bound is another than deff alone makes it, so that one more failure never helps."""
        if not self.n:
            return False
        low, high = self._bad.plain(self.failures)
        return abs(1 - self.low - high) > _NOTABLE * (high - low)


def deff(groups: Iterable[Group]) -> float:
    """The design effect of a share over clusters, never below 1.

    Source: the linearised variance of a ratio, m/(m − 1) Σ(fᵢ − q nᵢ)² / n² (Cochran 1977, Sampling Techniques,
    section 9A; Kish 1965), over that of independent samples, q(1 − q)/(n − 1).
    """
    shape = _Shape(groups)
    return shape.own_deff


def clustered_share(
    failures: int, n: int, clusterings: Sequence[Clusters], *, confidence: float = 0.95, cap: int | None = None
) -> ClusteredShare:
    """The share of the `n − failures` successes and its interval; `cap` bounds n_eff by the distinct inputs.

    Wilson's interval on n / deff, with t(m − 1) for z where a `student` clustering decides. One more failure never
    raises a bound, though it may lower deff: on the good side no part of the failures may give less with z (what
    they cost in one cluster, others do not pay back), nor more of them more with t; on the bad side what a part of
    them already rules out stays ruled out. Simulated over 4 to 10 windows that differ, a PASS is then false as
    often as without (3 to 5 %), and where windows do not differ the interval is up to 1.4 times as wide.
    """
    views = [_View(_Shape(c.groups), c.name, c.count - 1 if c.student else None) for c in clusterings if c.count > 1]
    windows = [view.mirrored() for view in views if view.df is not None]
    bad, good = _Bounds(views, n, confidence, cap), _Bounds(windows, n, confidence, cap)
    return ClusteredShare(failures, n, bad, good, cap)


class _Shape:
    """The clusters of one clustering, and how far a part of their failures can be from an even spread."""

    def __init__(self, groups: Iterable[Group]) -> None:
        self._groups = [group for group in groups if group[1] > 0]
        self._failing = [group for group in self._groups if group[0] > 0]
        self.m = sum(same for _, _, same in self._groups)
        self.n = sum(size * same for _, size, same in self._groups)
        self.failures = sum(hits * same for hits, _, same in self._groups)
        self._squares = sum(size * size * same for _, size, same in self._groups)

    @property
    def kinds(self) -> int:
        """How many different clusters there are: what one look costs."""
        return len(self._groups)

    def turns(self) -> tuple[int, ...]:
        """The numbers of failures with which the greedy filling ends a kind of cluster, thinned where they are many."""
        q = self.failures / self.n if self.n else 0.0
        filled = sorted(((f - 2 * q * size, f * same) for f, size, same in self._failing), reverse=True)
        ends = list(accumulate(room for _, room in filled))
        return tuple(ends[:: len(ends) // _MOST_TURNS + 1])

    def deff(self, failures: int, spread: float) -> float:
        """Of `failures` in all, whose squared distances from an even spread add up to `spread`."""
        q = failures / self.n if self.n else 0.0
        if self.m < 2 or not 0 < q < 1:
            return 1.0
        ratio = self.m / (self.m - 1) * spread / self.n**2 / (q * (1 - q) / (self.n - 1))
        return ratio if ratio > 1 + _NOISE else 1.0

    @cached_property
    def own_deff(self) -> float:
        """Of all the failures, where they are."""
        return self.deff(self.failures, self.spread_of_all())

    def most_deff(self, failures: int) -> float:
        """What no part of the failures can exceed: Σfᵢ² ≤ max fᵢ Σfᵢ, and the size terms at their largest."""
        if self.m < 2 or self.failures == 0 or failures >= self.n:
            return 1.0
        most = max(hits for hits, _, _ in self._failing) + failures * self._squares / self.n**2
        return max(1.0, self.m / (self.m - 1) * most / (1 - failures / self.n))

    def mirrored(self) -> "_Shape":
        """The same clusters with success for failure."""
        return _Shape((size - hits, size, same) for hits, size, same in self._groups)

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

    def mirrored(self) -> "_View":
        """The same clusters with success for failure."""
        return _View(self.shape.mirrored(), self.name, self.df)


class _Bounds:
    """Wilson's bounds on the share of failures, for all of the failures or for some of them."""

    def __init__(self, views: Sequence[_View], n: int, confidence: float, cap: int | None) -> None:
        self._views, self._n, self._confidence, self._cap = views, n, confidence, cap
        self.any = bool(views)

    def n_eff(self, effect: float) -> float:
        """The effective number."""
        return self._n / effect if self._cap is None else min(self._n / effect, float(self._cap))

    def decider(self, failures: int) -> tuple[float, _View | None]:
        """The deff that counts, and whose it is: that of the clustering with the widest interval."""
        if not self._n:
            return 1.0, None
        widths = [
            (high - low, effect, view)
            for view, effect in self._all()
            for low, high in [self._wilson(failures, effect, view.df)]
            if effect > 1
        ]
        if not widths:
            return 1.0, None
        _, effect, view = max(widths, key=lambda found: found[0])
        return effect, view

    def plain(self, failures: int) -> tuple[float, float]:
        """The bounds as the estimate gives them: the widest of all clusterings."""
        found = [self._wilson(failures, effect, view.df) for view, effect in self._all()]
        found.append(self._wilson(failures, 1.0, None))
        return min(low for low, _ in found), max(high for _, high in found)

    def highest(self, failures: int) -> float:
        """The upper bound, with z, of any part of the failures, as uneven as that part could be."""
        top = max(self._wilson(failures, effect, None)[1] for effect in (1.0, *(e for _, e in self._all())))
        for view in self._views:
            top = max(top, self._highest_of(view.shape, failures, top))
        return top

    def _highest_of(self, shape: _Shape, failures: int, top: float) -> float:
        most = shape.most_deff(failures)
        start = self._first(failures, lambda some: self._wilson(some, most, None)[1] > top)
        return _peak(lambda some: self._uneven(shape, some), start, failures, [shape])

    def lowest(self, failures: int) -> float:
        """The largest lower bound of any part of the failures, as even as that part could be."""
        base = self.plain(failures)[0]
        if all(effect <= 1 for _, effect in self._all()):
            return base
        start = self._first(failures, lambda some: self._wilson(some, 1.0, None)[0] > base)
        return max(base, _peak(self._even, start, failures, [view.shape for view in self._views]))

    def _first(self, failures: int, exceeds: Callable[[int], bool]) -> int:
        """The least number of failures from which on a bound could exceed; `failures` + 1 if none."""
        low, high = 0, failures + 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if exceeds(middle) else (middle, high)
        return high

    def _uneven(self, shape: _Shape, failures: int) -> float:
        return self._wilson(failures, shape.deff(failures, shape.widest(failures)), None)[1]

    def _even(self, failures: int) -> float:
        return min(
            (self._wilson(failures, v.shape.deff(failures, v.shape.tightest(failures)), v.df)[0] for v in self._views),
            default=0.0,
        )

    def _all(self) -> Iterator[tuple[_View, float]]:
        for view in self._views:
            yield view, view.shape.own_deff

    def _wilson(self, failures: int, effect: float, df: int | None) -> tuple[float, float]:
        z = critical(self._confidence, df if effect > 1 else None)
        return score_interval(failures / self._n, self.n_eff(effect), z)


def _peak(bound: Callable[[int], float], start: int, end: int, shapes: Sequence[_Shape]) -> float:
    """The largest value of the bound over start … end: all of them where that is cheap.

    Else those where a whole cluster more has failed, the last ones, and a grid that is refined where it is highest.
    """
    start = max(1, start)
    count = end - start + 1
    if count <= min(_ALL_UP_TO, max(_LAST, _WORK // max(1, sum(shape.kinds for shape in shapes)))):
        return max((bound(some) for some in range(start, end + 1)), default=0.0)
    grid = {start + (end - start) * part // _PARTS for part in range(_PARTS + 1)}
    grid |= {some for shape in shapes for turn in shape.turns() for some in (turn, turn + 1) if start <= some <= end}
    ordered = sorted(grid | set(range(end - _LAST + 1, end + 1)))
    values = [bound(some) for some in ordered]
    at = max(range(len(ordered)), key=values.__getitem__)
    low, high = ordered[max(0, at - 1)], ordered[min(len(ordered) - 1, at + 1)]
    return max(values[at], *(bound(low + (high - low) * part // 6) for part in range(1, 6)))
