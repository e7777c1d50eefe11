"""Malformed: commas and colons too many, too few, or one for the other."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from pocchaos.inputs.base import Edit, Json, Syntax


def _instead_of(mark: bytes, put: bytes) -> Callable[[Json], Sequence[Edit]]:
    return lambda text: [Edit(token.start, token.end, put) for token in text.marks(mark)]


def _trailing(*commas: bytes) -> Callable[[Json], Sequence[Edit]]:
    def edits(text: Json) -> Sequence[Edit]:
        return [
            Edit(after.start, after.start, comma)
            for before, after in pairwise(text.tokens)
            for comma in commas
            if after.mark in (b"}", b"]") and before.mark not in (b"{", b"[")
        ]

    return edits


def _leading(text: Json) -> Sequence[Edit]:
    return [Edit(token.end, token.end, b",") for token in text.marks(b"{", b"[")]


def _without_value(text: Json) -> Sequence[Edit]:
    return [
        Edit(after.start, after.end)
        for before, after in pairwise(text.tokens)
        if before.mark == b":" and not after.mark
    ]


def _without_key(text: Json) -> Sequence[Edit]:
    return [Edit(token.start, token.end) for token in text.tokens if token.key]


KINDS = (
    Syntax(name="trailing_comma", suite="n_object_trailing_comma", edits=_trailing(b",", b",,")),
    Syntax(name="leading_comma", suite="n_array_missing_value", edits=_leading),
    Syntax(name="double_comma", suite="n_object_two_commas_in_a_row", edits=_instead_of(b",", b",,")),
    Syntax(name="missing_comma", suite="n_array_1_true_without_comma", edits=_instead_of(b",", b" ")),
    Syntax(name="semicolon_for_comma", suite="n_array_items_separated_by_semicolon", edits=_instead_of(b",", b";")),
    Syntax(name="colon_for_comma", suite="n_array_colon_instead_of_comma", edits=_instead_of(b",", b":")),
    Syntax(name="missing_colon", suite="n_object_missing_colon", edits=_instead_of(b":", b" ")),
    Syntax(name="double_colon", suite="n_object_double_colon", edits=_instead_of(b":", b"::")),
    Syntax(name="comma_for_colon", suite="n_object_comma_instead_of_colon", edits=_instead_of(b":", b",")),
    Syntax(name="equals_for_colon", suite="n_object_missing_semicolon", edits=_instead_of(b":", b"=")),
    Syntax(name="missing_value", suite="n_object_missing_value", edits=_without_value),
    Syntax(name="missing_key", suite="n_object_missing_key", edits=_without_key),
)
