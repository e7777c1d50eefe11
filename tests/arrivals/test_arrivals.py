"""How requests arrive: rates, dispersion, order; the same from the same seed."""

from collections import Counter
from itertools import pairwise
from math import exp
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from pocchaos.arrivals import Arrival, BaseArrival

SECOND = 1_000_000  # µs

ARRIVALS = st.builds(
    lambda kind, rate, end, steps: arrival(
        kind, f"{rate}/s" if steps is None else {"from": f"{rate}/s", "to": f"{end}/s", "steps": steps}
    ),
    kind=st.sampled_from(["constant", "poisson"]),
    rate=st.integers(min_value=1, max_value=400),
    end=st.integers(min_value=1, max_value=400),
    steps=st.none() | st.integers(min_value=2, max_value=7),
)


def arrival(kind: str, rate: object) -> BaseArrival:
    read: TypeAdapter[Arrival] = TypeAdapter(Arrival)
    return read.validate_python({"arrival": kind, "rate": rate})


def due(stream: BaseArrival, seconds: float, seed: int = 1) -> list[int]:
    return list(stream.due(round(seconds * SECOND), Random(seed)))


def dispersion(times: list[int], seconds: int) -> float:
    """Variance of the counts per second over their mean: 0 for evenly spaced, 1 for independent arrivals."""
    counts = Counter(at // SECOND for at in times)
    mean = len(times) / seconds
    return sum((counts[second] - mean) ** 2 for second in range(seconds)) / (seconds - 1) / mean


@settings(deadline=None)
@given(stream=ARRIVALS, length=st.integers(min_value=0, max_value=5 * SECOND), seed=st.integers(min_value=0))
def test_due_times_are_ordered_inside_the_stage_and_repeatable(stream: BaseArrival, length: int, seed: int) -> None:
    times = list(stream.due(length, Random(seed)))
    assert times == sorted(times)
    assert all(0 <= at < length for at in times)
    assert times == list(stream.due(length, Random(seed)))


@settings(deadline=None)
@given(rate=st.integers(min_value=1, max_value=1000), seconds=st.integers(min_value=1, max_value=20))
def test_constant_arrivals_are_exactly_rate_times_length_and_evenly_spaced(rate: int, seconds: int) -> None:
    times = due(arrival("constant", f"{rate}/s"), seconds)
    assert len(times) == rate * seconds
    gaps = {later - earlier for earlier, later in pairwise(times)}
    assert not gaps or max(gaps) - min(gaps) <= 1  # whole microseconds
    assert times[0] == 0


def test_constant_arrivals_do_not_drift_in_an_hour() -> None:
    """A third of a second is no whole microsecond: rounding each gap would add up."""
    times = due(arrival("constant", "3/s"), 3600)
    assert len(times) == 10_800
    assert times[-1] == round(10_799 * SECOND / 3)


@pytest.mark.parametrize("rate", [5, 40, 200])
def test_poisson_arrivals_have_their_rate_and_a_dispersion_of_one(rate: int) -> None:
    """Ten minutes: the count lies within four standard deviations, the index of dispersion near 1."""
    seconds = 600
    times = due(arrival("poisson", f"{rate}/s"), seconds)
    assert abs(len(times) - rate * seconds) < 4 * (rate * seconds) ** 0.5
    assert dispersion(times, seconds) == pytest.approx(1.0, abs=0.25)
    assert dispersion(due(arrival("constant", f"{rate}/s"), seconds), seconds) == pytest.approx(0.0, abs=1e-9)


def test_poisson_gaps_are_exponential() -> None:
    """Kolmogorov's distance to 1 − exp(−rate × gap) stays under the 0.1 % bound, 1.95 / √n."""
    times = due(arrival("poisson", "100/s"), 200)
    gaps = sorted((later - earlier) / SECOND for earlier, later in pairwise(times))
    n = len(gaps)
    distance = max(abs((place + 0.5) / n - (1 - exp(-100 * gap))) for place, gap in enumerate(gaps))
    assert distance < 1.95 / n**0.5


@pytest.mark.parametrize("kind", ["constant", "poisson"])
def test_steps_climb_from_the_first_rate_to_the_last_in_equal_times(kind: str) -> None:
    stream = arrival(kind, {"from": "20/s", "to": "200/s", "steps": 10})
    times = due(stream, 200)
    counts = Counter(at // (20 * SECOND) for at in times)
    for step in range(10):
        planned = 20 * (20 + 20 * step)
        slack = 0 if kind == "constant" else 4 * planned**0.5
        assert abs(counts[step] - planned) <= slack


def test_seeds_tell_poisson_plans_apart_and_leave_constant_ones_alone() -> None:
    assert due(arrival("poisson", "9/s"), 20, 1) != due(arrival("poisson", "9/s"), 20, 2)
    assert due(arrival("constant", "9/s"), 20, 1) == due(arrival("constant", "9/s"), 20, 2)


def test_poisson_due_times_are_pinned() -> None:
    """The same on every machine and Python: a change here changes every plan."""
    assert due(arrival("poisson", "4/s"), 2, 20261124) == PINNED


PINNED = [434168, 715396, 716253, 995031, 1289068, 1326135, 1559035, 1727177, 1771571, 1915776]
