"""Assertions of a row in an input file: the same words as in the scenario."""

from typing import Any

import pytest

from pocchaos.assertions import Contains, NotEmpty
from pocchaos.scenario.asserts import read_asserts


def test_good_assertions_of_a_row_are_read() -> None:
    read, wrong = read_asserts([{"type": "contains", "value": "Paris"}, {"type": "not-empty"}])
    assert wrong == ()
    assert isinstance(read[0], Contains)
    assert isinstance(read[1], NotEmpty)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"type": "contain", "value": "x"}, ("assert[0].type", "not one of contains")),
        ({"type": "contains"}, ("assert[0].value", "is missing: add it, such as `value: ${input.expected}`")),
        ({"type": "contains", "valeu": 1}, ("assert[0].valeu", 'Did you mean "value"?')),
        ({"type": "call", "value": "a:b"}, ("assert[0].type", 'not yet: "call"')),
        ({"type": "regex", "value": "("}, ("assert[0].value", "at character 0): mend or escape it")),
        ({"type": "contains-any", "value": []}, ("assert[0].value", "give at least one text")),
        ({"type": "not-empty", "path": "a..b"}, ("assert[0].path", "is not a JMESPath")),
        ({"type": "not-empty", "value": 3}, ("assert[0].value", "delete the key")),
        ("contains", ("assert[0]", "a mapping is expected")),
    ],
)
def test_a_wrong_one_is_told_in_the_same_words(given: Any, told: tuple[str, str]) -> None:
    read, wrong = read_asserts([given])
    path, words = told
    assert [one.path for one in wrong] == [path]
    assert words in wrong[0].message
    del read
