"""Quantities as they are written: what is read, and the bounds of what can be used."""

import pytest

from pocchaos.model.units import parse_duration, parse_rate, parse_share, parse_size


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("0s", 0.0), ("0.0ms", 0.0), ("1us", 1e-6), ("0.001ms", 1e-6), ("250ms", 0.25), ("1.5m", 90.0), ("720h", 2.592e6)],
)
def test_a_duration_is_nothing_or_a_microsecond_to_thirty_days(written: str, seconds: float) -> None:
    assert parse_duration(written) == pytest.approx(seconds, abs=1e-12)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("9" * 400 + "s", r"9…? is longer than 30 days: write a shorter time"),
        ("99999999999h", r"'99999999999h' is longer than 30 days: write a shorter time, such as 2h"),
        ("721h", "longer than 30 days"),
        ("0.0000001s", r"'0.0000001s' is shorter than a microsecond: write 1us or more"),
        ("２５s", "is not a duration: write a number with its unit"),
    ],
)
def test_a_duration_that_cannot_be_used_is_refused(written: str, told: str) -> None:
    """Beyond float it was a crash, beyond Go's int64 nanoseconds a toxic of nothing."""
    with pytest.raises(ValueError, match=told) as caught:
        parse_duration(written)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("9" * 400 + "/s", "is more than 1,000,000/s"),
        ("1000001/s", "is more than 1,000,000/s: write a smaller rate, such as 40/s"),
        ("0." + "0" * 300 + "1/s", "is less than one request in 30 days"),
        ("0/s", "is not a rate"),
        ("４０/s", "is not a rate"),
    ],
)
def test_a_rate_that_cannot_be_used_is_refused(written: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_rate(written)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("9" * 400 + "B", "is more than 1000GB"),
        ("1001GB", "is more than 1000GB: write a smaller size"),
        ("６４kB", "is not a size"),
    ],
)
def test_a_size_that_cannot_be_used_is_refused(written: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_size(written)


def test_a_size_and_a_share_are_read_up_to_their_bounds() -> None:
    assert (parse_size("0B"), parse_size("64kB/s"), parse_size("1000GB")) == (0, 64_000, 10**12)
    assert (parse_share("0%"), parse_share("100%")) == (0.0, 1.0)
    with pytest.raises(ValueError, match="is not a share"):
        parse_share("７０%")
