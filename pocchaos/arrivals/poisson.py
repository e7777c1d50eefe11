"""`poisson`: independent arrivals, as many users who do not know of each other make them."""

from collections.abc import Iterator
from math import log
from random import Random
from typing import Literal

from pocchaos.arrivals.base import BaseArrival


class Poisson(BaseArrival):
    """Exponential gaps with mean 1/rate; the index of dispersion of counts is 1."""

    arrival: Literal["poisson"] = "poisson"

    def due(self, length: int, random: Random) -> Iterator[int]:
        """Gaps are rounded to whole nanoseconds, so that the last bit of a libm's logarithm cannot move a plan."""
        for start, end, rate in self.segments(length):
            at = start * 1_000
            while True:
                at += round(-log(1.0 - random.random()) / rate * 1_000_000_000)
                if at >= end * 1_000:
                    break
                yield at // 1_000
