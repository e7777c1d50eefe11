"""Templates in plain values: `${tenant.token}` in any text of a request, compiled once and rendered per request.

A whole scalar keeps the type of what it names; inside longer text, what is no text is written as JSON.
`${x?}` drops its key (or list element) and `${x:-default}` stands in while x is not there or null; `$${` is a
literal `${`. There are no expressions. Keys of mappings are never templates.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Namespaces: TypeAlias = Mapping[str, Any]
Place: TypeAlias = tuple[str | int, ...]


class _Unset:
    """What a dropped value is rendered to where there is no key to drop."""

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET: Final = _Unset()
"""The rendering of a whole `${x?}` that names nothing: the caller has nothing to send or to compare."""


class UnknownName(LookupError):  # noqa: N818 - reads as the claim that it is
    """A template names something that is not there; `name` is what it names, `place` where it stands."""

    def __init__(self, name: str, place: Place, known: Sequence[str]) -> None:
        self.name, self.place, self.known = name, place, tuple(known)
        where = f"{show_place(place)}: " if place else ""
        there = f" (there: {', '.join(known)})" if known else ""
        super().__init__(f"{where}${{{name}}} names nothing{there}")


class TemplateSyntaxError(ValueError):
    """A `${` that does not begin a template; `place` is where it stands in the value."""

    def __init__(self, text: str, place: Place, *, nested: bool = False) -> None:
        self.text, self.place = text, place
        told = (
            "has a template inside a template: a default is plain text, such as ${namespace.key:-none}"
            if nested
            else "is not a template: write ${namespace.key}, ${namespace.key?} or ${namespace.key:-default}, "
            "or $${ for a literal ${"
        )
        super().__init__(f"{json.dumps(text, ensure_ascii=False)} {told}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Name:
    """One template: the dotted name, and what happens while it is not there."""

    name: str
    parts: tuple[str, ...]
    optional: bool = False
    default: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One template in a value, with the place of the text that it stands in."""

    name: Name
    place: Place
    whole: bool  # the text is this template and nothing else
    text: str


class Template:
    """A value with templates, compiled; parts without templates are shared between renderings, never copied."""

    __slots__ = ("_render", "names")

    def __init__(self, value: Any) -> None:
        self.names = frozenset(found.name.name for found in templates_in(value))
        self._render = _compile(value, ())

    def render(self, namespaces: Namespaces) -> Any:
        """The value with every template replaced; UNSET for a whole optional one; raises UnknownName."""
        return self._render(namespaces)


def compile_template(value: Any) -> Template:
    """Any plain value (text, number, list, mapping) as a template; raises TemplateSyntaxError."""
    return Template(value)


def render(value: Any, namespaces: Namespaces) -> Any:
    """`compile_template(value).render(namespaces)`, for what is rendered once."""
    return Template(value).render(namespaces)


def names_in(value: Any) -> frozenset[str]:
    """The dotted names of every template in a value."""
    return Template(value).names


def templates_in(value: Any, place: Place = ()) -> Iterator[Found]:
    """Every template in a value, in reading order; raises TemplateSyntaxError."""
    match value:
        case str():
            parts = split(value, place)
            for part in parts:
                if isinstance(part, Name):
                    yield Found(name=part, place=place, whole=len(parts) == 1, text=value)
        case Mapping():
            for key, item in value.items():
                yield from templates_in(item, (*place, key))
        case list() | tuple():
            for index, item in enumerate(value):
                yield from templates_in(item, (*place, index))
        case _:
            return


def substitute(value: Any, replace: Callable[[Found], Any], place: Place = ()) -> Any:
    """A value in which some templates are replaced now and the rest stay as they are written.

    `replace` gives what a template becomes (text inside longer text; UNSET drops the key), or the `Found`
    itself to leave it. Literal `$${` stays as it is written: the value is still a template.
    """
    match value:
        case str():
            return _substituted(value, replace, place)
        case Mapping():
            items = {key: substitute(item, replace, (*place, key)) for key, item in value.items()}
            return {key: item for key, item in items.items() if item is not UNSET}
        case list() | tuple():
            return [
                new
                for index, item in enumerate(value)
                if (new := substitute(item, replace, (*place, index))) is not UNSET
            ]
        case _:
            return value


def escaped(text: str) -> str:
    """Text that renders to itself, whatever it holds."""
    return text.replace("${", "$${")


def literal(text: str) -> str:
    """What text without templates renders to."""
    return text.replace("$${", "${")


_TOKEN: Final = re.compile(r"\$\$\{|\$\{([^}]*)\}|\$\{")
_NAME: Final = re.compile(r"([A-Za-z_][\w-]*(?:\.[\w-]+)*?)(?:(\?)|:-(.*))?", re.DOTALL)


def split(text: str, place: Place = ()) -> tuple[str | Name, ...]:
    """Text as its literal parts and templates; raises TemplateSyntaxError."""
    if "${" not in text:
        return (text,)
    parts: list[str | Name] = []
    said = ""
    at = 0
    for token in _TOKEN.finditer(text):
        said += text[at : token.start()]
        at = token.end()
        if token[0] == "$${":
            said += "${"
            continue
        found = _NAME.fullmatch(token[1]) if token[1] is not None else None
        if found is None or "${" in token[1]:
            raise TemplateSyntaxError(text, place, nested=found is not None)
        if said:
            parts.append(said)
            said = ""
        parts.append(
            Name(name=found[1], parts=tuple(found[1].split(".")), optional=found[2] is not None, default=found[3])
        )
    said += text[at:]
    if said:
        parts.append(said)
    return tuple(parts)


def show_place(place: Place) -> str:
    """A place in a value for people: `json.messages[0].content`."""
    shown = ""
    for part in place:
        if isinstance(part, int):
            shown += f"[{part}]"
        else:
            key = part if part.isprintable() else json.dumps(part, ensure_ascii=False)[1:-1]  # a place is one line
            shown += f".{key}" if shown else key
    return shown


_Render: TypeAlias = Callable[[Namespaces], Any]
_NOTHING: Final = object()


def _compile(value: Any, place: Place) -> _Render:
    match value:
        case str():
            return _compile_text(value, place)
        case Mapping() if any(True for _ in templates_in(value)) or _has_literals(value):
            items = [(key, _compile(item, (*place, key))) for key, item in value.items()]
            return lambda spaces: {key: new for key, item in items if (new := item(spaces)) is not UNSET}
        case list() | tuple() if any(True for _ in templates_in(value)) or _has_literals(value):
            elements = [_compile(item, (*place, index)) for index, item in enumerate(value)]
            return lambda spaces: [new for element in elements if (new := element(spaces)) is not UNSET]
        case _:
            return lambda _: value


def _has_literals(value: Any) -> bool:
    match value:
        case str():
            return "$${" in value
        case Mapping():
            return any(_has_literals(item) for item in value.values())
        case list() | tuple():
            return any(_has_literals(item) for item in value)
        case _:
            return False


def _compile_text(text: str, place: Place) -> _Render:
    parts = split(text, place)
    match parts:
        case ():
            return lambda _: ""
        case (str() as said,):
            return lambda _: said
        case (Name() as name,):
            return _whole(name, place)
        case _:
            pieces = [_piece(part, place) for part in parts]
            return lambda spaces: "".join([piece(spaces) for piece in pieces])


def _whole(name: Name, place: Place) -> _Render:
    def find(spaces: Namespaces) -> Any:
        found = _look_up(name, spaces)
        if found is _NOTHING or (found is None and (name.optional or name.default is not None)):
            if name.default is not None:
                return name.default
            if name.optional:
                return UNSET
            raise UnknownName(name.name, place, _there(name, spaces))
        return found

    return find


def _piece(part: str | Name, place: Place) -> Callable[[Namespaces], str]:
    if isinstance(part, str):
        return lambda _: part
    find = _whole(part, place)

    def text(spaces: Namespaces) -> str:
        found = find(spaces)
        if isinstance(found, str):
            return found
        return "" if found is UNSET else json.dumps(found, ensure_ascii=False)

    return text


def _look_up(name: Name, spaces: Namespaces) -> Any:
    found: Any = spaces
    for part in name.parts:
        if isinstance(found, Mapping):
            found = found.get(part, _NOTHING)
        elif isinstance(found, list | tuple) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            return _NOTHING
        if found is _NOTHING:
            return _NOTHING
    return found


def _there(name: Name, spaces: Namespaces) -> Sequence[str]:
    """The keys at the deepest level that the name still reaches."""
    found: Any = spaces
    for part in name.parts:
        if not isinstance(found, Mapping):
            return ()
        if part not in found:
            return [str(key) for key in found][:12]
        found = found[part]
    return ()


def _substituted(text: str, replace: Callable[[Found], Any], place: Place) -> Any:
    parts = split(text, place)
    if not any(isinstance(part, Name) for part in parts):
        return text
    said: list[str] = []
    for part in parts:
        if isinstance(part, str):
            said.append(escaped(part))
            continue
        found = Found(name=part, place=place, whole=len(parts) == 1, text=text)
        new = replace(found)
        if new is found:
            said.append(_written(part))
        elif found.whole:
            return new
        else:
            said.append("" if new is UNSET else str(new))
    return "".join(said)


def _written(name: Name) -> str:
    end = "?" if name.optional else "" if name.default is None else f":-{name.default}"
    return f"${{{name.name}{end}}}"
