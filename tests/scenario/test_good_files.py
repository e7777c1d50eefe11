"""Good scenario files: what is read, where it came from, and what the run directory keeps of it."""

import os
from pathlib import Path

import pytest

from pocchaos.exchange.template import render
from pocchaos.faults import Down
from pocchaos.faults.latency import Latency
from pocchaos.files.scenario import read_scenario, reread
from pocchaos.model.errors import ScenarioError
from pocchaos.scenario.language import Block, Correlate
from pocchaos.scenario.rules import check_rules, remote_origins, wildcard_listens
from tests.scenario.conftest import Problems, Read
from tests.scenario.samples import CHILD, ENV, FAULT_TYPES, GOOD, PARENT

SOLO = {"API_KEY": "key-12345678"}
EXAMPLES = os.environ.get("POCCHAOS_EXAMPLES")  # a folder of scenario files in the whole language


def test_a_whole_scenario_is_read_as_it_was_written(read: Read) -> None:
    scenario = read(GOOD).scenario
    assert scenario.target.deadline == 6.0
    assert scenario.target.request.headers == {"authorization": "Bearer ${tenant.token}"}
    assert scenario.target.correlate == Correlate(header="x-request-id")
    assert [tenant.token for tenant in scenario.tenants] == ["north-token-123", "south-token-456"]
    block = scenario.stages[-1]
    assert isinstance(block, Block)
    assert block.for_each is not None
    assert [type(fault) for fault in block.for_each] == [Latency, Down]
    assert scenario.criteria[7].at_most == "0"
    assert check_rules(scenario) == []


def test_a_child_merges_mappings_and_replaces_lists_and_scalars(read: Read) -> None:
    loaded = read(CHILD, {"shared/target.yaml": PARENT}, SOLO)
    target = loaded.scenario.target
    assert (target.url, target.deadline, target.ready) == ("http://127.0.0.1:3000", 8.0, "/api/health")
    assert target.answer.path == "answer"
    assert loaded.scenario.name == "already-running"
    assert loaded.lines["target.url"].file.endswith("shared/target.yaml")
    assert loaded.lines["target.deadline"].file.endswith("scenario.yaml")


def test_a_parents_paths_stay_relative_to_the_parent(read: Read) -> None:
    """What the parent calls inputs/questions.jsonl is not looked for beside the child."""
    loaded = read(CHILD, {"shared/target.yaml": PARENT}, SOLO)
    assert loaded.scenario.inputs[0].file == "shared/inputs/questions.jsonl"
    assert "shared/inputs/questions.jsonl" in loaded.text


def test_a_grandchild_extends_a_child(read: Read) -> None:
    grandchild = "extends: child.yaml\nname: longer\nseed: 3\ntarget: {markers: {fallback: [{header: x-cached}]}}\n"
    loaded = read(grandchild, {"child.yaml": CHILD, "shared/target.yaml": PARENT}, SOLO)
    assert (loaded.scenario.name, loaded.scenario.seed) == ("longer", 3)
    assert loaded.scenario.target.markers.fallback[0].header == "x-cached"
    assert loaded.scenario.target.markers.refusal[0].pattern == "(?i)only help with"


def test_secrets_are_known_by_value_and_other_variables_by_name(read: Read) -> None:
    text = GOOD.replace("RELEASE: ", 'SEARCH_API_KEY: "${env.SEARCH_KEY}"\n      RELEASE: ')
    loaded = read(text, env={**ENV, "RELEASE": "r7", "SEARCH_KEY": "search-key-1"})
    assert loaded.secrets == {
        "DB_PASSWORD": "correct-horse",  # the password of an address
        "SEARCH_KEY": "search-key-1",  # under a key that says so
        "PROMPT_CANARY": "canary-9f8e7d6c5b",
        "NORTH_TOKEN": "north-token-123",
        "SOUTH_TOKEN": "south-token-456",
    }
    assert loaded.env == {"RELEASE": "r7"}
    assert "HOME" not in loaded.env


def test_what_the_run_directory_keeps_holds_no_secret_and_is_read_back_whole(read: Read) -> None:
    loaded = read(GOOD)
    assert not any(secret in loaded.text for secret in loaded.secrets.values())
    again = reread(loaded.text, {**loaded.env, **loaded.secrets}, "scenario.yaml")
    assert again == loaded.scenario
    hidden = reread(loaded.text, {name: f"«secret:{name}»" for name in loaded.secrets}, "scenario.yaml")
    assert hidden.tenants[0].token == "«secret:NORTH_TOKEN»"
    assert hidden.stages == loaded.scenario.stages


def test_a_secret_does_not_show_when_the_loaded_scenario_is_printed(read: Read) -> None:
    loaded = read(GOOD)
    assert "north-token-123" not in repr(loaded).replace(repr(loaded.scenario), "")


def test_a_run_that_newer_rules_would_refuse_can_still_be_read_again(read: Read) -> None:
    text = read(GOOD).text.replace("at_least: 90%", "at_least: 100%")
    assert reread(text, ENV, "run").criteria[0].at_least == "100%"


def test_what_cannot_be_read_again_says_so() -> None:
    with pytest.raises(ScenarioError, match=r"results/x/scenario\.yaml:1"):
        reread("name: [", {}, "results/x/scenario.yaml")


def test_a_variable_that_looks_like_a_template_is_not_rendered_again(read: Read) -> None:
    """A password may hold any character."""
    loaded = read(GOOD, env={**ENV, "DB_PASSWORD": "pa${tenant.token}$${x}"})
    start = loaded.scenario.target.start
    assert start is not None
    spaces = {"upstreams": {"llm": {"url": "http://h:1"}, "db": {"host": "h", "port": 2}}}
    assert render(dict(start.env), spaces) == {
        "LLM_BASE_URL": "http://h:1/v1",
        "DATABASE_URL": "postgresql://shop:pa${tenant.token}$${x}@h:2/shop",
        "RELEASE": "dev",
    }


def test_an_optional_variable_drops_its_key(read: Read) -> None:
    text = GOOD.replace("vars: {locale: en}", 'vars: {locale: en, hint: "${env.HINT?}"}')
    assert read(text).scenario.tenants[0].vars == {"locale": "en"}
    assert read(text, env={**ENV, "HINT": "x"}).scenario.tenants[0].vars == {"locale": "en", "hint": "x"}


def test_variables_may_stand_where_quantities_do(read: Read) -> None:
    text = GOOD.replace("seed: 5", 'seed: "${env.SEED}"').replace("deadline: 6s", 'deadline: "${env.DEADLINE:-7s}"')
    scenario = read(text, env={**ENV, "SEED": "12"}).scenario
    assert (scenario.seed, scenario.target.deadline) == (12, 7.0)


def test_anchors_and_merges_of_yaml_work(read: Read) -> None:
    text = GOOD.replace("- {upstream: llm, type: stall}", "- &silence {upstream: llm, type: stall}").replace(
        "{name: rest, duration: 30s}", "{name: rest, duration: 30s, faults: [{<<: *silence, for: 5s}]}"
    )
    stage = read(text).scenario.stages[2]
    assert stage.faults[0].for_ == 5.0  # type: ignore[union-attr]


def test_for_each_may_name_a_file_of_faults(read: Read, problems: Problems) -> None:
    start = GOOD.index("      - {upstream: db, type: latency")
    text = GOOD[:start].rstrip() + " faults/db.yaml\n" + GOOD[GOOD.index("    stages:\n      - {name: db-bad") :]
    faults = "- {upstream: db, type: latency, attributes: {latency: 500ms}}\n- {upstream: db, type: down}\n"
    loaded = read(text, {"faults/db.yaml": faults})
    block = loaded.scenario.stages[-1]
    assert isinstance(block, Block)
    assert block.for_each is not None
    assert [fault.name for fault in block.for_each] == ["db.latency", "db.down"]
    assert reread(loaded.text, ENV, "run").stages == loaded.scenario.stages
    assert problems(text, {"faults/db.yaml": faults.replace("type: down", "type: dwn")}) == [
        (f'faults/db.yaml:2: stages[4].for_each[1].type: "dwn" is not one of {FAULT_TYPES}. Did you mean "down"?')
    ]
    assert problems(text.replace("faults/db.yaml", "faults/dbs.yaml")) == [
        (
            'scenario.yaml:56: stages[4].for_each: "faults/dbs.yaml" cannot be read (No such file or directory): is '
            "the path right?"
        )
    ]


def test_a_single_marker_or_name_need_not_be_a_list(read: Read) -> None:
    scenario = read(GOOD.replace("{header: x-degraded}", "[{header: x-degraded}, {pattern: cached}]")).scenario
    assert len(scenario.target.markers.fallback) == 2
    assert scenario.criteria[0].stage == ("baseline",)
    assert scenario.load[0].rate == 20.0


def test_a_problem_found_later_gets_the_line_too(read: Read) -> None:
    loaded = read(GOOD)
    assert str(loaded.problem("criteria[2].at_least", "cannot pass")).endswith(
        "scenario.yaml:65: criteria[2].at_least: cannot pass"
    )
    assert loaded.problem("criteria[2].nothing[3].here", "x").line == 65
    assert loaded.problem("", "x").line == 1


def test_listening_beyond_loopback_and_remote_origins_are_named(read: Read) -> None:
    """Both are for the run to allow or to mention."""
    loaded = read(CHILD, {"shared/target.yaml": PARENT.replace("127.0.0.1:11434", "llm.internal:80")}, SOLO)
    assert wildcard_listens(loaded.scenario) == (("upstreams.llm.listen", "0.0.0.0:18001"),)
    assert remote_origins(loaded.scenario) == (("upstreams.llm.origin", "http://llm.internal:80"),)
    assert wildcard_listens(read(GOOD).scenario) == ()
    assert remote_origins(read(GOOD).scenario) == ()


def test_the_examples_of_the_language_are_read_or_refused_for_what_is_not_yet_alone() -> None:
    if EXAMPLES is None:
        pytest.skip("shared data: POCCHAOS_EXAMPLES names no folder of example scenarios")
    names = "SYSTEM_PROMPT_CANARY ACME_TOKEN GLOBEX_TOKEN GIT_SHA TOKEN ACME_PASSWORD GLOBEX_PASSWORD API_KEY LLM_KEY"
    env = {name: f"{name.lower()}-12345678" for name in names.split()}
    accepted = []
    for file in sorted(Path(EXAMPLES).glob("*.yaml")):
        try:
            read_scenario(file, env=env)
        except ScenarioError as error:
            told = [problem.message for problem in error.problems]
            if not told[0].startswith("this is a parent, to be extended") or len(told) > 1:
                assert [message for message in told if not message.startswith("not yet: ")] == [], file.name
        else:
            accepted.append(file.stem[:3])
    assert accepted == ["01-", "07a"]
