"""Several claims looked at together: how strong the evidence against each still is."""

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p-values, in the order given. Source: Holm 1979, Scandinavian Journal of Statistics 6, 65-70."""
    m, adjusted, highest = len(p_values), [0.0] * len(p_values), 0.0
    for rank, at in enumerate(sorted(range(m), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (m - rank) * p_values[at]))
        adjusted[at] = highest
    return tuple(adjusted)


def evidence_below(share: float, limit: float, n: float) -> float:
    """One-sided p of seeing `share` or less if the truth were `limit`: the test that Wilson's interval inverts."""
    if n <= 0 or not 0 < limit < 1:
        return 1.0
    return NormalDist().cdf((share - limit) / sqrt(limit * (1 - limit) / n))
