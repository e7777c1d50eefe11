"""The scenarios that ship: each is accepted, can pass, and is short; the table of the self-test fits them."""

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pocchaos.files.inputs import read_inputs
from pocchaos.files.scenario import read_scenario
from pocchaos.model.errors import ScenarioError
from pocchaos.reference.defects import Defect
from pocchaos.scenario.compile import compile_plan
from pocchaos.scenario.forecast import forecast
from pocchaos.scenario.language import Scenario

FOLDER = Path(__file__).parents[2] / "scenarios"
SHIPPED = sorted(path for path in FOLDER.glob("*.yaml") if path.name != "reference.yaml")
SELFTEST = sorted(path for path in (FOLDER / "selftest").glob("*.yaml") if path.stem not in {"common", "matrix"})


def read(path: Path) -> Scenario:
    return read_scenario(path, env={}).scenario


def test_the_five_are_there() -> None:
    names = {path.stem for path in SHIPPED}
    assert names >= {"steady_state", "latency_budget", "llm_outage", "llm_slow", "flapping_upstream"}


@pytest.mark.parametrize("path", [*SHIPPED, *SELFTEST], ids=lambda path: path.stem)
def test_each_is_accepted_and_each_of_its_criteria_can_pass(path: Path) -> None:
    scenario = read(path)
    for seed in (scenario.seed, 1, 2):
        plan = compile_plan(scenario, read_inputs(scenario, path.parent), seed)
        foreseen = forecast(scenario, plan)
        assert foreseen.problems == ()
        assert foreseen.notes == ()
        assert len(foreseen.criteria) >= len(scenario.criteria)


@pytest.mark.parametrize(("paths", "longest"), [(SHIPPED, 180), (SELFTEST, 60)], ids=["shipped", "selftest"])
def test_each_is_short_enough_to_be_run_often(paths: list[Path], longest: int) -> None:
    for path in paths:
        scenario = read(path)
        assert compile_plan(scenario, read_inputs(scenario, path.parent), 0).end <= longest * 1_000_000


def test_the_parents_are_no_scenarios_by_themselves() -> None:
    for path in (FOLDER / "reference.yaml", FOLDER / "selftest" / "common.yaml"):
        with pytest.raises(ScenarioError, match="a parent, to be extended"):
            read_scenario(path, env={})


def test_the_inputs_are_many_and_different_and_say_where_they_come_from() -> None:
    least = {"in_scope": 150, "edge_case": 40, "off_topic": 40, "misuse": 40}
    for name, number in least.items():
        lines = (FOLDER / "inputs" / f"{name}.jsonl").read_text("utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
        assert len({row["text"].lower() for row in rows}) == len(rows) >= number
        assert len({row["id"] for row in rows}) == len(rows)
        assert {row["provenance"] for row in rows} == {"constructed"}


def test_the_table_of_the_self_test_names_every_defect_and_only_what_exists() -> None:
    table = YAML(typ="safe").load(FOLDER / "selftest" / "matrix.yaml")
    assert set(table["defects"]) == set(Defect)
    assert len(table["healthy"]["seeds"]) == 10
    scenarios = {path.name: {criterion.id for criterion in read(path).criteria} for path in SELFTEST}
    assert set(table["healthy"]["scenarios"]) == set(scenarios)
    seeds = list(table["healthy"]["seeds"])
    for row in table["defects"].values():
        assert {*row["must"], *row["may"]} <= scenarios[row["scenario"]]
        assert row["must"]
        assert len(row["seeds"]) == 3
        seeds += row["seeds"]
    assert len(set(seeds)) == len(seeds)
