"""YAML with a place for everything."""

# ruff: noqa: E501 - the messages stand here as they are told

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocchaos.files.yaml import Node, parse_yaml, read_yaml, write_yaml

WORDS = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
SCALARS = WORDS | st.booleans() | st.none() | st.integers(-(10**9), 10**9)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=12
)


def read(text: str) -> Node:
    node, problems = parse_yaml(text, shown="a.yaml")
    assert problems == []
    assert node is not None
    return node


def told(text: str) -> list[str]:
    return [str(problem) for problem in parse_yaml(text, shown="a.yaml")[1]]


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(WORDS, VALUES, min_size=1, max_size=4))
def test_what_is_written_is_read_back_the_same(value: dict[str, object]) -> None:
    """The run directory's scenario.yaml must mean what the scenario meant."""
    assert read(write_yaml(value)).plain() == value


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "No",
        "on",
        "OFF",
        "true",
        "null",
        "~",
        "1",
        "1.0",
        "1e3",
        "0x1",
        "2027-03-01",
        "",
        " a",
        "- a",
        "a: b",
        "#",
    ],
)
def test_text_that_looks_like_something_else_stays_text(text: str) -> None:
    assert read(write_yaml({"a": text})).plain() == {"a": text}


def test_every_node_knows_its_line() -> None:
    tree = read("a: 1\nb:\n  - x\n  - {c: 2,\n     d: 3}\ne: |\n  long\n  text\n")
    lines = {where: tree.nearest(where).line for where in [("a",), ("b",), ("b", 0), ("b", 1), ("b", 1, "d"), ("e",)]}
    assert lines == {("a",): 1, ("b",): 2, ("b", 0): 3, ("b", 1): 4, ("b", 1, "d"): 5, ("e",): 6}
    assert tree.nearest(("b", 1, "nothing", 4)).line == 4
    assert tree.at(("b", 7)) is None


def test_a_key_that_stands_twice_is_told_with_both_lines_wherever_it_is() -> None:
    assert told("a: 1\nb: {c: 1, d: 2, c: 3}\na: 2\n") == [
        'a.yaml:2: b.c: "c" stands twice, in lines 2 and 2: keep one',
        'a.yaml:3: a: "a" stands twice, in lines 1 and 3: keep one',
    ]


@pytest.mark.parametrize("word", ["on", "off", "yes", "no", "On", "NO"])
def test_words_that_some_tools_read_as_booleans_need_quotes(word: str) -> None:
    boolean = "true" if word.lower() in ("on", "yes") else "false"
    assert told(f"a: {{b: {word}}}") == [
        f'a.yaml:1: a.b: {word} is a boolean to some YAML tools and text to others: write {boolean}, or "{word}"'
    ]
    assert read(f'a: {{b: "{word}"}}').plain() == {"a": {"b": word}}


def test_off_is_a_word_where_the_language_has_it() -> None:
    assert read("tls: off\ntape: {mode: off}").plain() == {"tls": "off", "tape": {"mode": "off"}}


def test_numbers_are_numbers_and_dates_are_text() -> None:
    found = read("a: 12\nb: 1.50\nc: 2027-03-01\nd: 1:30\ne: 0x10\nf: true\ng: null\nh: 1_000").plain()
    assert found == {"a": 12, "b": 1.5, "c": "2027-03-01", "d": "1:30", "e": 16, "f": True, "g": None, "h": 1000}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: b: c", 'a.yaml:1: this is not YAML near `a: b: c`: a ": " too many, or lines indented unlike their neighbours'),
        ("a: [1, 2", "a.yaml:1: this is not YAML near `a: [1, 2`: a `[` that is never closed, or a comma missing"),
        ("a: 1\n\tb: 2", "a.yaml:2: this is not YAML near `b: 2`: a tab: indent with spaces"),
        ("a: 1\nb: 'x\nc: 3", "a.yaml:2: this is not YAML near `b: 'x`: a quote that is never closed"),
        ("a: *b", "a.yaml:1: this is not YAML near `a: *b`: an alias (*name) without its anchor (&name)"),
        ("a: 1\n---\nb: 2", "a.yaml:2: this is not YAML near `---`: a second document (`---`): keep one document a file"),
        ("a: @x", "a.yaml:1: this is not YAML near `a: @x`: a character that needs quotes around its value"),
        ("a: .inf", "a.yaml:1: a: .inf is not a number that can be used: write a finite one"),
        ("a: {{input.text}}", "a.yaml:1: a: a mapping or list stands where a key is expected: templates are written ${…}"),
        ("a: " + "9" * 200, "a.yaml:1: a: 9999999999999999999999999999999999999999… has more than 100 digits: write a smaller number, or text in quotes"),
        ("a: 1\nb: " + "[" * 5000, "a.yaml:2: is nested more than 40 levels deep here: write it flatter"),
        ("a: 1\nb: " + "[" * 60 + "]" * 60, "a.yaml:2: is nested more than 40 levels deep here: write it flatter"),
        ("\n".join("  " * k + "k:" for k in range(60)), "a.yaml:41: is nested more than 40 levels deep here: write it flatter"),
        ("a: &a\n  b:\n    c: *a", "a.yaml:3: an alias (*name) stands inside its own anchor (&name): write the value out"),
        ("x: 1\na: &a {<<: *a}", "a.yaml:2: an alias (*name) stands inside its own anchor (&name): write the value out"),
        ('"a\\nb": {c: .inf}', "a.yaml:1: a\\nb.c: .inf is not a number that can be used: write a finite one"),
        ('"a\\nb": 1\n"a\\nb": 2', 'a.yaml:2: a\\nb: "a\\nb" stands twice, in lines 1 and 2: keep one'),
    ],
)  # fmt: skip
def test_what_is_not_yaml_is_told_with_its_line_and_the_likely_reason(text: str, message: str) -> None:
    assert told(text) == [message]


def test_an_alias_may_be_used_as_often_as_one_likes_outside_its_anchor() -> None:
    found = read("a: &a {b: 1}\nc: {<<: *a}\nd: [*a, *a, {e: *a}]").plain()
    assert found["d"] == [{"b": 1}, {"b": 1}, {"e": {"b": 1}}]
    assert found["c"] == {"b": 1}


def test_a_file_that_never_ends_is_not_read_to_its_end() -> None:
    _, problems = read_yaml(Path("/dev/zero"), shown="a.yaml")
    assert [str(one) for one in problems] == ["a.yaml: the file is larger than 256 KiB: split it with `extends`"]
