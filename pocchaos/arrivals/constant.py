"""`constant`: evenly spaced arrivals."""

from collections.abc import Iterator
from random import Random
from typing import Literal

from pocchaos.arrivals.base import BaseArrival


class Constant(BaseArrival):
    """One request every 1/rate seconds, whatever the target does."""

    arrival: Literal["constant"] = "constant"

    def due(self, length: int, random: Random) -> Iterator[int]:
        """The k-th of a segment at k / rate: no drift, since nothing is added up."""
        del random
        for start, end, rate in self.segments(length):
            k = 0
            while (at := start + round(k * 1_000_000 / rate)) < end:
                yield at
                k += 1
