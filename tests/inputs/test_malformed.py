"""What `generate: malformed` sends is malformed, whatever the request looked like before."""

import json
from dataclasses import dataclass
from typing import Any, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocchaos.inputs import BY_DEFAULT, FAMILIES, KINDS, Leaf, Syntax, applies, content_type, leaves_of, named, spoil
from pocchaos.inputs.base import Json, refused
from pocchaos.inputs.catalogue import SYNTAX
from pocchaos.inputs.leaves import found

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
CHAT = {
    "model": "m",
    "messages": [{"role": "user", "content": "${input.text}"}],
    "n": 1,
    "stream": True,
    "x~/y": [None],
}


@dataclass(frozen=True)
class Choice:
    kind: str
    draw: int = 0


def strictly_read(body: bytes) -> Any:
    return json.loads(body, parse_constant=no_constant)


def no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def written(document: Any, *, compact: bool = False, ascii_only: bool = False) -> bytes:
    return json.dumps(
        document, ensure_ascii=ascii_only, separators=(",", ":") if compact else None, indent=None if compact else 1
    ).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("kind", [kind.name for kind in SYNTAX])
@settings(max_examples=40, deadline=None)
@given(document=DOCUMENTS, draw=st.integers(min_value=0, max_value=2**32), compact=st.booleans(), plain=st.booleans())
def test_a_syntax_kind_never_leaves_a_legal_text(
    kind: str, document: Any, draw: int, compact: bool, plain: bool
) -> None:
    """Neither for a strict parser nor for one that forgives bytes that are not UTF-8 (implementation-defined)."""
    spoiled = spoil(written(document, compact=compact, ascii_only=plain), Choice(kind, draw), ())
    with pytest.raises(ValueError):  # noqa: PT011 - JSONDecodeError, UnicodeDecodeError or a forbidden constant
        strictly_read(spoiled)
    with pytest.raises(ValueError):  # noqa: PT011
        json.loads(spoiled.decode("utf-8", "surrogateescape"), parse_constant=no_constant)


@pytest.mark.parametrize("kind", SYNTAX, ids=lambda kind: kind.name)
def test_every_syntax_kind_spoils_an_ordinary_chat_request_in_its_own_way(kind: Syntax) -> None:
    """No edit is wasted: each by itself is refused, so that the fallback is never needed on such a body."""
    text = Json(written(CHAT))
    edits = kind.edits(text)
    assert edits
    assert applies(kind, CHAT)
    accepted = [edit for edit in edits if not refused(text.apply(edit))]
    assert not accepted


def test_no_kind_is_modelled_on_a_case_that_parsers_may_decide_themselves() -> None:
    assert all(kind.suite.startswith("n_") for kind in SYNTAX)
    assert len(SYNTAX) == len({kind.name for kind in SYNTAX}) >= 50


def test_a_text_cut_into_tokens_is_whole() -> None:
    body = written({'a\\"b': [1, -2.5e-3, True, None, "x\n"], "ключ": {}})
    text = Json(body)
    rest = body
    for token in reversed(text.tokens):
        rest = rest[: token.start] + rest[token.end :]
    assert not rest.strip()
    assert [token.text for token in text.tokens if token.key] == [b'"a\\\\\\"b"', '"ключ"'.encode()]


@pytest.mark.parametrize("kind", ["wrong_type", "null", "missing"])
@settings(deadline=None)
@given(value=SCALARS.filter(lambda value: value is not None), draw=st.integers(min_value=0, max_value=2**32))
def test_a_leaf_kind_changes_exactly_one_leaf_that_holds_the_input(kind: str, value: Any, draw: int) -> None:
    template = {"q": "${input.text}", "deep": [{"also": "before ${input.more} after"}], "keep": "${tenant.name}"}
    good = {"q": value, "deep": [{"also": value}], "keep": "acme"}
    pointers = leaves_of(template)
    assert pointers == ("/q", "/deep/0/also")
    bad = strictly_read(spoil(written(good), Choice(kind, draw), pointers))
    assert bad["keep"] == "acme"
    changed = [pointer for pointer in pointers if differs(bad, good, pointer)]
    assert len(changed) == 1


def differs(bad: Any, good: Any, pointer: str) -> bool:
    try:
        return type(found(bad, pointer)) is not type(found(good, pointer))
    except LookupError:
        return True


def test_a_leaf_keeps_its_place_behind_escaped_names() -> None:
    template = {"a/b": {"~c": ["x", "${input.text}"]}, "literal": "$${input.text}"}
    assert leaves_of(template) == ("/a~1b/~0c/1",)
    spoiled = spoil(written({"a/b": {"~c": ["x", "hello"]}}), Choice("null"), leaves_of(template))
    assert strictly_read(spoiled) == {"a/b": {"~c": ["x", None]}}


def test_a_body_without_the_input_cannot_have_a_spoiled_leaf() -> None:
    assert not applies(KINDS["wrong_type"], {"fixed": 1})
    assert not applies(KINDS["missing"], "${input.text}")
    assert applies(KINDS["null"], "${input.text}")


def test_where_a_kind_finds_nothing_the_body_is_spoiled_all_the_same() -> None:
    """A template's optional key may be gone once it is rendered."""
    assert spoil(b"{}", Choice("wrong_type"), ("/q",)) == b"{}]"
    assert spoil(b"7", Choice("missing_colon"), ()) == b"7]"


def test_a_wrong_content_type_comes_only_when_asked_for_and_leaves_the_body() -> None:
    assert "wrong_content_type" not in {kind.name for kind in named(BY_DEFAULT)}
    (kind,) = named(["content_type"])
    assert spoil(b'{"q":1}', Choice(kind.name, 3), ("/q",)) == b'{"q":1}'
    assert content_type(Choice(kind.name, 0)) == "text/plain"
    assert content_type(Choice("nan", 0)) is None


def test_kinds_are_named_by_family_or_one_by_one() -> None:
    assert {type(kind) for kind in named(["syntax"])} == {Syntax}
    assert {type(kind) for kind in named(["leaves"])} == {Leaf}
    assert [kind.name for kind in named(["nan", "nan", "null"])] == ["nan", "null"]
    assert set(FAMILIES) == {"syntax", "leaves", "content_type"}
    with pytest.raises(ValueError, match=r'"trailing_coma" is no kind .* Did you mean "trailing_comma"'):
        named(["trailing_coma"])
