"""How failures lie over the clusters of one clustering: how far they are from an even spread, and could be."""

from collections.abc import Iterable
from functools import cached_property
from itertools import accumulate
from typing import Final

Group = tuple[int, int, int]  # failures in a cluster, samples in it, how many clusters are just like it

_MOST_TURNS: Final = 120
_NOISE: Final = 1e-9  # a deff that is above 1 by rounding alone


class Shape:
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

    def mirrored(self) -> "Shape":
        """The same clusters with success for failure."""
        return Shape((size - hits, size, same) for hits, size, same in self._groups)

    def spread_of_all(self) -> float:
        """Σ(fᵢ − q nᵢ)²."""
        q = self.failures / self.n if self.n else 0.0
        return sum(same * (hits - q * size) ** 2 for hits, size, same in self._groups)

    def widest(self, failures: int) -> float:
        """The largest spread that this many of the failures could have: the chords of a convex sum, filled greedily."""
        q, left = failures / self.n, failures
        spread = q * q * self._squares
        chords = [(f - 2 * q * size, f * same) for f, size, same in self._failing]  # asked for thousands of times
        for density, room in sorted(chords, reverse=True):
            if room >= left:
                return spread + density * left
            spread += density * room
            left -= room
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
