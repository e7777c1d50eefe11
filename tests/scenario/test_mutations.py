"""Good files, damaged at random: always a scenario or problems that a person can use, never another exception."""

import re
from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any

import pytest

from pocchaos.files.scenario import check_tree
from pocchaos.files.yaml import Node, Place, parse_yaml, write_yaml
from pocchaos.scenario.environment import Environment
from tests.scenario.conftest import Problems
from tests.scenario.samples import ENV, GOOD

SEEDS = range(12)
DAMAGES = 25  # a seed
JARGON = re.compile(
    r"Input should|validation error|pydantic|\bdict\b|\btuple\b|\bNone\b|NoneType|<class|object at 0x|"
    r"does not fit here|instance of|__\w+__|Traceback"
)
REMEDY = re.compile(
    r"write|add|Did you mean|is missing|delete|give|rename|name |use |keep|put |export|not yet|begin|shorten|"
    r"change|append|needs|say|until|expected|must be|is not one of|lengthen|need|compare",
    re.IGNORECASE,
)


def _paths(value: Any, where: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if where:
        yield where
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _paths(item, (*where, key))


def _at(value: Any, where: tuple[str | int, ...]) -> Any:
    for part in where:
        value = value[part]
    return value


def _strange(random: Random, others: list[Any]) -> Any:
    return random.choice(
        [None, True, False, 0, -1, 10**30, 1.5, "", " ", "x", "${", "${env.NOT_SET}", "${tenant.token}", "-5s", "5",
         "100%", "101%", "*", "[", "a: b", "\u0000", "é" * 300, [], {}, [[]], [None], {"": ""}, {"a": {"b": ["c"]}},
         *others]
    )  # fmt: skip


def _damage(data: Any, random: Random) -> str:
    """One change: a node is left out, doubled, renamed, replaced or swapped for another of the file."""
    where = random.choice(list(_paths(data)))
    parent, key = _at(data, where[:-1]), where[-1]
    kind = random.choice(["leave out", "double", "rename", "replace", "replace", "swap"])
    match kind:
        case "leave out":
            del parent[key]
        case "double" if isinstance(parent, list):
            parent.insert(int(key), parent[int(key)])
        case "double" | "rename" if isinstance(parent, dict):
            parent[f"{key}{random.choice(['s', '_', 'x', ''])}"] = parent.pop(key) if kind == "rename" else parent[key]
        case "swap":
            parent[key] = deepcopy(_at(data, random.choice(list(_paths(data)))))
        case _:
            parent[key] = _strange(random, [])
    return f"{kind} {where}"


def _tree(value: Any) -> Node:
    place = Place(file="scenario.yaml", line=1)
    match value:
        case dict():
            return Node(place=place, value={str(key): _tree(item) for key, item in value.items()})
        case list():
            return Node(place=place, value=[_tree(item) for item in value])
        case _:
            return Node(place=place, value=value)


def _good() -> Any:
    tree, _ = parse_yaml(GOOD, shown="x")
    assert tree is not None
    return tree.plain()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_damaged_file_is_accepted_or_refused_in_peoples_words(seed: int) -> None:
    random = Random(seed)
    for _ in range(DAMAGES):
        data = _good()
        done = [_damage(data, random) for _ in range(random.choice([1, 1, 1, 2, 4])) if data]
        scenario, problems = check_tree(_tree(data), Environment(given=ENV))
        assert scenario is not None or problems, done
        for problem in problems:
            assert not JARGON.search(problem.message), (done, str(problem))
            assert REMEDY.search(problem.message), (done, str(problem))
            assert len(str(problem)) < 700, done


@pytest.mark.parametrize("seed", range(20))
def test_a_file_with_damaged_text_is_accepted_or_refused_with_its_line(seed: int, problems: Problems) -> None:
    """Characters lost, doubled or exchanged: what an editor, a merge or a tired person does."""
    random = Random(seed)
    text = list(GOOD)
    for _ in range(random.choice([1, 2, 5])):
        at = random.randrange(len(text))
        text[at] = random.choice(["", text[at] * 2, "\n", "\t", *":}]\"'!%|", "- ", "${", "&a ", "*a"])
    for one in problems("".join(text)):
        assert re.match(r"scenario\.yaml(:\d+)?: ", one), one
        assert not JARGON.search(one), one


def test_a_damaged_file_is_refused_on_the_way_through_the_disk_as_well(problems: Problems) -> None:
    random = Random(99)
    for _ in range(5):
        data = _good()
        _damage(data, random)
        for one in problems(write_yaml(data)):
            assert not JARGON.search(one), one
