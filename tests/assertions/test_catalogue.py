"""Every assertion against texts that hold and texts that do not."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from pocchaos.assertions import Assertion, BaseAssertion

ASSERTION = TypeAdapter[Any](Assertion)
SCHEMA = {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}}

TABLE: list[tuple[str, Any, list[str], list[str]]] = [
    # type, value, texts that hold, texts that do not
    ("contains", "Paris", ["It is Paris.", "Paris"], ["It is paris.", ""]),
    ("contains", 42, ["It is 42."], ["It is 4 2."]),
    ("icontains", "paris", ["It is PARIS."], ["It is Rome."]),
    ("icontains", "strasse", ["Lange Straße 5"], ["Langer Weg 5"]),
    ("contains-any", ["Paris", "capital of France"], ["Paris", "the capital of France"], ["Rome", "paris"]),
    ("contains-any", "Paris", ["Paris"], ["Rome"]),
    ("contains-all", ["14 days", "receipt"], ["within 14 days with a receipt"], ["within 14 days", ""]),
    ("equals", "yes", ["yes"], ["yes ", "Yes"]),
    ("equals", 42, ["42", "42.0"], ["43", "forty-two"]),
    ("equals", True, ["true"], ["1", "false"]),
    ("equals", None, ["null"], ["", "0"]),
    ("equals", {"a": [1, {"b": 2}]}, ['{"a":[1,{"b":2}]}', ' { "a": [1, {"b": 2.0}] }'], ['{"a":[1]}', "x"]),
    ("regex", r"(?i)\border\b", ["Your Order is late", "order"], ["reordered"]),
    ("regex", r"^.{4}$", ["four"], ["fours"]),
    ("is-json", None, ['{"a": 1}', "[]", '"text"'], ["", "{a: 1}", "NaN", '{"a": 1} and more', "[" * 100_000]),
    ("is-json", SCHEMA, ['{"city": "Paris"}'], ["{}", '{"city": 1}', "Paris"]),
    ("not-empty", None, ["x", " x\n"], ["", " \n\t\u00a0"]),
]


def _given(kind: str, value: Any) -> BaseAssertion:
    left_out = value is None and kind in {"is-json", "not-is-json", "not-empty"}
    given: BaseAssertion = ASSERTION.validate_python({"type": kind} if left_out else {"type": kind, "value": value})
    return given


@pytest.mark.parametrize(("kind", "value", "good", "bad"), TABLE)
def test_an_assertion_holds_for_what_it_says_and_for_nothing_else(
    kind: str, value: Any, good: list[str], bad: list[str]
) -> None:
    check = _given(kind, value)
    assert [text for text in good if not check.holds(text, value)] == []
    assert [text for text in bad if check.holds(text, value)] == []


@pytest.mark.parametrize(("kind", "value", "good", "bad"), [row for row in TABLE if row[0] != "not-empty"])
def test_the_not_form_is_the_exact_opposite(kind: str, value: Any, good: list[str], bad: list[str]) -> None:
    check = _given(f"not-{kind}", value)
    assert [text for text in good if check.holds(text, value)] == []
    assert [text for text in bad if not check.holds(text, value)] == []


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("contains", ""),
        ("contains", None),
        ("contains", ["a"]),
        ("contains-any", []),
        ("contains-all", []),
        ("contains-all", ["a", ""]),
        ("contains-any", {"a": 1}),
        ("regex", "("),
        ("regex", ""),
        ("regex", 5),
        ("is-json", "object"),
        ("is-json", {"type": "no such type"}),
    ],
)
@pytest.mark.parametrize("form", ["", "not-"])
def test_a_check_that_cannot_be_made_raises_and_never_passes(form: str, kind: str, value: Any) -> None:
    """An empty list of facts would hold for every answer; a broken pattern for none: neither is evidence."""
    text = "{}" if kind == "is-json" else "any answer"
    with pytest.raises(ValueError, match=r"nothing to look for|is a list|not a pattern|not a JSON schema"):
        _given(f"{form}{kind}", value).holds(text, value)


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("contains", "Paris", 'contains "Paris"'),
        ("not-icontains", "paris", 'not-icontains "paris"'),
        ("contains-any", ["a", "b"], 'contains any of ["a", "b"]'),
        ("not-contains-all", ["é"], 'not-contains all of ["é"]'),
        ("equals", 42, "equals 42"),
        ("regex", "a+", 'matches "a+"'),
        ("not-regex", "a+", 'does not match "a+"'),
        ("is-json", None, "is JSON"),
        ("is-json", {"type": "object"}, 'is JSON that fits {"type": "object"}'),
        ("not-is-json", None, "is not JSON"),
        ("not-empty", None, "is not empty"),
    ],
)
def test_an_assertion_describes_itself_for_people(kind: str, value: Any, words: str) -> None:
    assert _given(kind, value).describe() == words
