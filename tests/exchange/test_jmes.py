"""Plain paths are walked, the rest is JMESPath's: both find the same."""

from typing import Any

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocchaos.exchange.jmes import compile_path, plain_steps

KEYS = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)
STEPS = st.lists(KEYS.map(lambda key: f".{key}") | st.integers(0, 3).map(lambda k: f"[{k}]"), max_size=4)
PATHS = st.tuples(KEYS, STEPS).map(lambda parts: parts[0] + "".join(parts[1]))


@given(PATHS, VALUES)
def test_a_plain_path_finds_what_the_library_finds(path: str, value: Any) -> None:
    assert plain_steps(path) is not None
    assert compile_path(path)(value) == jmespath.search(path, value)


@given(st.sampled_from(["a[*].b", "a || b", "length(a)", "a[-1]", "{x: a}", "a == 'b'", "[0]", "@", "a[?b].c"]), VALUES)
def test_other_expressions_are_the_librarys(path: str, value: Any) -> None:
    assert plain_steps(path) is None
    try:
        expected = jmespath.search(path, value)
    except jmespath.exceptions.JMESPathError:
        expected = None  # a function met a type that it does not take: nothing is found, nothing raised
    assert compile_path(path)(value) == expected


def test_what_is_no_expression_is_refused() -> None:
    with pytest.raises(ValueError, match="is no JMESPath"):
        compile_path("a[")
