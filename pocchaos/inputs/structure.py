"""Malformed: brackets that do not match, text that stops too soon, text that goes on."""

from collections.abc import Callable, Sequence

from pocchaos.inputs.base import Edit, Json, Syntax

Edits = Callable[[Json], Sequence[Edit]]


def _whole(put: bytes) -> Edits:
    return lambda text: [Edit(0, len(text.body), put)]


def _append(*endings: bytes) -> Edits:
    return lambda text: [Edit(len(text.body), len(text.body), ending) for ending in endings]


def _truncated(text: Json) -> Sequence[Edit]:
    ends = [token.end for token in text.tokens[:-1]]
    middles = [(token.start + token.end) // 2 for token in text.tokens if token.end - token.start > 1]
    return [Edit(place, len(text.body)) for place in sorted({*ends, *middles})]


def _unclosed(text: Json) -> Sequence[Edit]:
    return [Edit(token.start, token.end) for token in text.marks(b"}", b"]")]


def _mismatched(text: Json) -> Sequence[Edit]:
    other = {b"}": b"]", b"]": b"}"}
    return [Edit(token.start, token.end, other[token.mark]) for token in text.marks(b"}", b"]")]


def _unopened(text: Json) -> Sequence[Edit]:
    return [Edit(token.start, token.end) for token in text.marks(b"{", b"[")]


def _commented(text: Json) -> Sequence[Edit]:
    return [Edit(gap, gap, put) for gap in text.gaps for put in (b"/* note */", b"// note\n", b"# note\n")]


def _twice(text: Json) -> Sequence[Edit]:
    end = len(text.body)
    return [Edit(end, end, put) for put in (text.body, b" " + text.body, b"\n" + text.body, b"{}", b"[]", b" null")]


KINDS = (
    Syntax(name="empty_body", suite="n_structure_no_data", edits=_whole(b"")),
    Syntax(name="blank_body", suite="n_single_space", edits=_whole(b" ")),
    Syntax(name="truncated", suite="n_structure_unclosed_object", edits=_truncated),
    Syntax(name="unclosed", suite="n_array_unclosed", edits=_unclosed),
    Syntax(name="unopened", suite="n_structure_close_unopened_array", edits=_unopened),
    Syntax(name="extra_close", suite="n_structure_object_followed_by_closing_object", edits=_append(b"}", b"]", b"}}")),
    Syntax(name="mismatched_close", suite="n_structure_open_object_close_array", edits=_mismatched),
    Syntax(
        name="trailing_text", suite="n_object_with_trailing_garbage", edits=_append(b"x", b"#", b'"', b";", b" end")
    ),
    Syntax(name="two_values", suite="n_structure_double_array", edits=_twice),
    Syntax(name="comment", suite="n_structure_object_with_comment", edits=_commented),
)
