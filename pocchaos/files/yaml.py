"""YAML with a place for everything: nodes that know their file and line, duplicates refused, size bounded.

Read as YAML 1.2, where `on`, `off`, `yes` and `no` are text. Since many tools read them as booleans, they are
refused outside quotes: what a file means must not depend on who reads it.
"""

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any, Final, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from pocchaos.exchange.template import Place as Where
from pocchaos.exchange.template import show_place
from pocchaos.files.syntax import syntax_problem, too_deep
from pocchaos.model.errors import Problem

LARGEST: Final = 256 * 1024  # bytes of one file: some thousand stages; pure-Python YAML reads it in about 2 s
MOST_NODES: Final = 50_000  # after aliases are written out
DEEPEST: Final = 40  # levels

LONGEST_NUMBER: Final = 100  # characters

TRAPS: Final = frozenset({"on", "off", "yes", "no"})
ENUMS_WITH_OFF: Final = frozenset({("tls",), ("mode",)})  # keys whose own words are among the traps

Scalar: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A line of a file."""

    file: str
    line: int  # 1-based; 0: the file as a whole


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A value and where it stands: a scalar, a list or a mapping of nodes; immutable by convention."""

    place: Place
    value: "Scalar | list[Node] | dict[str, Node]"

    def plain(self) -> Any:
        """The value without its places."""
        match self.value:
            case dict():
                return {key: node.plain() for key, node in self.value.items()}
            case list():
                return [node.plain() for node in self.value]
            case _:
                return self.value

    def at(self, where: Where) -> "Node | None":
        """The node of a path; None where there is none."""
        node: Node = self
        for part in where:
            if isinstance(node.value, dict) and part in node.value:
                node = node.value[str(part)]
            elif isinstance(node.value, list) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
            else:
                return None
        return node

    def nearest(self, where: Where) -> Place:
        """The place of a path, or of the deepest part of it that is there."""
        found = self.at(where)
        return self.nearest(where[:-1]) if found is None else found.place


def read_yaml(path: Path, *, shown: str) -> tuple[Node | None, list[Problem]]:
    """A YAML file as nodes; `shown` is how messages call it. None where nothing could be read."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        return None, [_whole(shown, f"cannot be read ({error.strerror or error}): is the path right?")]
    if len(content) > LARGEST:
        return None, [_whole(shown, f"the file is larger than {LARGEST // 1024} KiB: split it with `extends`")]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return None, [Problem(file=shown, line=line, path="", message="this is not UTF-8: save the file as UTF-8")]
    return parse_yaml(text, shown=shown)


def parse_yaml(text: str, *, shown: str) -> tuple[Node | None, list[Problem]]:
    """YAML text as nodes, with every problem of the values that could still be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an anchor may be given again: the nearest one above counts
            root: Any = YAML(typ="safe", pure=True).compose(StringIO(text))
    except MarkedYAMLError as error:
        return None, [syntax_problem(error, text, shown)]
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        message = f"character {error.character!r} cannot stand in YAML: delete it, or write it as an escape in quotes"
        return None, [Problem(file=shown, line=line, path="", message=message)]
    except YAMLError as error:
        return None, [_whole(shown, f"this is not YAML: {error}")]
    except RecursionError:
        return None, [Problem(file=shown, line=too_deep(text, DEEPEST), path="", message=_FLATTER)]
    if root is None:
        return None, [_whole(shown, "is empty: begin with `version: 1` and `name: …`")]
    reader = _Reader(shown=shown)
    try:
        return reader.node(root, root, ()), reader.problems
    except _TooMuch as error:
        return None, [*reader.problems, Problem(file=shown, line=error.line, path="", message=str(error))]


def write_yaml(value: Any) -> str:
    """Plain values as block-style YAML that `parse_yaml` reads back to the same values."""
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.width = 120
    yaml.sort_base_mapping_type_on_output = False
    yaml.representer.add_representer(str, _quoted_where_needed)
    out = StringIO()
    yaml.dump(value, out)
    return out.getvalue()


def _quoted_where_needed(representer: Any, text: str) -> Any:
    trap = text.lower() in TRAPS
    return representer.represent_scalar("tag:yaml.org,2002:str", text, style='"' if trap else None)


class _TooMuch(Exception):  # noqa: N818 - a bound that was reached, told as a problem
    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(kw_only=True, slots=True)
class _Reader:
    """Turns composed nodes into ours; goes on after a problem, so that all are told at once."""

    shown: str
    problems: list[Problem] = field(default_factory=list)
    read: int = 0
    top: int = 0  # line of the outermost key or element that is being read
    around: set[int] = field(default_factory=set)  # ids of the mappings and lists that are being read

    def node(self, node: Any, at: Any, where: Where) -> Node:
        """`at` is the node whose line counts: the key of a mapping's value."""
        self.read += 1
        line = _line(at)
        if len(where) == 1:
            self.top = line
        if self.read > MOST_NODES:
            said = f"holds more than {MOST_NODES:,} values up to here, once its aliases are written out: write fewer"
            raise _TooMuch(said, self.top)
        if len(where) > DEEPEST:
            raise _TooMuch(_FLATTER, line)
        place = Place(file=self.shown, line=line)
        tag = str(node.tag)
        match node:
            case MappingNode() if tag == "tag:yaml.org,2002:map":
                with self._inside(node, line):
                    return Node(place=place, value=self._mapping(node, where))
            case SequenceNode() if tag == "tag:yaml.org,2002:seq":
                with self._inside(node, line):
                    items = [self.node(item, item, (*where, index)) for index, item in enumerate(node.value)]
                return Node(place=place, value=items)
            case ScalarNode() if (standard := tag.removeprefix("tag:yaml.org,2002:")) in _READ:
                return Node(place=place, value=self._scalar(node, standard, place.line, where))
        self._refuse(at, where, f"{tag} is a YAML tag, which scenario files do not use: delete it")
        return Node(place=place, value=None)

    @contextmanager
    def _inside(self, node: Any, line: int) -> Iterator[None]:
        if id(node) in self.around:
            raise _TooMuch("an alias (*name) stands inside its own anchor (&name): write the value out", line)
        self.around.add(id(node))
        yield
        self.around.discard(id(node))

    def _mapping(self, node: Any, where: Where) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for key, value in node.value:
            if str(key.tag) == "tag:yaml.org,2002:merge":
                continue
            if not isinstance(key, ScalarNode):
                self._refuse(key, where, "a mapping or list stands where a key is expected: templates are written ${…}")
                continue
            name = str(key.value)
            if name in found:
                first = found[name].place.line
                said = (
                    f"{json.dumps(name, ensure_ascii=False)} stands twice, in lines {first} and {_line(key)}: keep one"
                )
                self._refuse(key, (*where, name), said)
                continue
            found[name] = self.node(value, key, (*where, name))
        for name, value in self._merged(node, where):
            found.setdefault(name, value)
        return found

    def _merged(self, node: Any, where: Where) -> Iterator[tuple[str, Node]]:
        """What `<<` takes over from other mappings, the first of them first."""
        for key, value in node.value:
            if str(key.tag) != "tag:yaml.org,2002:merge":
                continue
            for source in value.value if isinstance(value, SequenceNode) else [value]:
                if not isinstance(source, MappingNode):
                    self._refuse(key, where, "`<<` takes a mapping or a list of mappings, such as <<: *name")
                    continue
                with self._inside(source, _line(key)):
                    yield from self._mapping(source, where).items()

    def _scalar(self, node: Any, kind: str, line: int, where: Where) -> Scalar:
        text = str(node.value)
        if kind == "str" and node.style is None and text.lower() in TRAPS and where[-1:] not in ENUMS_WITH_OFF:
            boolean = "true" if text.lower() in ("on", "yes") else "false"
            said = f'{text} is a boolean to some YAML tools and text to others: write {boolean}, or "{text}"'
            self.problems.append(Problem(file=self.shown, line=line, path=show_place(where), message=said))
        try:
            value: Scalar = _READ[kind](text)
        except (ValueError, OverflowError):
            told = f"{text[:40]} is not a number that can be used: write a finite one"
            if len(text) > LONGEST_NUMBER:
                told = f"{text[:40]}… has more than {LONGEST_NUMBER} digits: write a smaller number, or text in quotes"
            self._refuse(node, where, told)
            return None
        return value

    def _refuse(self, node: Any, where: Where, message: str) -> None:
        self.problems.append(Problem(file=self.shown, line=_line(node), path=show_place(where), message=message))


_FLATTER: Final = f"is nested more than {DEEPEST} levels deep here: write it flatter"


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1


def _integer(text: str) -> int:
    if len(text) > LONGEST_NUMBER:  # Python itself refuses to write what is much longer
        raise ValueError(text)
    return int(text.replace("_", ""), 0) if text.lstrip("+-").lower().startswith(("0x", "0o", "0b")) else int(text)


def _float(text: str) -> float:
    number = float(text.replace("_", ""))  # .inf and .nan are refused: float() does not know them
    if number in (float("inf"), float("-inf")):
        raise ValueError(text)
    return number


_READ: Final[dict[str, Any]] = {
    "str": str,
    "int": _integer,
    "float": _float,
    "bool": lambda text: text.lower() in ("true", "yes", "on"),
    "null": lambda _: None,
    "timestamp": str,  # 2027-03-01 stays what was written
}


def _whole(shown: str, message: str) -> Problem:
    return Problem(file=shown, line=0, path="", message=message)
