"""How many independent samples a claim needs before it can be shown, and how likely it is to be shown.

A limit here is the *good* share that is asked for: `at_least: 95%` is 0.95, `at_most: 5%` is 0.95 too, and so is
a p95. Numbers are effective ones: independent units, after clusters.
"""

from math import ceil, floor

from pocchaos.statistics.beta import binomial_at_most
from pocchaos.statistics.wilson import normal_quantile, score_interval


def need(limit: float, confidence: float = 0.95) -> int:
    """The least n whose Wilson lower bound reaches `limit` when nothing fails: 35, 73, 381, 3,838 for 90 to 99.9 %.

    Raises ValueError for a limit of 100 %, which no number of samples shows. Source: n / (n + z²) ≥ limit,
    Wilson's lower bound at k = n, solved for n.
    """
    _check(limit)
    z = normal_quantile(confidence)
    return max(1, ceil(z * z * limit / (1 - limit) - 1e-9))


def allowed_failures(limit: float, n: float, confidence: float = 0.95) -> int:
    """The most failures among `n` with which the lower bound still reaches `limit`; −1 if none can be afforded."""
    _check(limit)
    if n < need(limit, confidence):
        return -1
    z, low, high = normal_quantile(confidence), 0, floor(n * (1 - limit)) + 1
    while high - low > 1:
        middle = (low + high) // 2
        passes = score_interval(1 - middle / n, n, z)[0] >= limit
        low, high = (middle, high) if passes else (low, middle)
    return low


def chance_to_pass(limit: float, n_eff: float, confidence: float = 0.95) -> float:
    """The probability that `n_eff` samples PASS if the truth lies half-way between `limit` and perfection.

    Exact binomial, on whole samples; 0 where even perfection cannot pass. 0.95 at 500 means a truth of 97.5 %.
    """
    n = floor(n_eff)
    failures = allowed_failures(limit, n, confidence)
    return binomial_at_most(failures, n, (1 - limit) / 2) if failures >= 0 else 0.0


def n_for_power(limit: float, power: float = 0.8, confidence: float = 0.95) -> int:
    """The least n with `chance_to_pass` ≥ `power`. Each further allowed failure has a least n; the first that will do.

    Raises ValueError for a limit of 100 %.
    """
    failures = 0
    while True:
        n = _least_with(failures, limit, confidence)
        if binomial_at_most(failures, n, (1 - limit) / 2) >= power:
            return n
        failures += 1


def settled_at(share: float, limit: float, confidence: float = 0.95) -> float:
    """The n at which an observed `share` would be told from `limit`; +∞ where they are the same.

    Source: the score test that Wilson's interval inverts, n = z² limit (1 − limit) / (share − limit)².
    """
    if share == limit:
        return float("inf")
    z = normal_quantile(confidence)
    return z * z * limit * (1 - limit) / (share - limit) ** 2


def _least_with(failures: int, limit: float, confidence: float) -> int:
    low = max(need(limit, confidence), failures) - 1
    high = max(2 * low, 1)
    while allowed_failures(limit, high, confidence) < failures:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if allowed_failures(limit, middle, confidence) < failures else (low, middle)
    return high


def _check(limit: float) -> None:
    if not 0 <= limit < 1:
        raise ValueError(f"{limit:.4g} cannot be shown by any number of samples: ask for a share below 100 %")
