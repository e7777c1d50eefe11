"""Scenario files: read, merged with what they extend, checked; every problem at once, with its file and line."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from pocchaos.exchange.template import UNSET, show_place
from pocchaos.files.extends import read_chain
from pocchaos.files.yaml import Node, Place, parse_yaml, write_yaml
from pocchaos.model.errors import Problem, ScenarioError
from pocchaos.scenario.draft import draft_of, partial_draft
from pocchaos.scenario.environment import Environment
from pocchaos.scenario.extent import too_many_stages
from pocchaos.scenario.finding import Finding, Where
from pocchaos.scenario.language import Scenario
from pocchaos.scenario.not_yet import canonical, not_yet, refusals
from pocchaos.scenario.quoted import quoted_numbers
from pocchaos.scenario.rules import check_draft
from pocchaos.scenario.wording import findings

_FREE: Final = ("target.request.json", "inputs[].assert[].value")  # plain data: null and booleans mean themselves
_BOOLEANS: Final = frozenset({"unused_ok", "relay", "alternate"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """A scenario file as it was read."""

    scenario: Scenario
    path: Path
    text: str  # merged YAML, before anything was put in for ${env.*}
    secrets: Mapping[str, str] = field(repr=False)  # variables in secret positions: name -> value
    env: Mapping[str, str]  # the other variables that were used
    lines: Mapping[str, Place]  # path -> where it stands

    def problem(self, path: str, message: str) -> Problem:
        """A problem at a path, such as `criteria[2].at_most`, or at the nearest part of it that stands in a file."""
        near = path
        while near and near not in self.lines:
            near = re.sub(r"(\.?[^.\[\]]+|\[\d+\])$", "", near)
        place = self.lines.get(near, Place(file=str(self.path), line=0))
        return Problem(file=place.file, line=place.line, path=path, message=message)


def read_scenario(path: Path, *, env: Mapping[str, str]) -> Loaded:
    """The scenario of a file; raises ScenarioError with every problem of the file and its parents."""
    tree, problems = read_chain(path)
    if tree is None:
        raise ScenarioError(problems)
    variables = Environment(given=env)
    scenario, more = check_tree(tree, variables)
    told = {(problem.file, problem.path) for problem in problems}
    problems += [problem for problem in more if (problem.file, problem.path) not in told]
    if problems or scenario is None:
        raise ScenarioError(_in_order(problems, tree.place.file))
    return Loaded(
        scenario=scenario,
        path=path,
        text=write_yaml(tree.plain()),
        secrets=dict(variables.secrets),
        env=variables.public,
        lines={show_place(where): node.place for where, node in _nodes(tree, ())},
    )


def reread(text: str, env: Mapping[str, str], origin: str) -> Scenario:
    """The scenario of a run directory's own copy; `env` holds stand-ins for its secrets.

    Only the grammar is checked: what was run may be judged again by a later version with stricter rules.
    Raises ScenarioError.
    """
    tree, problems = parse_yaml(text, shown=origin)
    if tree is None or problems:
        raise ScenarioError(problems)
    scenario, problems = check_tree(tree, Environment(given=env, strict=False), rules=False)
    if scenario is None or problems:
        raise ScenarioError(_in_order(problems, origin))
    return scenario


def check_tree(tree: Node, env: Environment, *, rules: bool = True) -> tuple[Scenario | None, list[Problem]]:
    """The scenario of a merged tree and all that stands against it; `env` knows afterwards what was used of it."""
    reading = _Reading(tree=tree, env=env, rules=rules)
    return reading.scenario(), reading.problems()


@dataclass(kw_only=True, slots=True)
class _Reading:
    """One pass over a merged tree; goes on as far as it can, so that everything is told at once."""

    tree: Node
    env: Environment
    rules: bool = True
    found: list[Finding] = field(default_factory=list)
    broken: set[Where] = field(default_factory=set)

    def scenario(self) -> Scenario | None:
        """The scenario, where nothing stands against it."""
        written = self.tree.plain()
        if "kind" in written:
            told = not_yet(f"files of kind {written['kind']}", "give `pocchaos` a scenario, which has no `kind`")
            self.found.append(Finding(where=("kind",), message=told))
            return None
        refused = refusals(written)
        self.found += refused.findings
        self.broken |= refused.broken
        tree = _without(self.tree, refused.dropped, ())
        stray = list(_stray(tree, ()))
        data = self._put_in(tree, frozenset(one.where for one in stray))
        scenario: Scenario | None = None
        against: list[Finding] = []
        try:
            scenario = Scenario.model_validate(data, by_alias=True, by_name=False)
        except ValidationError as error:
            against = list(_of_parent(findings(error, data, written=written), data))
        self._tell(
            _outside(
                [*stray, *self.env.findings, *self.env.shown_secrets()],
                [one.where for one in against if one.unknown_key],
            )
        )
        self._tell(against)
        if self.rules and scenario is not None:
            self._tell(quoted_numbers(written, scenario))
        crowd = too_many_stages(data.get("stages")) if self.rules else None
        if crowd is not None:
            self._tell([crowd])
        elif self.rules:
            draft = draft_of(scenario, refused.names) if scenario is not None else partial_draft(data, refused.names)
            self._tell(check_draft(draft))
        return scenario

    def problems(self) -> list[Problem]:
        """Everything that was found, each with its line."""
        told: dict[tuple[str, int, str, str], Problem] = {}
        for finding in self.found:
            place = self.tree.nearest(_settled(finding.where, self.tree))
            path = show_place(_settled(finding.where, self.tree, keep_last=True))
            one = Problem(file=place.file, line=place.line, path=path, message=self._redacted(finding.message))
            told.setdefault((one.file, one.line, one.path, one.message), one)
        return list(told.values())

    def _redacted(self, message: str) -> str:
        for name, value in self.env.secrets.items():
            message = message.replace(value, f"${{env.{name}}}") if value else message
        return message

    def _tell(self, more: Iterable[Finding]) -> None:
        """Takes findings in, but for those at or under something that is refused already."""
        fresh = []
        for finding in more:
            where = _settled(finding.where, self.tree, keep_last=True)
            if not any(where[: len(top)] == top for top in self.broken):
                fresh.append(finding)
        self.found += fresh
        self.broken |= {_settled(finding.where, self.tree, keep_last=True) for finding in fresh} - {()}

    def _put_in(self, tree: Node, stray: frozenset[Where]) -> Any:
        def put_in(node: Node, where: Where) -> Any:
            if where in stray:
                return None  # refused already: it must not pass as something else
            match node.value:
                case dict():
                    items = {key: put_in(item, (*where, key)) for key, item in node.value.items()}
                    return {key: item for key, item in items.items() if item is not UNSET}
                case list():
                    return [put_in(item, (*where, index)) for index, item in enumerate(node.value)]
                case str():
                    return self.env.put_in(node.value, where)
                case _:
                    return node.value

        return put_in(tree, ())


def _of_parent(found: Iterator[Finding], data: Mapping[str, Any]) -> Iterator[Finding]:
    """A file without stages is there to be extended: what else it lacks, another file brings."""
    if "stages" in data:
        yield from found
        return
    told = "this is a parent, to be extended: it has no `stages`. Run a file that `extends` it, or add stages"
    yield Finding(where=(), message=told)
    for finding in found:
        if len(finding.where) != 1 or finding.where[0] in data:
            yield finding


def _outside(found: Iterable[Finding], unknown: Sequence[Where]) -> Iterator[Finding]:
    """What does not stand under a key that nobody knows."""
    return (one for one in found if not any(one.where[: len(top)] == top for top in unknown))


def _stray(node: Node, where: Where) -> Iterator[Finding]:
    """Nothing where a value is expected, and booleans that would pass as numbers."""
    name = canonical(where) if where else ""
    if any(name == free or name.startswith((f"{free}.", f"{free}[")) for free in _FREE):
        return
    match node.value:
        case dict():
            for key, item in node.value.items():
                yield from _stray(item, (*where, key))
        case list():
            for index, item in enumerate(node.value):
                yield from _stray(item, (*where, index))
        case None:
            yield Finding(where=where, message="is empty: write a value, or delete it")
        case bool() if where[-1] not in _BOOLEANS:
            told = "true" if node.value else "false"
            yield Finding(
                where=where, message=f"{told} is a boolean, and none is expected here: write the value itself"
            )


def _without(node: Node, dropped: frozenset[Where], where: Where) -> Node:
    match node.value:
        case dict():
            kept = {key: item for key, item in node.value.items() if (*where, key) not in dropped}
            return Node(
                place=node.place, value={key: _without(item, dropped, (*where, key)) for key, item in kept.items()}
            )
        case list():
            items = [_without(item, dropped, (*where, index)) for index, item in enumerate(node.value)]
            return Node(place=node.place, value=items)
        case _:
            return node


def _settled(where: Where, tree: Node, *, keep_last: bool = False) -> Where:
    """A path without the index 0 of what was written as one and not as a list of one."""
    settled: list[str | int] = []
    node: Node | None = tree
    for position, part in enumerate(where):
        below = node.at((part,)) if node is not None else None
        if below is None and isinstance(part, int) and node is not None and not isinstance(node.value, list):
            continue
        if below is None and not (keep_last and position == len(where) - 1) and not keep_last:
            break
        settled.append(part)
        node = below
    return tuple(settled)


def _nodes(node: Node, where: Where) -> Iterator[tuple[Where, Node]]:
    yield where, node
    match node.value:
        case dict():
            for key, item in node.value.items():
                yield from _nodes(item, (*where, key))
        case list():
            for index, item in enumerate(node.value):
                yield from _nodes(item, (*where, index))
        case _:
            return


def _in_order(problems: list[Problem], first: str) -> list[Problem]:
    """By file, the scenario's own first, and by line."""
    files = [first, *dict.fromkeys(problem.file for problem in problems if problem.file != first)]
    return sorted(problems, key=lambda problem: (files.index(problem.file), problem.line, problem.path))
