"""Input files: JSON lines, one input a line; every mistake of every file is told at once, with its line.

`id`, `expect`, `assert` and `provenance` mean something; every key (`id` too) can be asked for as `${input.*}`.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NoReturn

from pocchaos.assertions import Assertion
from pocchaos.exchange.template import TemplateSyntaxError, templates_in
from pocchaos.model.errors import Problem, ScenarioError
from pocchaos.scenario.asserts import read_asserts
from pocchaos.scenario.language import Inputs, Scenario
from pocchaos.scenario.malformed import malformed_rows
from pocchaos.scenario.plan import InputRow

Placed = Callable[[str, str], Problem]

LARGEST: Final = 64 * 1024 * 1024  # bytes of one file
MOST_TOLD: Final = 10  # problems of one file
PROVENANCE: Final = ("recorded", "constructed", "generated")


def read_inputs(scenario: Scenario, folder: Path, *, place: Placed | None = None) -> tuple[tuple[InputRow, ...], ...]:
    """The rows of each entry of `scenario.inputs`, in order; files are relative to `folder`.

    `place` makes a problem of a path in the scenario and a message, with the line where it stands (`Loaded.problem`).
    Raises ScenarioError with every problem of every file.
    """
    place = place or _without_line(folder)
    wanted = _asked_for(scenario)
    problems: list[Problem] = []
    rows: list[tuple[InputRow, ...]] = []
    for number, entry in enumerate(scenario.inputs):
        if entry.file is None:
            rows.append(())
            continue
        source = _Source(path=folder / entry.file, number=number, entry=entry, wanted=wanted, place=place)
        rows.append(source.read())
        problems += source.problems
    good = [row for entry in rows for row in entry]
    for number, entry in enumerate(scenario.inputs):
        if entry.generate is None or problems:
            continue
        try:
            rows[number] = malformed_rows(entry, number, scenario.target.request.body, good)
        except ValueError as error:
            problems.append(place(f"inputs[{number}].generate", str(error)))
    problems += _unasked(scenario, place)
    if problems:
        raise ScenarioError(problems)
    return tuple(rows)


def _asked_for(scenario: Scenario) -> frozenset[str]:
    """The fields of an input without which the request cannot be rendered."""
    request = scenario.target.request
    try:
        found = list(templates_in([request.path, dict(request.headers), request.body]))
    except TemplateSyntaxError:
        return frozenset()  # the scenario's own reader says so, with its line
    names = (one.name for one in found if not one.name.optional and one.name.default is None)
    return frozenset(name.parts[1] for name in names if name.parts[0] == "input" and len(name.parts) > 1)


def _unasked(scenario: Scenario, place: Placed) -> Iterator[Problem]:
    for number, tenant in enumerate(scenario.tenants):
        if not any(entry.tenant in (None, tenant.name) for entry in scenario.inputs):
            yield place(
                f"tenants[{number}]", f'"{tenant.name}" has no inputs: add an entry to `inputs` that it may ask'
            )


def _without_line(folder: Path) -> Placed:
    return lambda path, message: Problem(file=str(folder), line=0, path=path, message=message)


@dataclass(kw_only=True, slots=True)
class _Source:
    """One input file while it is read."""

    path: Path
    number: int
    entry: Inputs
    wanted: frozenset[str]
    place: Placed
    problems: list[Problem] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)  # id -> line
    lacking: dict[str, list[int]] = field(default_factory=dict)  # field -> lines without it

    def read(self) -> tuple[InputRow, ...]:
        try:
            with self.path.open("rb") as file:
                content = file.read(LARGEST + 1)
        except OSError as error:
            return self._nothing(f"{self.path}: {error.strerror or error}: the path is relative to the scenario file")
        if len(content) > LARGEST:
            return self._nothing(f"{self.path} is larger than {LARGEST >> 20} MiB: write fewer or shorter inputs")
        rows = [
            row
            for line, text in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1)
            if text.strip() and (row := self._row(line, text)) is not None
        ]
        for name, places in self.lacking.items():
            also = f" (and {len(places) - 1} more rows)" if len(places) > 1 else ""
            self._refuse(places[0], name, f"is missing{also}: the request asks for ${{input.{name}}}")
        if not rows and not self.problems:
            return self._nothing(f"{self.path} is empty: write one JSON object a line")
        self._cut_short()
        return tuple(rows)

    def _nothing(self, why: str) -> tuple[InputRow, ...]:
        self.problems.append(self.place(f"inputs[{self.number}].file", why))
        return ()

    def _cut_short(self) -> None:
        """A file that is something else altogether is wrong in every line: the first few say so."""
        if len(self.problems) > MOST_TOLD:
            more = len(self.problems) - MOST_TOLD
            self.problems[MOST_TOLD:] = [
                Problem(file=str(self.path), line=0, path="", message=f"and {more:,} more: mend these first")
            ]

    def _row(self, line: int, text: bytes) -> InputRow | None:
        try:
            found = json.loads(text.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
        except UnicodeDecodeError:
            self._refuse(line, "", "is not UTF-8: save the file as UTF-8")
            return None
        except (ValueError, RecursionError) as error:
            why = "nested too deeply to be read" if isinstance(error, RecursionError) else error
            self._refuse(line, "", f"is not JSON ({why}): write one object a line")
            return None
        if not isinstance(found, dict):
            self._refuse(line, "", f'{_shown(found)} is not an object: write {{"text": …}}')
            return None
        before = len(self.problems)
        name = self._id(line, found.get("id"))
        row = InputRow(
            id=name,
            category=self.entry.category,
            expect=self._one_of(line, found, "expect", ("answer", "refuse"), self.entry.expected),
            fields=_fields(found, name),
            asserts=self._asserts(line, found),
            provenance=self._one_of(line, found, "provenance", PROVENANCE, "constructed"),
            tenant=self.entry.tenant,
        )
        for wanted in sorted(self.wanted - row.fields.keys()):
            self.lacking.setdefault(wanted, []).append(line)
        return row if len(self.problems) == before else None

    def _id(self, line: int, given: Any) -> str:
        if given is None:
            given = f"{self.path.stem}-{line}"
        if isinstance(given, bool) or not isinstance(given, str | int) or given == "":
            self._refuse(line, "id", f"{_shown(given)} is not a name: write a text or a number")
        name = str(given)
        if name in self.lines:
            self._refuse(line, "id", f'"{name}" is taken by line {self.lines[name]}: give each input an id of its own')
        self.lines.setdefault(name, line)
        return name

    def _one_of(self, line: int, found: Mapping[str, Any], key: str, choices: Sequence[str], default: str) -> Any:
        value = found.get(key)
        if value is None:
            return default
        if value not in choices:
            self._refuse(line, key, f"{_shown(value)} is none of {', '.join(choices)}")
        return value

    def _asserts(self, line: int, found: Mapping[str, Any]) -> tuple[Assertion, ...]:
        """The row's own, which replace the entry's; an empty list takes them away."""
        given = found.get("assert")
        if given is None:
            return self.entry.asserts
        asserts, wrong = read_asserts(given if isinstance(given, list) else [given])
        for one in wrong:
            self._refuse(line, one.path, one.message)
        return asserts

    def _refuse(self, line: int, path: str, message: str) -> None:
        self.problems.append(Problem(file=str(self.path), line=line, path=path, message=message))


def _fields(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    taken = {key: value for key, value in found.items() if key not in ("assert", "expect", "provenance")}
    return taken if found.get("id") is not None else {**taken, "id": name}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise ValueError(f'"{twice}" stands twice')
    return dict(pairs)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"
