"""The one wrapper over the hdrhistogram library: whole microseconds, three digits, 1 µs to one hour.

It raises where the library answers False in silence. Only the buckets in use are kept; the library's 23,000 dense
counts are made when a histogram is encoded, for its own record function costs 7 µs a value and this one 1 µs.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from typing import Any, Final

import polars as pl
from hdrh.histogram import HdrHistogram

from pocchaos.model.units import Micros

LOWEST: Final = Micros(1)
HIGHEST: Final = Micros(3_600_000_000)  # one hour: beyond every deadline that a person waits for
DIGITS: Final = 3

_SUB_BUCKETS: Final = 2048  # the power of two at or above 2 × 10³: values below it are exact


class OutOfRangeError(ValueError):
    """A time below zero or above one hour: the caller says whether it is cut or left out."""

    def __init__(self, value: int) -> None:
        super().__init__(f"{value} µs does not fit a histogram of 0 to {HIGHEST} µs")


class Histogram:
    """Counts of times. Values above one hour raise, or with `clamp` count as one hour and in `clamped`."""

    def __init__(self, *, clamp: bool = False) -> None:
        self._buckets: dict[int, int] = {}  # the highest value that a bucket stands for -> its count
        self._clamp = clamp
        self.clamped = 0
        self.count = 0

    @classmethod
    def of(cls, counts: Iterable[tuple[int, int]], *, clamp: bool = False) -> "Histogram":
        """A histogram of (microseconds, how many) pairs."""
        histogram = cls(clamp=clamp)
        for value, count in counts:
            histogram.record(value, count)
        return histogram

    @classmethod
    def of_buckets(cls, buckets: Mapping[int, int]) -> "Histogram":
        """A histogram of what was grouped by `bucket_of` already: each bucket's highest value, and its count."""
        histogram = cls()
        if buckets and not (min(buckets) >= 0 and max(buckets) <= highest_equivalent(HIGHEST)):
            raise OutOfRangeError(max(buckets))
        histogram._buckets = dict(buckets)
        histogram.count = sum(buckets.values())
        return histogram

    def record(self, value: int, count: int = 1) -> None:
        """Count `value` µs `count` times; raises OutOfRangeError, or ValueError for a count below 1."""
        if count < 1:
            raise ValueError(f"{count} is no count: record at least 1")
        if value > HIGHEST and self._clamp:
            self.clamped += count
            value = HIGHEST
        if not 0 <= value <= HIGHEST:
            raise OutOfRangeError(value)
        bucket = highest_equivalent(value)
        self._buckets[bucket] = self._buckets.get(bucket, 0) + count
        self.count += count

    def add(self, other: "Histogram") -> None:
        """Count everything that another one has counted."""
        # Not the library's `add`: it zeroes the start time, and the sum of the buckets is wanted as well.
        for value, count in other._buckets.items():
            self.record(min(value, HIGHEST), count)
        self.clamped += other.clamped

    @property
    def buckets(self) -> Mapping[int, int]:
        """The highest value (µs) of each bucket in use, and its count, in order of value."""
        return dict(sorted(self._buckets.items()))

    @property
    def max(self) -> int:
        """The highest value (µs) that is equivalent to the largest recorded one; 0 if there is none."""
        return max(self._buckets, default=0)

    def percentile(self, fraction: float) -> int:
        """The smallest value (µs) with at least `fraction` of the counts at or below it, to three digits.

        The nearest-rank definition (rank ⌈p·n⌉), as in Java's HdrHistogram. Raises ValueError if it is empty.
        """
        return self.percentiles((fraction,))[0]

    def percentiles(self, fractions: Sequence[float]) -> tuple[int, ...]:
        """`percentile` for several ascending fractions in one walk."""
        if not self.count:
            raise ValueError("an empty histogram has no percentiles")
        found: list[int] = []
        ranks = [rank(fraction, self.count) for fraction in fractions]
        total = 0
        for value, count in self.buckets.items():
            total += count
            while len(found) < len(ranks) and total >= ranks[len(found)]:
                found.append(value)
        return tuple(found)

    def encode(self) -> str:
        """The compressed V2 form, in base64, that every HdrHistogram library reads."""
        library: Any = HdrHistogram(LOWEST, HIGHEST, DIGITS)
        counts = library.counts
        for value, count in self._buckets.items():
            magnitude = value.bit_length() - 11
            counts[value if magnitude <= 0 else (magnitude << 10) + (value >> magnitude)] = count  # `_index`, inlined
        if self._buckets:
            library.set_internal_tacking_values(_index(min(self._buckets)), _index(max(self._buckets)), self.count)
        return str(library.encode().decode("ascii"))


def rank(fraction: float, count: int) -> int:
    """Which of `count` ordered values stands for this fraction: ⌈p·n⌉, at least 1, at most n."""
    if not 0 <= fraction <= 1:
        raise ValueError(f"{fraction} is no fraction between 0 and 1")
    return min(count, max(1, ceil(round(fraction * count, 6))))


def highest_equivalent(value: int) -> int:
    """The highest whole value that shares a bucket with `value`."""
    magnitude = max(0, value.bit_length() - 11)
    return ((value >> magnitude) + 1 << magnitude) - 1


def _index(value: int) -> int:
    """Where the library counts this value: the layout that every HdrHistogram shares (its encoding is this order)."""
    magnitude = max(0, value.bit_length() - 11)
    return (magnitude << 10) + (value >> magnitude)


def bucket_of(value: pl.Expr) -> pl.Expr:
    """`highest_equivalent` over a column of whole microseconds: the key to group by, so that a count is one row."""
    whole = value.cast(pl.Int64)
    high = pl.max_horizontal(whole, pl.lit(_SUB_BUCKETS - 1, dtype=pl.Int64))
    magnitude = (64 - high.bitwise_leading_zeros().cast(pl.Int64) - 11).clip(0)
    size = pl.lit(2, dtype=pl.Int64).pow(magnitude)
    return (whole // size + 1) * size - 1
