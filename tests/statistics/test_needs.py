"""How many samples a claim needs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocchaos.statistics.needs import allowed_failures, chance_to_pass, n_for_power, need, settled_at
from pocchaos.statistics.wilson import wilson


@pytest.mark.parametrize(("limit", "n"), [(0.90, 35), (0.95, 73), (0.99, 381), (0.999, 3838)])
def test_the_need_without_failures_is_the_published_table(limit: float, n: int) -> None:
    assert need(limit) == n
    assert wilson(n, n)[0] >= limit > wilson(n - 1, n - 1)[0]


def test_no_number_of_samples_shows_perfection() -> None:
    with pytest.raises(ValueError, match="cannot be shown by any number"):
        need(1.0)


def test_a_limit_of_nothing_still_needs_one_sample() -> None:
    assert need(0.0) == 1


@given(limit=st.floats(0.5, 0.999), n=st.integers(1, 20_000))
def test_the_allowed_failures_are_the_most_that_pass(limit: float, n: int) -> None:
    most = allowed_failures(limit, n)
    assert most == -1 or wilson(n - most, n)[0] >= limit - 1e-12
    assert wilson(n - most - 1, n)[0] < limit + 1e-12


def test_the_chance_to_pass_agrees_with_scipy() -> None:
    """scipy 1.17.1: binom.cdf(0, 73, .025) and binom.cdf(15, 500, .025)."""
    assert allowed_failures(0.95, 500) == 15
    assert allowed_failures(0.99, 1200) == 5
    assert chance_to_pass(0.95, 72) == 0
    assert chance_to_pass(0.95, 73.9) == pytest.approx(0.15752045079108, abs=1e-12)
    assert chance_to_pass(0.95, 500) == pytest.approx(0.80860666807126, abs=1e-12)


@pytest.mark.parametrize("limit", [0.9, 0.95, 0.99])
def test_the_n_for_power_is_the_least(limit: float) -> None:
    n = n_for_power(limit)
    assert chance_to_pass(limit, n) >= 0.8
    assert all(chance_to_pass(limit, smaller) < 0.8 for smaller in range(need(limit), n))


@given(share=st.floats(0.5, 1), limit=st.floats(0.5, 0.99))
def test_where_a_share_is_settled_the_interval_no_longer_straddles(share: float, limit: float) -> None:
    n = settled_at(share, limit)
    if 1 < n < 1e9:
        low, high = wilson(share * n * 1.001, n * 1.001)
        assert not low < limit < high


def test_a_share_that_is_the_limit_is_never_settled() -> None:
    assert settled_at(0.95, 0.95) == float("inf")
