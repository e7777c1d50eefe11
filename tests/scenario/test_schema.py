"""The JSON Schema of the language: valid itself, true to good files, and of use in an editor."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pocchaos.files.yaml import parse_yaml
from pocchaos.scenario.schema import json_schema
from tests.scenario.samples import CHILD, GOOD, PARENT


def _plain(text: str) -> Any:
    tree, problems = parse_yaml(text, shown="x")
    assert tree is not None
    assert problems == []
    return tree.plain()


def _errors(text: str) -> list[str]:
    validator: Any = Draft202012Validator(json_schema())
    return sorted(str(error.json_path) for error in validator.iter_errors(_plain(text)))


def test_the_schema_is_a_schema() -> None:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "null" not in str(schema["$defs"]["Stage"])
    assert "discriminator" not in str(schema)


@pytest.mark.parametrize("text", [GOOD, PARENT, CHILD], ids=["whole", "parent", "child"])
def test_good_files_fit_the_schema(text: str) -> None:
    assert _errors(text) == []


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("deadline: 6s", "deadline: 6", "$.target.deadline"),
        ("  ready: /healthz", "  redy: /healthz", "$.target"),
        ("type: stall}", "type: stal}", "$.stages[1]"),
        ("seed: 5", "seed: five", "$.seed"),
        ("name: shop-assistant\n", "", "$"),
        ("metric: leaked, at_most: 0", "metric: leaked, at_most: [0]", "$.criteria[7].at_most"),
        ("arrival: poisson", "arrival: closed", "$.load"),
    ],
)
def test_an_editor_marks_what_the_grammar_forbids(old: str, new: str, place: str) -> None:
    assert old in GOOD
    assert place in _errors(GOOD.replace(old, new, 1))


def test_variables_fit_where_quantities_do() -> None:
    text = GOOD.replace("deadline: 6s", 'deadline: "${env.D}"').replace("seed: 5", 'seed: "${env.SEED}"')
    assert _errors(text) == []


def test_the_keys_are_described_for_the_editor() -> None:
    definitions = json_schema()["$defs"]
    for model in ("Target", "Criterion", "Upstream", "Tenant", "Inputs", "Stage"):
        properties = definitions[model]["properties"]
        undescribed = [key for key, one in properties.items() if "description" not in one and "$ref" not in one]
        assert undescribed in ([], ["clean_errors"], ["faults"]), model
