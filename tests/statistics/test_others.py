"""Differences, ratios and several claims at once."""

from math import inf
from random import Random

import pytest

from pocchaos.statistics import bootstrap_ratio, evidence_below, holm, newcombe, wilson


@pytest.mark.parametrize(
    ("a", "n", "b", "m", "low", "high"),
    [  # Newcombe 1998, Statistics in Medicine 17, 873-890, table II, method 10
        (56, 70, 48, 80, 0.0524, 0.3339), (9, 10, 3, 10, 0.1705, 0.8090), (10, 10, 0, 20, 0.6791, 1.0000),
        (0, 10, 0, 20, -0.1611, 0.2775), (5, 56, 0, 29, -0.0381, 0.1926),
    ],
)  # fmt: skip
def test_the_difference_of_two_shares_is_the_published_one(
    a: int, n: int, b: int, m: int, low: float, high: float
) -> None:
    found = newcombe(a / n, wilson(a, n), b / m, wilson(b, m))
    assert list(found) == pytest.approx([low, high], abs=5e-5)


def test_a_constant_ratio_has_no_width() -> None:
    assert bootstrap_ratio([(2 * n, n) for n in (18, 25, 21, 30)]) == (2, 2)


def test_a_bootstrap_is_the_same_each_time() -> None:
    blocks = [(float(n % 5), 10.0) for n in range(40)]
    assert bootstrap_ratio(blocks) == bootstrap_ratio(blocks)


def test_a_bootstrap_interval_agrees_with_the_normal_one_where_that_holds() -> None:
    """Mean 2 attempts, standard deviation √2 over 400 blocks: 2 ± 1.96 × √2 / 20."""
    blocks = [(float(n % 5), 1.0) for n in range(400)]
    Random(4).shuffle(blocks)
    assert list(bootstrap_ratio(blocks)) == pytest.approx([2 - 0.1386, 2 + 0.1386], abs=0.03)


def test_a_ratio_of_nothing_may_be_anything() -> None:
    assert bootstrap_ratio([]) == (0, inf)
    assert bootstrap_ratio([(3, 0)]) == (0, inf)


def test_holm_gives_the_worked_example() -> None:
    """R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))


def test_evidence_is_strong_where_the_interval_is_far_from_the_limit() -> None:
    assert evidence_below(0.90, 0.95, 1000) < 1e-9
    assert evidence_below(0.95, 0.95, 1000) == 0.5
    assert evidence_below(0.9, 0.95, 0) == 1
