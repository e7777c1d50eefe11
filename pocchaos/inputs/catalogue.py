"""All kinds of malformed requests by name and family, and how one of them spoils a rendered body."""

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, Protocol, assert_never

from pocchaos.inputs import leaves, media, octets, punctuation, strings, structure, words
from pocchaos.inputs.base import Edit, Header, Json, Kind, Leaf, Syntax, refused

SYNTAX: Final[tuple[Syntax, ...]] = (
    *structure.KINDS,
    *punctuation.KINDS,
    *strings.KINDS,
    *words.KINDS,
    *octets.KINDS,
)
FAMILIES: Final[Mapping[str, tuple[Kind, ...]]] = {
    "syntax": SYNTAX,
    "leaves": leaves.KINDS,
    "content_type": media.KINDS,
}
KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for family in FAMILIES.values() for kind in family}
BY_DEFAULT: Final = ("syntax", "leaves")


class Choice(Protocol):
    """Which kind spoils a request, and a seeded number that picks one of its possibilities."""

    @property
    def kind(self) -> str:
        """The name of a kind."""

    @property
    def draw(self) -> int:
        """Not negative; taken modulo the number of possibilities."""


def named(names: Sequence[str]) -> tuple[Kind, ...]:
    """The kinds of these names or families, each once; raises ValueError for a name that is neither."""
    chosen: dict[str, Kind] = {}
    for name in names:
        family = FAMILIES.get(name) or ((KINDS[name],) if name in KINDS else ())
        if not family:
            near = get_close_matches(name, [*FAMILIES, *KINDS], n=1)
            hint = f' Did you mean "{near[0]}"?' if near else ""
            raise ValueError(
                f'"{name}" is no kind of malformed request: write syntax, leaves, content_type or one kind.{hint}'
            )
        chosen.update((kind.name, kind) for kind in family)
    return tuple(chosen.values())


def applies(kind: Kind, template: Any) -> bool:
    """Whether a kind can spoil the bodies that a request template renders to."""
    match kind:
        case Syntax():
            text = Json(_written(template))
            return any(refused(text.apply(edit)) for edit in kind.edits(text))
        case Leaf():
            pointers = leaves.leaves_of(template)
            return any(pointers) or (kind.name != "missing" and bool(pointers))  # a whole body cannot be missing
        case Header():
            return True
        case _:
            assert_never(kind)


def spoil(body: bytes, mutation: Choice, pointers: Sequence[str]) -> bytes:
    """The body as a kind leaves it: never one that a parser may accept, or with one of the leaves really changed.

    `pointers` are the leaves that hold the user's input (`leaves_of` the request's template). Where the kind finds
    nothing to spoil in this very body (it was chosen from the template), a closing bracket too many is added: no
    text survives that.
    """
    kind, draw = KINDS[mutation.kind], mutation.draw
    match kind:
        case Syntax():
            spoiled = _broken(Json(body), kind, draw)
        case Leaf():
            spoiled = _with_other_leaf(body, kind, draw, pointers)
        case Header():
            return body
        case _:
            assert_never(kind)
    return body + b"]" if spoiled is None else spoiled


def content_type(mutation: Choice) -> str | None:
    """The content type to send in place of the right one; None: leave it."""
    kind = KINDS[mutation.kind]
    return kind.types[mutation.draw % len(kind.types)] if isinstance(kind, Header) else None


def _broken(text: Json, kind: Syntax, draw: int) -> bytes | None:
    edits = kind.edits(text)
    for turn in range(len(edits)):
        edit: Edit = edits[(draw + turn) % len(edits)]
        if refused(spoiled := text.apply(edit)):
            return spoiled
    return None


def _with_other_leaf(body: bytes, kind: Leaf, draw: int, pointers: Sequence[str]) -> bytes | None:
    document = json.loads(body)
    possible: list[tuple[str, Any]] = []
    for pointer in pointers:
        try:
            possible += [(pointer, value) for value in kind.instead(leaves.found(document, pointer))]
        except LookupError:
            continue
    for turn in range(len(possible)):
        pointer, value = possible[(draw + turn) % len(possible)]
        try:
            return _written(leaves.replaced(document, pointer, value))
        except LookupError:
            continue
    return None


def _written(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")
