"""What the language knows and this version does not do: every row is refused by name, and only while it is true."""

from itertools import pairwise
from typing import Any

import pytest

from pocchaos.assertions import Assertion
from pocchaos.files.yaml import parse_yaml
from pocchaos.scenario.claims import family
from pocchaos.scenario.not_yet import KEYS, SPOIL, VALUES, canonical, refusals
from pocchaos.scenario.schema import json_schema
from tests.scenario.conftest import Problems
from tests.scenario.samples import ENV, GOOD


def _put(data: dict[str, Any], row: str, value: Any) -> None:
    """Writes a value at the first place that a row's path names."""
    here: Any = data
    parts = row.replace("[]", ".[]").split(".")
    if parts[0] == "load":
        here, parts = {"": data["load"]}, ["", *parts[2:]]
    for part, after in pairwise(parts):
        key = 0 if part == "[]" else next(iter(here)) if part == "*" else part
        if isinstance(here, list):
            here = here[1] if here[0].get("name") == "baseline" else here[0]
            continue
        here = here.setdefault(key, [{}] if after == "[]" else {})
    here[parts[-1]] = value


def _refused(row: str, value: Any) -> list[str]:
    tree, _ = parse_yaml(GOOD, shown="x")
    assert tree is not None
    data = tree.plain()
    _put(data, row, value)
    return [f"{canonical(finding.where)} {finding.message}" for finding in refusals(data).findings]


@pytest.mark.parametrize("row", sorted(KEYS))
def test_every_key_of_the_table_is_refused_by_name_with_what_to_do(row: str) -> None:
    key = row.rpartition(".")[2].rpartition("[]")[2] or row
    assert _refused(row, {"anything": 1}) == [f"{row} not yet: `{key}`. Meanwhile {KEYS[row]}."]


@pytest.mark.parametrize(("row", "value"), [(row, value) for row, values in sorted(VALUES.items()) for value in values])
def test_every_word_of_the_table_is_refused_by_name_with_what_to_do(row: str, value: str) -> None:
    assert f'{row} not yet: "{value}". Meanwhile {VALUES[row][value]}.' in _refused(row, value)


def test_the_good_file_has_nothing_that_is_not_yet() -> None:
    tree, _ = parse_yaml(GOOD, shown="x")
    assert tree is not None
    assert refusals(tree.plain()).findings == ()


def test_no_row_refuses_what_the_models_know_by_now() -> None:
    """When a feature comes, its row must go, or nobody could use it."""
    definitions = json_schema()["$defs"]
    members = {
        "stages[].faults[].type": _words(definitions, "type"),
        "load[].arrival": _words(definitions, "arrival"),
        "upstreams.*.origin.simulate": {definitions["Simulate"]["properties"]["simulate"]["const"]},
        "target.answer.stream": set(definitions["Answer"]["properties"]["stream"]["enum"]),
    }
    for row, known in members.items():
        assert not known & VALUES[row].keys(), row
    assert not [metric for metric in VALUES["criteria[].metric"] if family(metric)]
    assert "call" not in str(Assertion)
    assert VALUES.keys() >= SPOIL


def _words(definitions: dict[str, Any], key: str) -> set[str]:
    found = (one.get("properties", {}).get(key, {}) for one in definitions.values())
    return {word for one in found for word in [one.get("const"), *one.get("enum", ())] if word}


def test_a_word_that_is_not_yet_is_told_alone(problems: Problems) -> None:
    """Its own parameters, and what it would have replaced, are no further problems."""
    steps = GOOD.replace("  request:\n    method: POST", "  steps:\n    - name: a\n  unused:\n    method: POST")
    trace = steps.replace("{arrival: poisson, rate: 20/s}", "{arrival: trace, file: t.csv, column: T}")
    told = problems(trace, env=ENV)
    assert [one.split(": ")[1] for one in told] == ["target.steps", "target.unused", "load.arrival"]
