"""Malformed: values that are no JSON values, in place of one that is."""

from collections.abc import Callable, Sequence

from pocchaos.inputs.base import Edit, Json, Syntax


def _value(*puts: bytes) -> Callable[[Json], Sequence[Edit]]:
    return lambda text: [Edit(token.start, token.end, put) for token in text.values for put in puts]


KINDS = (
    Syntax(name="nan", suite="n_number_NaN", edits=_value(b"NaN", b"-NaN", b"nan")),
    Syntax(name="infinity", suite="n_number_infinity", edits=_value(b"Infinity", b"-Infinity", b"Inf", b"+Inf")),
    Syntax(name="leading_zero", suite="n_number_with_leading_zero", edits=_value(b"012", b"-012", b"00")),
    Syntax(name="plus_sign", suite="n_number_+1", edits=_value(b"+1", b"++1")),
    Syntax(name="leading_point", suite="n_number_starting_with_dot", edits=_value(b".5", b"-.5")),
    Syntax(name="trailing_point", suite="n_number_real_without_fractional_part", edits=_value(b"1.", b"-2.", b"2.e3")),
    Syntax(name="unfinished_exponent", suite="n_number_0e", edits=_value(b"1e", b"1e+", b"1.0E-")),
    Syntax(name="hexadecimal", suite="n_number_hex_2_digits", edits=_value(b"0x1F", b"0x1")),
    Syntax(name="grouped_digits", suite="n_number_1_000", edits=_value(b"1 000", b"1_000", b"1'000")),
    Syntax(name="lone_minus", suite="n_array_just_minus", edits=_value(b"-", b"- 1")),
    Syntax(name="expression", suite="n_number_expression", edits=_value(b"1+2", b"1/2")),
    Syntax(name="wide_digit", suite="n_number_U+FF11_fullwidth_digit_one", edits=_value("１".encode())),
    Syntax(name="bare_word", suite="n_string_single_string_no_double_quotes", edits=_value(b"hello", b"yes", b"a b")),
    Syntax(name="bare_letter", suite="n_structure_single_eacute", edits=_value("é".encode(), "你".encode())),
    Syntax(name="other_language", suite="n_structure_capitalized_True", edits=_value(b"True", b"None", b"undefined")),
    Syntax(name="cut_word", suite="n_incomplete_true", edits=_value(b"tru", b"fals", b"nul")),
    Syntax(name="bare_star", suite="n_structure_single_star", edits=_value(b"*", b"<null>", b"${value}")),
)
