"""Input files as people write them: what a row means, and what they are told when it means nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from pocchaos.files.inputs import read_inputs
from pocchaos.inputs import leaves_of, spoil
from pocchaos.inputs.base import refused
from pocchaos.model.errors import ScenarioError
from pocchaos.scenario.language import Scenario
from pocchaos.scenario.malformed import COUNT
from pocchaos.scenario.plan import InputRow
from tests.plan.build import scenario

ASKED = {"request": {"path": "/", "json": {"q": "${input.text}", "hint": "${input.hint?}"}}}
GOOD = {"file": "q.jsonl", "category": "in_scope", "share": "90%"}
BAD = {"generate": "malformed", "category": "malformed", "share": "10%"}


def with_inputs(*entries: dict[str, Any], **target: Any) -> Scenario:
    return scenario(inputs=list(entries), target={**ASKED, **target})


def written(folder: Path, *lines: object, name: str = "q.jsonl") -> Path:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    (folder / name).write_text(text + "\n", encoding="utf-8")
    return folder


def only(folder: Path, *lines: object, **entry: Any) -> tuple[InputRow, ...]:
    (rows,) = read_inputs(with_inputs({**GOOD, **entry}), written(folder, *lines))
    return rows


def told(folder: Path, *lines: object, **entry: Any) -> list[str]:
    with pytest.raises(ScenarioError) as refusal:
        only(folder, *lines, **entry)
    return [str(problem).removeprefix(f"{folder}/") for problem in refusal.value.problems]


def test_every_key_of_a_row_is_a_field_and_some_mean_something(tmp_path: Path) -> None:
    row = {"id": 7, "text": "Where?", "expected": ["here"], "provenance": "recorded", "expect": "refuse", "lang": "en"}
    (found,) = only(tmp_path, row)
    assert (found.id, found.category, found.expect, found.provenance) == ("7", "in_scope", "refuse", "recorded")
    assert found.fields == {"id": 7, "text": "Where?", "expected": ["here"], "lang": "en"}


def test_a_row_without_id_is_named_by_its_line_and_blank_lines_are_nothing(tmp_path: Path) -> None:
    rows = only(tmp_path, {"text": "a"}, "", "  ", {"text": "b"})
    assert [row.id for row in rows] == ["q-1", "q-4"]
    assert rows[1].fields == {"text": "b", "id": "q-4"}


def test_a_rows_own_asserts_replace_those_of_its_entry(tmp_path: Path) -> None:
    own = {"type": "equals", "value": "42"}
    rows = only(
        tmp_path,
        {"text": "a"},
        {"text": "b", "assert": [own]},
        {"text": "c", "assert": []},
        **{"assert": [{"type": "not-empty"}]},
    )
    assert [[check.type for check in row.asserts] for row in rows] == [["not-empty"], ["equals"], []]


@pytest.mark.parametrize(
    ("category", "expect"),
    [("in_scope", "answer"), ("edge_case", "answer"), ("off_topic", "refuse"), ("misuse", "refuse")],
)
def test_the_category_says_what_is_expected(tmp_path: Path, category: str, expect: str) -> None:
    (row,) = only(tmp_path, {"text": "a"}, category=category)
    assert (row.category, row.expect) == (category, expect)


def test_a_byte_order_mark_and_windows_line_ends_are_forgiven(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_bytes('\ufeff{"text": "é"}\r\n{"text": "b"}\r\n'.encode())
    ((first, second),) = read_inputs(with_inputs(GOOD), tmp_path)
    assert (first.fields["text"], second.fields["text"]) == ("é", "b")


MISTAKES: dict[str, tuple[object, str]] = {
    "no JSON": (
        "{text: 1}",
        (
            "is not JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1)): "
            "write one object a line"
        ),
    ),
    "NaN": ('{"text": NaN}', "is not JSON (NaN is not JSON): write one object a line"),
    "a key twice": ('{"text": 1, "text": 2}', 'is not JSON ("text" stands twice): write one object a line'),
    "too many brackets": ("[" * 100_000, "is not JSON (nested too deeply to be read): write one object a line"),
    "a list": ('["a"]', '["a"] is not an object: write {"text": …}'),
    "an id twice": ({"text": "b", "id": "x"}, 'id: "x" is taken by line 1: give each input an id of its own'),
    "a list for an id": ({"text": "b", "id": ["x"]}, 'id: ["x"] is not a name: write a text or a number'),
    "expect": ({"text": "b", "expect": "anser"}, 'expect: "anser" is none of answer, refuse'),
    "provenance": (
        {"text": "b", "provenance": "found"},
        'provenance: "found" is none of recorded, constructed, generated',
    ),
    "a field is missing": ({"question": "b"}, "text: is missing: the request asks for ${input.text}"),
}


def test_a_file_that_is_something_else_altogether_is_told_in_a_few_lines(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_bytes(b"\x89PNG\xff\n" * 3_000)
    with pytest.raises(ScenarioError) as refused:
        read_inputs(with_inputs(GOOD), tmp_path)
    lines = [str(problem).replace(f"{tmp_path}/", "") for problem in refused.value.problems]
    assert lines[:2] == [f"q.jsonl:{line}: is not UTF-8: save the file as UTF-8" for line in (1, 2)]
    assert lines[10:] == ["q.jsonl: and 2,990 more: mend these first"]


def test_a_file_that_never_ends_is_not_read_to_its_end(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="/dev/zero is larger than 64 MiB: write fewer or shorter inputs"):
        read_inputs(with_inputs({**GOOD, "file": "/dev/zero"}), tmp_path)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_its_line_and_its_remedy(tmp_path: Path, mistake: str) -> None:
    line, message = MISTAKES[mistake]
    assert told(tmp_path, {"text": "a", "id": "x"}, line) == [f"q.jsonl:2: {message}"]


@pytest.mark.parametrize(
    ("wrong", "start"),
    [
        ({"type": "contains", "valeu": "x"}, "q.jsonl:1: assert[0]"),
        ({"type": "contians", "value": "x"}, "q.jsonl:1: assert[0]"),
        ("not-empty", "q.jsonl:1: assert[0]"),
    ],
)
def test_a_wrong_assert_is_told_with_its_place(tmp_path: Path, wrong: object, start: str) -> None:
    problems = told(tmp_path, {"text": "a", "assert": [wrong]})
    assert problems
    assert all(problem.startswith(start) for problem in problems)


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    written(tmp_path, {"question": "a"}, {"question": "b"}, "nonsense")
    (tmp_path / "latin.jsonl").write_bytes('{"text": "é"}'.encode("latin-1"))
    written(tmp_path, name="empty.jsonl")
    entries = [
        {**GOOD, "file": name, "share": "25%"} for name in ("q.jsonl", "latin.jsonl", "empty.jsonl", "none.jsonl")
    ]
    with pytest.raises(ScenarioError) as refusal:
        read_inputs(with_inputs(*entries), tmp_path)
    assert [str(problem).removeprefix(f"{tmp_path}/") for problem in refusal.value.problems] == [
        "q.jsonl:3: is not JSON (Expecting value: line 1 column 1 (char 0)): write one object a line",
        "q.jsonl:1: text: is missing (and 1 more rows): the request asks for ${input.text}",
        "latin.jsonl:1: is not UTF-8: save the file as UTF-8",
        f"{tmp_path}: inputs[2].file: {tmp_path}/empty.jsonl is empty: write one JSON object a line",
        (
            f"{tmp_path}: inputs[3].file: {tmp_path}/none.jsonl: No such file or directory: "
            "the path is relative to the scenario file"
        ),
    ]


def test_a_tenant_without_inputs_is_told(tmp_path: Path) -> None:
    tenants = [{"name": "a", "share": "50%"}, {"name": "b", "share": "50%"}]
    alone = scenario(inputs=[{**GOOD, "tenant": "a"}], target=ASKED, tenants=tenants)
    with pytest.raises(ScenarioError, match='"b" has no inputs: add an entry'):
        read_inputs(alone, written(tmp_path, {"text": "x"}))


def malformed(folder: Path, *lines: object, **entry: Any) -> tuple[InputRow, ...]:
    _, rows = read_inputs(with_inputs(GOOD, {**BAD, **entry}), written(folder, *lines))
    return rows


def test_malformed_rows_borrow_good_ones_and_none_is_like_another(tmp_path: Path) -> None:
    good = [{"text": f"question {k}"} for k in range(12)]
    rows = malformed(tmp_path, *good)
    assert len(rows) == COUNT == len({row.id for row in rows})
    assert {row.fields["text"] for row in rows} == {one["text"] for one in good}
    assert all((row.expect, row.category, row.provenance) == ("refuse", "malformed", "generated") for row in rows)
    bodies = [spoiled(row) for row in rows]
    assert len(set(bodies)) == len(bodies)
    assert b"" in bodies
    whole = {json.dumps({"q": one["text"]}).encode() for one in good}
    assert not whole & set(bodies)
    leaves = [row for row in rows if row.mutation and row.mutation.kind in ("wrong_type", "null", "missing")]
    assert leaves
    assert all(refused(spoiled(row)) for row in rows if row not in leaves)


def spoiled(row: InputRow) -> bytes:
    assert row.mutation is not None
    return spoil(json.dumps({"q": row.fields["text"]}).encode(), row.mutation, leaves_of({"q": "${input.text}"}))


def test_malformed_rows_are_the_same_at_every_reading(tmp_path: Path) -> None:
    assert malformed(tmp_path, {"text": "a"}, {"text": "b"}) == malformed(tmp_path, {"text": "a"}, {"text": "b"})


def test_kinds_and_count_are_the_scenarios(tmp_path: Path) -> None:
    rows = malformed(
        tmp_path, {"text": "a"}, generate={"malformed": {"kinds": ["nan", "leaves", "empty_body"], "count": 9}}
    )
    kinds = [row.mutation.kind for row in rows if row.mutation]
    assert len(kinds) == 9
    assert set(kinds) == {"nan", "wrong_type", "null", "missing", "empty_body"}
    assert kinds.count("empty_body") == 1  # there is only one empty body


def test_kinds_that_only_have_one_result_give_one_row_each(tmp_path: Path) -> None:
    rows = malformed(
        tmp_path, {"text": "a"}, generate={"malformed": {"kinds": ["empty_body", "blank_body"], "count": 50}}
    )
    assert {row.mutation.kind for row in rows if row.mutation} == {"empty_body", "blank_body"}
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("generate", "message"),
    [
        ({"malformed": {"kinds": ["trailing_coma"]}}, 'Did you mean "trailing_comma"'),
        ({"malformed": {"count": 0}}, "count: 0 is not a positive whole number"),
        ({"malformed": {"kinds": []}}, "kinds: write a list"),
        ({"malformed": {"size": 3}}, "write malformed, or {malformed: {kinds"),
    ],
)
def test_what_cannot_be_generated_is_told_with_its_remedy(tmp_path: Path, generate: object, message: str) -> None:
    with pytest.raises(ScenarioError) as refusal:
        malformed(tmp_path, {"text": "a"}, generate=generate)
    (problem,) = refusal.value.problems
    assert problem.path == "inputs[1].generate"
    assert message in problem.message


def test_there_must_be_a_good_request_to_spoil(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="there is no good request to spoil"):
        read_inputs(with_inputs({**BAD, "share": "100%"}), tmp_path)
    nothing = with_inputs(GOOD, BAD, request={"method": "GET", "path": "/?q=${input.text}"})
    with pytest.raises(ScenarioError, match="there is no JSON body to spoil"):
        read_inputs(nothing, written(tmp_path, {"text": "a"}))


def test_a_good_request_of_one_tenant_is_not_spoiled_for_all(tmp_path: Path) -> None:
    """Its fields may only make sense with that tenant's token."""
    private, public = {**GOOD, "tenant": "a", "share": "40%"}, {**GOOD, "file": "p.jsonl", "share": "50%"}
    tenants = [{"name": "a", "share": "50%"}, {"name": "b", "share": "50%"}]
    written(tmp_path, {"text": "private"})
    written(tmp_path, {"text": "public"}, name="p.jsonl")
    *_, rows = read_inputs(scenario(inputs=[private, public, BAD], target=ASKED, tenants=tenants), tmp_path)
    assert {row.fields["text"] for row in rows} == {"public"}
