"""An input's assertions: one number for equal ones, whoever asks and whenever."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from pocchaos.assertions import Contains
from pocchaos.judging.checks import Checks
from pocchaos.scenario.plan import InputRow

MANY = 400


@pytest.fixture
def hurried() -> Iterator[None]:
    """Threads take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def checks_of(*values: str) -> Checks:
    inputs = tuple(
        InputRow(
            id=f"q{k}", category="c", expect="answer", fields={}, asserts=(Contains(type="contains", value=value),)
        )
        for k, value in enumerate(values)
    )
    return Checks(inputs, {}, ("default",))


def test_inputs_with_equal_assertions_share_a_number() -> None:
    checks = checks_of("Paris", "Rome", "Paris")
    assert [checks.number(k, 0) for k in range(3)] == [1, 2, 1]


@pytest.mark.usefixtures("hurried")
def test_different_assertions_never_share_a_number_though_two_slices_ask_at_once() -> None:
    for _ in range(5):
        checks, start = checks_of(*(f"fact {k}" for k in range(MANY))), Barrier(2)

        def ask(first: int, checks: Checks = checks, start: Barrier = start) -> list[int]:
            start.wait(timeout=10)
            return [checks.number(k, 0) for k in range(first, MANY, 2)]

        with ThreadPoolExecutor(max_workers=2) as two:
            numbers = [number for found in two.map(ask, (0, 1)) for number in found]
        assert sorted(numbers) == list(range(1, MANY + 1))
