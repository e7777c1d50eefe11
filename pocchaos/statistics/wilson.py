"""Wilson's score interval for a share, with z, or with Student's t where few windows decide."""

from functools import lru_cache
from math import sqrt
from statistics import NormalDist

from pocchaos.statistics.beta import student_quantile


@lru_cache(maxsize=64)
def normal_quantile(confidence: float) -> float:
    """The two-sided critical value of the normal distribution: 1.95996 for 0.95."""
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def critical(confidence: float, df: float | None = None) -> float:
    """z, or t with `df` degrees of freedom where `df` is given; two-sided."""
    return normal_quantile(confidence) if df is None else student_quantile(confidence, df)


def wilson(k: float, n: float, confidence: float = 0.95, df: float | None = None) -> tuple[float, float]:
    """Both bounds on a share of which `k` of `n` were seen; `n` may be an effective, so fractional, number.

    Nothing seen is (0, 1). Source: Wilson 1927, JASA 22, 209-212; with t for z as Korn and Graubard 1998 do.
    """
    if n <= 0:
        return (0.0, 1.0)
    return score_interval(k / n, n, critical(confidence, df))


def score_interval(share: float, n: float, z: float) -> tuple[float, float]:
    """Wilson's interval from the share itself and a critical value; exactly 0 and 1 at the ends."""
    spread = z * z / n
    centre = (share + spread / 2) / (1 + spread)
    half = z * sqrt(max(0.0, share * (1 - share)) / n + spread / (4 * n)) / (1 + spread)
    low = 0.0 if share <= 0 else max(0.0, centre - half)
    high = 1.0 if share >= 1 else min(1.0, centre + half)
    return (low, high)
