"""What a kind of malformed request is, and the JSON text that a syntax kind looks at.

A syntax kind lists every edit that it could make to a body; a leaf kind says what stands in place of one leaf.
Both are pure: a seeded number picks one of the possibilities.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NoReturn

_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|-?\d[\d.eE+-]*|true|false|null', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a JSON text; `text` is as it stands in the bytes."""

    start: int
    end: int
    text: bytes
    key: bool = False  # a string with a colon after it

    @property
    def mark(self) -> bytes:
        """The token itself where it is punctuation, else nothing."""
        return self.text if self.text in b"{}[]:," else b""


@dataclass(frozen=True, slots=True)
class Edit:
    """Bytes `start` to `end` become `put`."""

    start: int
    end: int
    put: bytes = b""


class Json:
    """A legal JSON text, cut into tokens."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """All tokens in order; keys are marked."""
        found = [(match.start(), match.end(), match[0]) for match in _TOKEN.finditer(self.body)]
        after = [text for _, _, text in found[1:]] + [b""]
        return tuple(
            Token(start, end, text, key=following == b":")
            for (start, end, text), following in zip(found, after, strict=True)
        )

    @property
    def values(self) -> Iterator[Token]:
        """Strings that are no keys, numbers and literals."""
        return (token for token in self.tokens if not token.mark and not token.key)

    @property
    def strings(self) -> Iterator[Token]:
        """Keys and string values."""
        return (token for token in self.tokens if token.text.startswith(b'"'))

    def marks(self, *marks: bytes) -> Iterator[Token]:
        """The tokens that are one of these punctuation marks."""
        return (token for token in self.tokens if token.mark in marks)

    @property
    def gaps(self) -> Iterator[int]:
        """Places outside every token, beginning and end included."""
        yield from (token.start for token in self.tokens)
        yield len(self.body)

    def apply(self, edit: Edit) -> bytes:
        """The body with one edit made."""
        return self.body[: edit.start] + edit.put + self.body[edit.end :]


@dataclass(frozen=True, kw_only=True, slots=True)
class Syntax:
    """A way to break the grammar of RFC 8259."""

    name: str
    suite: str  # the JSONTestSuite case that it is modelled on; always one that every parser must refuse (n_*)
    edits: Callable[[Json], Sequence[Edit]]  # every possibility in this body; empty: the kind does not apply


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaf:
    """A way to spoil the value of one leaf while the text stays legal JSON."""

    name: str
    instead: Callable[[Any], Sequence[Any]]  # every possibility for a leaf of this value


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """A wrong header over an untouched body."""

    name: str
    types: tuple[str, ...]


Kind = Syntax | Leaf | Header

MISSING: Final = object()
"""In place of a leaf: it is taken away, with its key."""


def refused(body: bytes) -> bool:
    """Whether every JSON parser must refuse these bytes.

    Text encoding is left to parsers by the test suite (its i_* cases): so the bytes must be refused both by a parser
    that guesses UTF-16 from a null byte, and by one that lets through what is not UTF-8.
    """
    return not (_read(body) or _read(body.decode("utf-8", "surrogateescape")))


def _read(text: bytes | str) -> bool:
    try:
        json.loads(text, parse_constant=_no_constant)
    except ValueError:
        return False
    return True


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
