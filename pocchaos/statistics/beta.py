"""The regularised incomplete beta function and the two tails that hang on it: Student's t and the binomial."""

from functools import lru_cache
from math import exp, lgamma, log, log1p
from typing import Final

_TINY: Final = 1e-300
_CLOSE: Final = 1e-15
_ROUNDS: Final = 10_000  # the fraction needs about √max(a, b) rounds: enough for counts of ten million


def incomplete_beta(a: float, b: float, x: float) -> float:
    """I_x(a, b), the share of a Beta(a, b) distribution that lies below `x`; `a`, `b` > 0, 0 ≤ x ≤ 1.

    Source: DLMF 8.17.22, the continued fraction, evaluated by Lentz's algorithm.
    """
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):  # the fraction converges fast on the other side
        return 1 - incomplete_beta(b, a, 1 - x)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    return front * _fraction(a, b, x)


def _fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1 / _off_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _ROUNDS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _off_zero(1 + term * d)
            c = _off_zero(1 + term / c)
            value *= d * c
        if abs(d * c - 1) < _CLOSE:
            break
    return value


def _off_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def binomial_at_most(k: int, n: int, p: float) -> float:
    """P(X ≤ k) for X ~ Binomial(n, p), exact. Source: DLMF 8.17.5, 1 − I_p(k + 1, n − k)."""
    if k < 0:
        return 0.0
    if k >= n:
        return 1.0
    return incomplete_beta(n - k, k + 1, 1 - p)


def student_upper_tail(t: float, df: float) -> float:
    """P(T > t) for Student's t with `df` degrees of freedom, t ≥ 0. Source: Abramowitz and Stegun 26.7.1."""
    return 0.5 * incomplete_beta(df / 2, 0.5, df / (df + t * t))


@lru_cache(maxsize=256)
def student_quantile(confidence: float, df: float) -> float:
    """The two-sided critical value: |T| stays below it with probability `confidence`; by bisection."""
    tail = (1 - confidence) / 2
    low, high = 0.0, 1.0
    while student_upper_tail(high, df) > tail:
        high *= 2
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if student_upper_tail(middle, df) > tail else (low, middle)
    return (low + high) / 2
