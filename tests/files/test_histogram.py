"""The typed wrapper over the HdrHistogram library, held against plain sorting and against the library itself."""

from math import ceil

import polars as pl
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given, settings
from hypothesis import strategies as st

from pocchaos.files.histogram import (
    HIGHEST,
    Histogram,
    OutOfRangeError,
    bucket_of,
    highest_equivalent,
    rank,
)

times = st.integers(0, HIGHEST)


@given(st.lists(times, min_size=1, max_size=60), st.sampled_from([0.0, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0]))
def test_a_percentile_is_the_nearest_rank_to_three_digits(values: list[int], fraction: float) -> None:
    truth = sorted(values)[max(1, ceil(round(fraction * len(values), 6))) - 1]
    found = Histogram.of((value, 1) for value in values).percentile(fraction)
    assert truth <= found <= truth * 1.001 + 1


@given(times)
def test_buckets_are_those_of_the_library(value: int) -> None:
    library = HdrHistogram(1, HIGHEST, 3)
    assert highest_equivalent(value) == library.get_highest_equivalent_value(value)


@given(st.lists(times, min_size=1, max_size=60))
def test_a_column_falls_into_the_same_buckets(values: list[int]) -> None:
    column = pl.DataFrame({"value": values}, schema={"value": pl.Int64}).select(bucket_of(pl.col("value")))
    assert column.to_series().to_list() == [highest_equivalent(value) for value in values]


@settings(max_examples=15, deadline=None)  # the library walks 23,000 buckets in Python
@given(st.lists(times, min_size=1, max_size=60))
def test_encoded_counts_come_back_whole(values: list[int]) -> None:
    histogram = Histogram.of((value, 3) for value in values)
    back = HdrHistogram.decode(histogram.encode())
    assert back.get_total_count() == histogram.count == 3 * len(values)
    assert {highest_equivalent(item.value_iterated_to): item.count_at_value_iterated_to for item in back} == dict(
        histogram.buckets
    )


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(times, st.integers(1, 5)), min_size=0, max_size=40))
def test_it_encodes_as_if_the_library_had_recorded(counts: list[tuple[int, int]]) -> None:
    library = HdrHistogram(1, HIGHEST, 3)
    for value, count in counts:
        assert library.record_value(value, count)
    assert Histogram.of(counts).encode() == library.encode().decode()


@given(st.lists(times, min_size=1, max_size=40))
def test_grouped_buckets_make_the_same_histogram(values: list[int]) -> None:
    one = Histogram.of((value, 1) for value in values)
    other = Histogram.of_buckets(one.buckets)
    assert (other.count, other.buckets, other.percentile(0.9)) == (one.count, one.buckets, one.percentile(0.9))


def test_grouped_buckets_that_do_not_fit_raise() -> None:
    with pytest.raises(OutOfRangeError):
        Histogram.of_buckets({2 * HIGHEST: 1})


def test_adding_keeps_every_count() -> None:
    one, other = Histogram.of([(1_000, 2), (HIGHEST, 1)]), Histogram.of([(1_000, 1), (5_000_000, 4)])
    one.add(other)
    assert one.count == 8
    assert one.percentile(0.5) == highest_equivalent(5_000_000)
    assert HdrHistogram.decode(one.encode()).get_total_count() == 8


@pytest.mark.parametrize("value", [-1, HIGHEST + 1, 10**12])
def test_what_does_not_fit_raises(value: int) -> None:
    """The library returns False and the sample is gone."""
    with pytest.raises(OutOfRangeError, match="does not fit"):
        Histogram().record(value)


def test_a_clamping_histogram_counts_what_it_cut() -> None:
    histogram = Histogram(clamp=True)
    histogram.record(HIGHEST + 5, 2)
    histogram.record(10)
    assert (histogram.clamped, histogram.count) == (2, 3)
    assert histogram.max >= HIGHEST


@pytest.mark.parametrize("count", [0, -1])
def test_a_count_below_one_raises(count: int) -> None:
    with pytest.raises(ValueError, match="no count"):
        Histogram().record(1, count)


def test_an_empty_histogram_has_no_percentiles() -> None:
    with pytest.raises(ValueError, match="empty"):
        Histogram().percentile(0.5)


def test_ranks_do_not_slip_by_binary_fractions() -> None:
    """0.95 × 20 is 19.000000000000000 or a hair more: the rank is 19."""
    assert [rank(0.95, 20), rank(0.99, 100), rank(0.0, 5), rank(1.0, 5)] == [19, 99, 1, 5]
