"""A scenario file and what it extends, as one tree of nodes: mappings merge, lists and scalars replace."""

import os
from pathlib import Path, PurePath
from typing import Final

from pocchaos.files.yaml import Node, Place, read_yaml
from pocchaos.model.errors import Problem

_PATHS: Final = (("inputs", "*", "file"), ("target", "start", "cwd"))
"""Relative paths in a file: relative to that file, also where another extends it."""


def read_chain(path: Path) -> tuple[Node | None, list[Problem]]:
    """The merged tree of a file and its parents; None where the file itself could not be read."""
    return _read(path, str(path), ())


def merge(child: Node, parent: Node) -> Node:
    """The child's values over the parent's; each keeps its own place."""
    if not isinstance(child.value, dict) or not isinstance(parent.value, dict):
        return child
    merged = dict(parent.value)
    for key, node in child.value.items():
        merged[key] = merge(node, parent.value[key]) if key in parent.value else node
    return Node(place=child.place, value=merged)


def _read(path: Path, shown: str, behind: tuple[Path, ...]) -> tuple[Node | None, list[Problem]]:
    tree, problems = read_yaml(path, shown=shown)
    if tree is None or not isinstance(tree.value, dict):
        if tree is not None:
            told = "a scenario is a mapping: begin with `version: 1` and `name: …`"
            problems.append(Problem(file=shown, line=tree.place.line, path="", message=told))
        return None, problems
    tree, more = _with_lists(tree, path.parent)
    problems += more
    extends = tree.value.get("extends") if isinstance(tree.value, dict) else None
    own = Node(place=tree.place, value={key: node for key, node in _items(tree) if key != "extends"})
    if extends is None:
        return own, problems
    if not isinstance(extends.value, str) or not extends.value.strip():
        told = "is not a path: name one file, such as extends: target.yaml"
        return own, [*problems, _problem(extends.place, "extends", told)]
    parent_path = path.parent / extends.value
    chain = (*behind, path)
    if parent_path.resolve() in [one.resolve() for one in chain]:
        circle = " → ".join(one.name for one in (*chain, parent_path))
        told = f'"{extends.value}" extends in a circle ({circle}): one of them must stand alone'
        return own, [*problems, _problem(extends.place, "extends", told)]
    if not parent_path.is_file():
        told = f'"{extends.value}" is not a file: the path is relative to {path.name}'
        return own, [*problems, _problem(extends.place, "extends", told)]
    parent, more = _read(parent_path, os.path.normpath(str(parent_path)), chain)
    problems += more
    if parent is None:
        return own, problems
    return merge(own, _moved(parent, PurePath(os.path.relpath(parent_path.parent, path.parent)))), problems


def _items(tree: Node) -> list[tuple[str, Node]]:
    return list(tree.value.items()) if isinstance(tree.value, dict) else []


def _moved(tree: Node, folder: PurePath) -> Node:
    """A parent's tree with its paths as the child would write them."""
    if str(folder) == ".":
        return tree
    for pattern in _PATHS:
        tree = _rewritten(tree, pattern, folder)
    return tree


def _rewritten(node: Node, pattern: tuple[str, ...], folder: PurePath) -> Node:
    if not pattern:
        text = node.value
        if not isinstance(text, str) or PurePath(text).is_absolute() or text.startswith("${"):
            return node
        return Node(place=node.place, value=os.path.normpath(folder / text))
    first, rest = pattern[0], pattern[1:]
    match node.value:
        case list() if first == "*":
            return Node(place=node.place, value=[_rewritten(item, rest, folder) for item in node.value])
        case dict() if first in node.value:
            return Node(place=node.place, value={**node.value, first: _rewritten(node.value[first], rest, folder)})
        case _:
            return node


def _with_lists(tree: Node, folder: Path) -> tuple[Node, list[Problem]]:
    """With the lists that `for_each: path` names in the place of their paths."""
    stages = tree.value.get("stages") if isinstance(tree.value, dict) else None
    if stages is None or not isinstance(stages.value, list):
        return tree, []
    problems: list[Problem] = []
    entries: list[Node] = []
    for index, entry in enumerate(stages.value):
        named = entry.value.get("for_each") if isinstance(entry.value, dict) else None
        if named is None or not isinstance(named.value, str) or not isinstance(entry.value, dict):
            entries.append(entry)
            continue
        file = folder / named.value
        found, more = read_yaml(file, shown=os.path.normpath(str(file)))
        if found is None or not isinstance(found.value, list):
            where = f"stages[{index}].for_each"
            if found is not None:
                more.append(_problem(found.place, "", f"a list of faults is expected here, for {where}"))
            elif more:
                more = [_problem(named.place, where, f'"{named.value}" {more[0].message}')]
            found = Node(place=named.place, value=[])
        problems += more
        entries.append(Node(place=entry.place, value={**entry.value, "for_each": found}))
    assert isinstance(tree.value, dict)
    return Node(place=tree.place, value={**tree.value, "stages": Node(place=stages.place, value=entries)}), problems


def _problem(place: Place, path: str, message: str) -> Problem:
    return Problem(file=place.file, line=place.line, path=path, message=message)
