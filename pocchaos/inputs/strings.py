"""Malformed: quotes and escapes.

Bytes that are not UTF-8 *inside* a string, and lone surrogates as whole escapes, are left out: parsers may choose
what to do with them (the suite's i_* cases).
"""

from collections.abc import Callable, Sequence

from pocchaos.inputs.base import Edit, Json, Syntax


def _within(*puts: bytes) -> Callable[[Json], Sequence[Edit]]:
    """Put just before the closing quote: whatever comes before is whole escapes, and no hexadecimal digit follows."""
    return lambda text: [Edit(token.end - 1, token.end - 1, put) for token in text.strings for put in puts]


def _unquoted_key(text: Json) -> Sequence[Edit]:
    return [Edit(token.start, token.end, token.text[1:-1]) for token in text.tokens if token.key]


def _number_for_key(text: Json) -> Sequence[Edit]:
    return [Edit(token.start, token.end, put) for token in text.tokens if token.key for put in (b"1", b"null")]


def _single_quotes(text: Json) -> Sequence[Edit]:
    return [Edit(token.start, token.end, b"'" + token.text[1:-1] + b"'") for token in text.strings]


def _typographic_quotes(text: Json) -> Sequence[Edit]:
    return [Edit(token.start, token.end, f"“{token.text[1:-1].decode()}”".encode()) for token in text.strings]


def _unclosed(text: Json) -> Sequence[Edit]:
    return [Edit(token.end - 1, token.end) for token in text.strings]


def _unopened(text: Json) -> Sequence[Edit]:
    return [Edit(token.start, token.start + 1) for token in text.strings]


KINDS = (
    Syntax(name="unquoted_key", suite="n_object_unquoted_key", edits=_unquoted_key),
    Syntax(name="number_for_key", suite="n_object_non_string_key", edits=_number_for_key),
    Syntax(name="single_quotes", suite="n_object_single_quote", edits=_single_quotes),
    Syntax(name="typographic_quotes", suite="n_object_bad_value", edits=_typographic_quotes),
    Syntax(name="unclosed_string", suite="n_structure_open_object_open_string", edits=_unclosed),
    Syntax(name="unopened_string", suite="n_string_single_doublequote", edits=_unopened),
    Syntax(name="bad_escape", suite="n_string_invalid_backslash_esc", edits=_within(rb"\a", rb"\'", rb"\0", rb"\x41")),
    Syntax(name="capital_escape", suite="n_string_unicode_CapitalU", edits=_within(rb"\U0041", rb"\N")),
    Syntax(
        name="short_escape", suite="n_string_incomplete_escaped_character", edits=_within(rb"\u00A", rb"\u", rb"\u1")
    ),
    Syntax(name="cut_surrogate", suite="n_string_incomplete_surrogate", edits=_within(rb"\uD834\uDd", rb"\uD800\u1x")),
    Syntax(
        name="invalid_utf8_in_escape", suite="n_string_invalid-utf-8-in-escape", edits=_within(b"\\u\xe5", b"\\\xe5")
    ),
    Syntax(name="raw_newline", suite="n_string_unescaped_newline", edits=_within(b"\n", b"\r\n")),
    Syntax(name="raw_tab", suite="n_string_unescaped_tab", edits=_within(b"\t")),
    Syntax(name="raw_control", suite="n_string_unescaped_ctrl_char", edits=_within(b"\x00", b"\x01", b"\x1b", b"\x1f")),
)
