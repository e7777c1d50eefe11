"""Broken scenario files: every problem at once, with its line, its value and the remedy."""

import pytest

from tests.scenario.broken import CASES, Case
from tests.scenario.conftest import Problems
from tests.scenario.samples import CHILD, ENV, GOOD, PARENT
from tests.scenario.unusable import UNUSABLE

SOLO = {"API_KEY": "key-12345678"}


def edited(*edits: tuple[str, str]) -> str:
    text = GOOD
    for old, new in edits:
        assert old in text, f"the sample no longer has {old!r}"
        text = text.replace(old, new, 1)
    return text


@pytest.mark.parametrize("case", [*CASES, *UNUSABLE], ids=lambda case: case.name)
def test_a_broken_file_is_refused_with_place_value_and_remedy(case: Case, problems: Problems) -> None:
    env = {name: value for name, value in {**ENV, **case.env}.items() if value is not None}
    assert problems(edited(*case.edits), env=env) == case.told


def test_there_are_enough_kinds_of_broken_files_and_each_says_something_else() -> None:
    assert len(CASES) >= 35
    assert len({tuple(case.told) for case in CASES}) == len(CASES)


def test_an_error_in_a_parent_names_the_parents_file_and_line(problems: Problems) -> None:
    parent = PARENT.replace("deadline: 10s", "deadline: 10s\n  readdy: /").replace("rate: 5/s", "rate: 5")
    assert problems(CHILD, {"shared/target.yaml": parent}, SOLO) == [
        (
            'shared/target.yaml:6: target.readdy: "readdy" is not one of the keys here (url, version, start, ready, '
            'deadline, request, answer, markers, secrets, correlate, clean_errors). Did you mean "ready"?'
        ),
        "shared/target.yaml:15: load.rate: 5 is not a rate: write a positive number per time, such as 40/s or 90/min",
    ]


def test_a_value_that_the_child_overrides_is_not_the_parents_fault(problems: Problems) -> None:
    parent = PARENT.replace("deadline: 10s", "deadline: soon")
    assert problems(CHILD, {"shared/target.yaml": parent}, SOLO) == []


def test_a_file_without_stages_is_a_parent(problems: Problems) -> None:
    """It lacks more than stages, but all of that a child may bring: one sentence is enough."""
    assert problems(PARENT, env=SOLO) == [
        (
            "scenario.yaml:1: this is a parent, to be extended: it has no `stages`. Run a file that `extends` it, or "
            "add stages"
        )
    ]


def test_parents_that_extend_each_other_are_refused(problems: Problems) -> None:
    others = {"a.yaml": "extends: b.yaml\n", "b.yaml": "version: 1\nextends: a.yaml\n"}
    told = problems("extends: a.yaml\n" + GOOD, others)
    assert told == [
        (
            'b.yaml:2: extends: "a.yaml" extends in a circle (scenario.yaml → a.yaml → b.yaml → a.yaml): '
            "one of them must stand alone"
        )
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "scenario.yaml: is empty: begin with `version: 1` and `name: …`"),
        ("- a\n- b\n", "scenario.yaml:1: a scenario is a mapping: begin with `version: 1` and `name: …`"),
        ("just words\n", "scenario.yaml:1: a scenario is a mapping: begin with `version: 1` and `name: …`"),
        (
            "kind: signoff\nname: x\n",
            (
                "scenario.yaml:1: kind: not yet: files of kind signoff. Meanwhile give `pocchaos` a scenario, which "
                "has no `kind`."
            ),
        ),
        (
            "a: &a [*a]\n",
            "scenario.yaml:1: an alias (*name) stands inside its own anchor (&name): write the value out",
        ),
        (
            "name: " + "x" * 300_000,
            "scenario.yaml: the file is larger than 256 KiB: split it with `extends`",
        ),
        (
            "name: !!python/object:os.system x\n",
            (
                "scenario.yaml:1: name: tag:yaml.org,2002:python/object:os.system is a YAML tag, which scenario "
                "files do not use: delete it"
            ),
        ),
    ],
)
def test_what_is_no_scenario_at_all_is_said_in_one_line(text: str, told: str, problems: Problems) -> None:
    assert told in problems(text)


def test_aliases_that_multiply_are_bounded(problems: Problems) -> None:
    """Ten lines of YAML can stand for ten billion values."""
    lines = ["l0: &l0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"l{k}: &l{k} [{', '.join([f'*l{k - 1}'] * 10)}]" for k in range(1, 10)]
    assert problems("\n".join(lines)) == [
        "scenario.yaml:5: holds more than 50,000 values up to here, once its aliases are written out: write fewer"
    ]


def test_a_secret_is_never_part_of_a_message(problems: Problems) -> None:
    origin = 'origin: "tcp://user:${env.DB_PASSWORD}@host"'
    told = problems(edited(('origin: "tcp://127.0.0.1:5432"', origin)))
    assert told == [
        (
            'scenario.yaml:30: upstreams.db.origin: "tcp://user:${env.DB_PASSWORD}@host" is not an origin: write host '
            "and port, such as tcp://127.0.0.1:5432"
        )
    ]


def test_everything_that_is_wrong_is_told_in_the_order_of_the_lines(problems: Problems) -> None:
    told = problems(
        edited(
            ("seed: 5", "seed: five"),
            ("deadline: 6s", "deadline: 6"),
            ("${tenant.token}", "${tenant.tok}"),
            ("share: 60%", "share: 50%"),
            ("type: stall}", "type: stal}"),
            ("metric: leaked", "metric: leakd"),
        )
    )
    lines = [int(one.split(":")[1]) for one in told]
    assert lines == sorted(lines)
    assert [one.split(": ")[1] for one in told] == [
        "seed",
        "target.deadline",
        "tenants",
        "stages[1].faults[0].type",
        "criteria[7].metric",
    ]
