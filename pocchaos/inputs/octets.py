"""Malformed: bytes that may not stand between the tokens.

A byte order mark before a legal text is left out: parsers may accept it (the suite's i_* cases).
"""

from collections.abc import Callable, Sequence

from pocchaos.inputs.base import Edit, Json, Syntax


def _between(*puts: bytes) -> Callable[[Json], Sequence[Edit]]:
    return lambda text: [Edit(gap, gap, put) for gap in text.gaps for put in puts]


def _cut_bom(text: Json) -> Sequence[Edit]:
    del text
    return [Edit(0, 0, b"\xef\xbb"), Edit(0, 0, b"\xef")]


KINDS = (
    Syntax(name="invalid_utf8", suite="n_array_invalid_utf8", edits=_between(b"\xff", b"\xe5", b"\xc3")),
    Syntax(name="null_byte", suite="n_structure_null-byte-outside-string", edits=_between(b"\x00")),
    Syntax(name="form_feed", suite="n_structure_whitespace_formfeed", edits=_between(b"\x0c", b"\x0b")),
    Syntax(name="word_joiner", suite="n_structure_whitespace_U+2060_word_joiner", edits=_between(b"\xe2\x81\xa0")),
    Syntax(name="escape_outside", suite="n_structure_uescaped_LF_before_string", edits=_between(rb"\u000A", rb"\n")),
    Syntax(name="cut_bom", suite="n_structure_incomplete_UTF8_BOM", edits=_cut_bom),
)
