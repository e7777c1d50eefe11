"""A share whose samples are not independent: its interval over clusters, which one more failure never betters.

The variance is linearised over each clustering (inputs, blocks of time, windows); what it is above that of
independent samples is the design effect, deff. Each clustering gives its own interval, and the widest counts.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pocchaos.statistics.shape import Group, Shape
from pocchaos.statistics.wilson import critical, score_interval

_ALL_UP_TO: Final = 5000  # numbers of failures that are all looked at; above, the telling ones and a refined grid
_WORK: Final = 100_000  # numbers × kinds of clusters that are still cheap enough to look at all of them
_LAST: Final = 64  # the largest numbers, each of which is looked at whatever the work
_PARTS: Final = 60
_FEW: Final = 24  # the same where the search is not thorough
_FEW_PARTS: Final = 10
_NOTABLE: Final = 0.02  # of the interval's width: below it a correction is not worth a word


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
    shape = Shape(groups)
    return shape.own_deff


def clustered_share(
    failures: int,
    n: int,
    clusterings: Sequence[Clusters],
    *,
    confidence: float = 0.95,
    cap: int | None = None,
    thorough: bool = True,
) -> ClusteredShare:
    """The share of the `n − failures` successes and its interval; `cap` bounds n_eff by the distinct inputs.

    Not `thorough` looks at fewer parts of the failures: for what is shown beside a verdict, and asked for often.

    Wilson's interval on n / deff, with t(m − 1) for z where a `student` clustering decides. One more failure never
    raises a bound, though it may lower deff: on the good side no part of the failures may give less with z (what
    they cost in one cluster, others do not pay back), nor more of them more with t; on the bad side what a part of
    them already rules out stays ruled out. Simulated over 4 to 10 windows that differ, a PASS is then false as
    often as without (3 to 5 %), and where windows do not differ the interval is up to 1.4 times as wide.
    """
    views = [_View(Shape(c.groups), c.name, c.count - 1 if c.student else None) for c in clusterings if c.count > 1]
    windows = [view.mirrored() for view in views if view.df is not None]
    bad, good = (_Bounds(some, n, confidence, cap, _Search(thorough=thorough)) for some in (views, windows))
    return ClusteredShare(failures, n, bad, good, cap)


@dataclass(frozen=True, slots=True)
class _View:
    shape: Shape
    name: str
    df: int | None

    def mirrored(self) -> "_View":
        """The same clusters with success for failure."""
        return _View(self.shape.mirrored(), self.name, self.df)


class _Bounds:
    """Wilson's bounds on the share of failures, for all of the failures or for some of them."""

    def __init__(self, views: Sequence[_View], n: int, confidence: float, cap: int | None, search: "_Search") -> None:
        self._views, self._n, self._confidence, self._cap, self._search = views, n, confidence, cap, search
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

    def _highest_of(self, shape: Shape, failures: int, top: float) -> float:
        most = shape.most_deff(failures)
        start = self._first(failures, lambda some: self._wilson(some, most, None)[1] > top)
        return self._search.peak(lambda some: self._uneven(shape, some), start, failures, [shape])

    def lowest(self, failures: int) -> float:
        """The largest lower bound of any part of the failures, as even as that part could be."""
        base = self.plain(failures)[0]
        if all(effect <= 1 for _, effect in self._all()):
            return base
        start = self._first(failures, lambda some: self._wilson(some, 1.0, None)[0] > base)
        return max(base, self._search.peak(self._even, start, failures, [view.shape for view in self._views]))

    def _first(self, failures: int, exceeds: Callable[[int], bool]) -> int:
        """The least number of failures from which on a bound could exceed; `failures` + 1 if none."""
        low, high = 0, failures + 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if exceeds(middle) else (middle, high)
        return high

    def _uneven(self, shape: Shape, failures: int) -> float:
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


@dataclass(frozen=True, kw_only=True, slots=True)
class _Search:
    """How the largest value of a bound is looked for among the parts of the failures."""

    thorough: bool

    def peak(self, bound: Callable[[int], float], start: int, end: int, shapes: Sequence[Shape]) -> float:
        """The largest value over start … end: all of them where that is cheap, else on a grid that is refined.

        A thorough grid holds the numbers with which a whole cluster more has failed, and each of the last ones.
        """
        start = max(1, start)
        if end - start < self._affordable(shapes):
            return max((bound(some) for some in range(start, end + 1)), default=0.0)
        parts = _PARTS if self.thorough else _FEW_PARTS
        grid = {start + (end - start) * part // parts for part in range(parts + 1)}
        if self.thorough:
            turns = (turn for shape in shapes for turn in shape.turns())
            grid |= {some for turn in turns for some in (turn, turn + 1) if start <= some <= end}
            grid |= set(range(end - _LAST + 1, end + 1))
        ordered = sorted(grid)
        values = [bound(some) for some in ordered]
        at = max(range(len(ordered)), key=values.__getitem__)
        low, high = ordered[max(0, at - 1)], ordered[min(len(ordered) - 1, at + 1)]
        return max(values[at], *(bound(low + (high - low) * part // 6) for part in range(1, 6)))

    def _affordable(self, shapes: Sequence[Shape]) -> int:
        if not self.thorough:
            return _FEW
        return min(_ALL_UP_TO, max(_LAST, _WORK // max(1, sum(shape.kinds for shape in shapes))))
