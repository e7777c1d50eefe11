"""Shares over clusters."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocchaos.statistics import Clusters, clustered_share, deff, wilson
from pocchaos.statistics.clusters import ClusteredShare


def grouped(pairs: list[tuple[int, int]]) -> tuple[tuple[int, int, int], ...]:
    return tuple((f, size, same) for (f, size), same in Counter(pairs).items())


def interval(pairs: list[tuple[int, int]], *, student: bool = False, **ask: int) -> ClusteredShare:
    clusters = Clusters(name="windows" if student else "inputs", groups=grouped(pairs), student=student)
    return clustered_share(sum(f for f, _ in pairs), sum(n for _, n in pairs), [clusters], cap=ask.get("cap"))


def test_the_design_effect_agrees_with_a_second_implementation() -> None:
    """The jackknife over equal clusters gives the linearised variance of a share exactly."""
    failures, size = [0, 3, 1, 0, 7, 2, 0, 1], 10
    m, n = len(failures), size * len(failures)
    q = sum(failures) / n
    left_out = [(sum(failures) - f) / (n - size) for f in failures]
    mean = sum(left_out) / m
    jackknife = (m - 1) / m * sum((value - mean) ** 2 for value in left_out)
    expected = jackknife / (q * (1 - q) / (n - 1))
    assert deff(grouped([(f, size) for f in failures])) == pytest.approx(expected, rel=1e-12)


def test_inputs_that_fail_whole_count_once() -> None:
    """Each input asked 20 times and always the same: 1,000 requests are worth 50."""
    found = interval([(20, 20)] * 5 + [(0, 20)] * 45)
    assert found.deff == pytest.approx(20, rel=0.03)
    assert found.n_eff == pytest.approx(50, rel=0.03)
    assert found.decided_by == "inputs"


def test_even_failures_do_not_make_a_share_better_than_independent_ones() -> None:
    assert deff(grouped([(2, 20)] * 50)) == 1
    assert deff(grouped([(0, 20)] * 50)) == 1
    assert deff(grouped([(20, 20)] * 50)) == 1


def test_without_failures_clusters_cost_nothing_and_the_published_needs_hold() -> None:
    assert (interval([(0, 1)] * 73)).low >= 0.95
    assert (interval([(0, 1)] * 72)).low < 0.95


def test_the_distinct_inputs_bound_the_effective_number() -> None:
    found = interval([(0, 20)] * 50, cap=50)
    assert (found.n_eff, found.capped) == (50, True)
    assert found.low == wilson(50, 50)[0]


def test_where_four_windows_decide_student_replaces_z() -> None:
    pairs = [(2, 100), (9, 100), (4, 100), (9, 100)]
    found = interval(pairs, student=True)
    assert found.df == 3
    assert found.low < wilson(found.share * found.n_eff, found.n_eff)[0]
    assert found.high > interval(pairs).high


def test_windows_that_are_alike_do_not_decide() -> None:
    found = interval([(5, 100)] * 4, student=True)
    assert found.df is None
    assert found.decided_by == ""


def test_the_widest_of_several_clusterings_counts() -> None:
    inputs = Clusters(name="inputs", groups=grouped([(20, 20)] * 2 + [(0, 20)] * 48))
    blocks = Clusters(name="blocks", groups=grouped([(4, 100)] * 10))
    both = clustered_share(40, 1000, [blocks, inputs])
    assert both.decided_by == "inputs"
    assert both.low == clustered_share(40, 1000, [inputs]).low


def test_nothing_at_all_says_nothing() -> None:
    found = clustered_share(0, 0, [])
    assert (found.low, found.high, found.n_eff) == (0, 1, 0)


Pairs = st.lists(st.integers(1, 12).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=8)


@settings(max_examples=300)
@given(pairs=Pairs, student=st.booleans(), data=st.data())
def test_one_more_failure_never_helps(pairs: list[tuple[int, int]], student: bool, data: st.DataObject) -> None:
    """Neither bound may rise: the estimate alone lets a spread-out failure lower deff and narrow the interval."""
    able = [at for at, (f, n) in enumerate(pairs) if f < n]
    if sum(f for f, _ in pairs) >= 64 or not able:
        return
    at = data.draw(st.sampled_from(able))
    worse = [(f + (i == at), n) for i, (f, n) in enumerate(pairs)]
    before, after = interval(pairs, student=student), interval(worse, student=student)
    assert after.low <= before.low + 1e-12
    assert after.high <= before.high + 1e-12


@pytest.mark.parametrize(
    ("failures", "sizes", "at", "student"),
    [
        ([8, 1, 0, 2], [50, 300, 300, 100], 1, True),
        ([0, 10, 6, 1, 35, 36], [100] * 6, 4, True),
        ([92, 0, 17, 8], [100, 50, 50, 10], 2, True),
        ([8, 10, 49, 17], [100, 100, 50, 20], 3, True),
        ([0, 33, 0, 4, 0, 0, 7, 0, 9, 0, 11, 7], [50, 100, 20, 20, 20, 50, 50, 20, 50, 50, 50, 20], 4, False),
    ],
)
def test_one_more_failure_does_not_help_where_few_large_clusters_fail(
    failures: list[int], sizes: list[int], at: int, student: bool
) -> None:
    """Found by search: a coarse look for the peak of the bound missed it by enough to turn a verdict into a PASS."""
    pairs = list(zip(failures, sizes, strict=True))
    worse = [(f + (i == at), n) for i, (f, n) in enumerate(pairs)]
    before, after = interval(pairs, student=student), interval(worse, student=student)
    assert after.low <= before.low + 1e-12
    assert after.high <= before.high + 1e-12


Large = st.lists(
    st.integers(20, 300).flatmap(
        lambda n: st.tuples(st.one_of(st.integers(0, n), st.integers(0, min(n, 12))), st.just(n))
    ),
    min_size=3,
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(pairs=Large, student=st.booleans(), data=st.data())
def test_one_more_failure_never_helps_among_clusters_of_hundreds(
    pairs: list[tuple[int, int]], student: bool, data: st.DataObject
) -> None:
    able = [at for at, (f, n) in enumerate(pairs) if f < n]
    if not able:
        return
    at = data.draw(st.sampled_from(able))
    worse = [(f + (i == at), n) for i, (f, n) in enumerate(pairs)]
    before, after = interval(pairs, student=student), interval(worse, student=student)
    assert after.low <= before.low + 1e-12
    assert after.high <= before.high + 1e-12


def test_a_failure_elsewhere_would_have_helped_the_bare_estimate() -> None:
    """The defect that the correction is for: without it the second interval would be the better one."""
    concentrated, spread = [(30, 30)] + [(0, 30)] * 31, [(30, 30)] + [(1, 30)] * 2 + [(0, 30)] * 29
    bare = [wilson(*_effective(pairs))[0] for pairs in (concentrated, spread)]
    assert bare[1] > bare[0]
    assert interval(spread).low <= interval(concentrated).low


def _effective(pairs: list[tuple[int, int]]) -> tuple[float, float]:
    n = sum(size for _, size in pairs)
    n_eff = n / deff(grouped(pairs))
    return (1 - sum(f for f, _ in pairs) / n) * n_eff, n_eff


def test_one_more_failure_never_helps_among_many_by_more_than_a_rounding() -> None:
    random = Random(5)
    for _ in range(30):
        pairs = [(min(40, int(random.expovariate(0.2))), 40) for _ in range(30)]
        at = random.choice([i for i, (f, n) in enumerate(pairs) if f < n])
        worse = [(f + (i == at), n) for i, (f, n) in enumerate(pairs)]
        assert interval(worse).low <= interval(pairs).low + 1e-4
        assert interval(worse).high <= interval(pairs).high + 1e-4


def test_the_interval_covers_the_truth_where_inputs_differ() -> None:
    """50 inputs of which each has its own chance to fail: about 95 % of runs must hold the true share."""
    random, held, runs = Random(11), 0, 400
    for _ in range(runs):
        chances = [random.betavariate(0.6, 5.4) for _ in range(50)]  # mean 0.1
        pairs = [(sum(random.random() < chance for _ in range(20)), 20) for chance in chances]
        found = interval(pairs)
        held += found.low <= 0.9 <= found.high
    assert 0.91 <= held / runs <= 0.995


def test_the_interval_covers_the_truth_where_four_windows_differ() -> None:
    random, held, runs = Random(12), 0, 400
    for _ in range(runs):
        chances = [random.betavariate(2, 18) for _ in range(4)]
        pairs = [(sum(random.random() < chance for _ in range(150)), 150) for chance in chances]
        found = interval(pairs, student=True)
        held += found.low <= 0.9 <= found.high
    assert 0.91 <= held / runs <= 0.995


def test_a_bound_that_the_correction_moved_says_so() -> None:
    """Four windows that are alike could each have failed alone: the interval is wider than deff alone makes it."""
    alike = interval([(40, 4000)] * 4, student=True)
    assert alike.held
    assert alike.low < wilson(15_840, 16_000)[0]
    assert not interval([(1, 100)] + [(0, 100)] * 9).held
    assert not clustered_share(0, 0, []).held


def test_among_thousands_of_failures_the_correction_looks_at_some() -> None:
    """More than can all be looked at; the bounds are still those of the least favourable part."""
    pairs = [(90 + 3 * (at * 7 % 40), 1000) for at in range(40)]
    worse = [(f + (at == 5), n) for at, (f, n) in enumerate(pairs)]
    before, after = interval(pairs), interval(worse)
    assert before.low <= wilson(before.share * before.n_eff, before.n_eff)[0] + 1e-12
    assert after.low <= before.low
    assert after.high <= before.high
