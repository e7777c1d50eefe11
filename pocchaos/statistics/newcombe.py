"""The difference of two shares, from the interval of each."""

from math import hypot

Interval = tuple[float, float]


def newcombe(first: float, first_interval: Interval, second: float, second_interval: Interval) -> Interval:
    """Bounds on `first − second`, each share with an interval of the same confidence.

    Source: Newcombe 1998, Statistics in Medicine 17, 873-890, method 10 (square and add), on any score intervals.
    """
    low = first - second - hypot(first - first_interval[0], second_interval[1] - second)
    high = first - second + hypot(first_interval[1] - first, second - second_interval[0])
    return max(-1.0, low), min(1.0, high)
