"""A ratio of two sums over blocks of time, with its interval by resampling the blocks."""

from collections.abc import Sequence
from math import ceil, floor, inf
from random import Random
from typing import Final

DRAWS: Final = 1000
MANY: Final = 120
SEED: Final = 20261123  # fixed: judging a run twice gives the same bytes


def bootstrap_ratio(
    blocks: Sequence[tuple[float, float]], confidence: float = 0.95, *, draws: int = DRAWS, seed: int = SEED
) -> tuple[float, float]:
    """Bounds on Σ numerators / Σ denominators; (0, ∞) where there is nothing to divide by.

    Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, section 13.3 (percentile interval), blocks
    drawn with replacement. A ratio that is the same in each block reads [ratio, ratio]. Above `MANY` blocks
    neighbours are joined, two by two: fewer, longer blocks are no less independent, and are drawn sooner.
    """
    while len(blocks) > MANY:
        blocks = [_joined(blocks[at : at + 2]) for at in range(0, len(blocks), 2)]
    tops, bottoms = [top for top, _ in blocks], [bottom for _, bottom in blocks]
    if sum(bottoms) <= 0:
        return (0.0, inf)
    if all(top * sum(bottoms) == bottom * sum(tops) for top, bottom in blocks):
        return sum(tops) / sum(bottoms), sum(tops) / sum(bottoms)
    random, m = Random(seed), len(tops)
    ratios = []
    for _ in range(draws):
        chosen = random.choices(range(m), k=m)
        bottom = sum(map(bottoms.__getitem__, chosen))
        ratios.append(sum(map(tops.__getitem__, chosen)) / bottom if bottom else inf)
    ratios.sort()
    tail = (1 - confidence) / 2
    return ratios[floor(tail * (draws - 1))], ratios[ceil((1 - tail) * (draws - 1))]


def _joined(blocks: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return sum(top for top, _ in blocks), sum(bottom for _, bottom in blocks)
