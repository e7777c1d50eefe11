"""Where chance comes from: one seeded generator for each purpose, so that a new stage does not reshuffle the rest.

The Mersenne Twister is the same on every machine and Python; only `random()` and `getrandbits()` are asked of it,
since the derived methods (`shuffle`, `choices`) may change from version to version.
"""

from bisect import bisect_right
from collections.abc import Sequence
from hashlib import sha256
from itertools import accumulate
from random import Random
from typing import Final

_PARTS: Final = 1_000_000_000  # shares are drawn in billionths: whole numbers, the same on every machine


def generator(seed: int, *purpose: str | int) -> Random:
    """The generator for one purpose, derived from the scenario's seed by SHA-256."""
    text = "\x1f".join([str(seed), *map(str, purpose)])
    return Random(int.from_bytes(sha256(text.encode()).digest()[:16], "big"))


class Draw:
    """Draws positions by share; the shares need not sum to one."""

    def __init__(self, shares: Sequence[float]) -> None:
        self._bounds = list(accumulate(round(share * _PARTS) for share in shares))

    def __call__(self, random: Random) -> int:
        """A position, with probability proportional to its share."""
        return bisect_right(self._bounds, random.getrandbits(53) * self._bounds[-1] >> 53)


def shuffled(length: int, random: Random) -> list[int]:
    """The numbers 0 … length − 1 in random order (Fisher and Yates)."""
    order = list(range(length))
    for last in range(length - 1, 0, -1):
        other = random.getrandbits(53) * (last + 1) >> 53
        order[last], order[other] = order[other], order[last]
    return order
