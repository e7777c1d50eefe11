"""Malformed: legal JSON in which one leaf that holds the user's input has the wrong type, is null or is not there."""

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any, Final

from pocchaos.inputs.base import MISSING, Leaf

_INPUT: Final = re.compile(r"(?<!\$)\$\{input\.")
_STRANGERS: Final = (42, True, {"unexpected": 1}, "unexpected")  # one of each type; a list could be a legal batch


def leaves_of(template: Any) -> tuple[str, ...]:
    """The JSON pointers (RFC 6901) of the leaves of a request body's template that hold `${input.*}`."""
    return tuple(_leaves(template, ""))


def replaced(document: Any, pointer: str, value: Any) -> Any:
    """The document with another value at the pointer, or without it; raises LookupError where there is none."""
    if not pointer:
        if value is MISSING:
            raise LookupError("a whole body cannot be missing from itself")
        return value
    document = deepcopy(document)
    *path, last = (part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))
    parent = document
    for part in path:
        parent = parent[_place(parent, part)]
    place = _place(parent, last)
    if value is MISSING:
        del parent[place]
    else:
        parent[place] = value
    return document


def found(document: Any, pointer: str) -> Any:
    """The value at a pointer; raises LookupError."""
    for part in pointer[1:].split("/") if pointer else ():
        document = document[_place(document, part.replace("~1", "/").replace("~0", "~"))]
    return document


def _leaves(value: Any, pointer: str) -> Iterator[str]:
    match value:
        case str():
            if _INPUT.search(value):
                yield pointer
        case dict():
            for key, inner in value.items():
                yield from _leaves(inner, f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}")
        case list() | tuple():
            for place, inner in enumerate(value):
                yield from _leaves(inner, f"{pointer}/{place}")
        case _:
            pass


def _place(parent: Any, part: str) -> Any:
    match parent:
        case dict() if part in parent:
            return part
        case list() if part.isdecimal() and int(part) < len(parent):
            return int(part)
    raise LookupError(part)


def _other_type(value: Any) -> Sequence[Any]:
    return [other for other in _STRANGERS if not _same_type(other, value)]


def _same_type(one: Any, other: Any) -> bool:
    numbers = (int, float)
    if isinstance(one, bool) or isinstance(other, bool):
        return isinstance(one, bool) and isinstance(other, bool)
    if isinstance(one, numbers) and isinstance(other, numbers):
        return True
    return type(one) is type(other)


KINDS = (
    Leaf(name="wrong_type", instead=_other_type),
    Leaf(name="null", instead=lambda value: [] if value is None else [None]),
    Leaf(name="missing", instead=lambda _: [MISSING]),
)
