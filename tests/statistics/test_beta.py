"""The tails, against values that scipy 1.17.1 gives."""

import pytest

from pocchaos.statistics.beta import binomial_at_most, incomplete_beta, student_quantile, student_upper_tail


@pytest.mark.parametrize(
    ("confidence", "df", "t"),
    [  # the t table of every textbook
        (0.95, 1, 12.706), (0.95, 2, 4.303), (0.95, 3, 3.182), (0.95, 5, 2.571), (0.95, 10, 2.228), (0.95, 30, 2.042),
        (0.99, 3, 5.841), (0.99, 10, 3.169), (0.90, 4, 2.132), (0.95, 1e6, 1.960),
    ],
)  # fmt: skip
def test_student_quantiles_are_those_of_the_table(confidence: float, df: float, t: float) -> None:
    assert student_quantile(confidence, df) == pytest.approx(t, abs=6e-4)


def test_a_student_quantile_is_exact_to_ten_digits() -> None:
    assert student_quantile(0.95, 3) == pytest.approx(3.18244630528371, abs=1e-9)  # scipy.stats.t.ppf(.975, 3)
    assert student_upper_tail(0.0, 3) == 0.5


@pytest.mark.parametrize(("a", "b", "x", "value"), [(2, 3, 0.4, 0.5248), (5, 1, 0.9, 0.59049), (0.5, 0.5, 0.5, 0.5)])
def test_the_incomplete_beta_function_has_its_closed_forms(a: float, b: float, x: float, value: float) -> None:
    assert incomplete_beta(a, b, x) == pytest.approx(value, abs=1e-12)


def test_the_incomplete_beta_function_ends_at_nought_and_one() -> None:
    assert incomplete_beta(2, 3, 0) == 0
    assert incomplete_beta(2, 3, 1) == 1


@pytest.mark.parametrize("k", range(-1, 13))
def test_the_binomial_tail_is_the_sum_of_its_terms(k: int) -> None:
    from math import comb

    n, p = 12, 0.3
    terms = sum(comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1))
    assert binomial_at_most(k, n, p) == pytest.approx(terms, abs=1e-12)


def test_the_binomial_tail_holds_for_a_million() -> None:
    assert binomial_at_most(50_000, 1_000_000, 0.05) == pytest.approx(0.501189804, abs=1e-6)  # scipy.stats.binom.cdf
