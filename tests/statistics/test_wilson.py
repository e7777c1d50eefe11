"""Wilson's interval, against statsmodels' published example and scipy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocchaos.statistics.wilson import critical, wilson


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [  # Newcombe 1998, Statistics in Medicine 17, 857-872, table I, method 3
        (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718),
    ],
)  # fmt: skip
def test_the_interval_is_the_published_one(k: int, n: int, low: float, high: float) -> None:
    assert list(wilson(k, n)) == pytest.approx([low, high], abs=5e-5)


def test_nothing_seen_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_student_widens_what_few_windows_decide() -> None:
    assert critical(0.95, df=3) > critical(0.95)
    assert wilson(90, 100, df=3)[0] < wilson(90, 100)[0]


@given(n=st.integers(1, 500), confidence=st.sampled_from([0.8, 0.95, 0.99]), data=st.data())
def test_one_more_failure_lowers_both_bounds(n: int, confidence: float, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, n))
    more, fewer = wilson(k, n, confidence), wilson(k - 1, n, confidence)
    assert fewer[0] <= more[0]
    assert fewer[1] <= more[1]
    assert 0 <= more[0] <= k / n <= more[1] <= 1
