"""verdicts.json: its fixed core as a JSON schema, its infinities as words, its bytes always the same."""

import json
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pocchaos.files.verdicts import dump_verdicts, read_verdicts
from pocchaos.model.errors import RunDirectoryError
from pocchaos.model.verdict import (
    Bite,
    Exemplar,
    JudgedRun,
    Judgement,
    OutcomeCount,
    Percentiles,
    StageSummary,
    Timeline,
    Verdict,
)

NUMBER = {"anyOf": [{"type": "number"}, {"const": "inf"}, {"const": "-inf"}]}
MAYBE = {"anyOf": [NUMBER, {"type": "null"}]}
PAIR = {"anyOf": [{"type": "array", "items": MAYBE, "minItems": 2, "maxItems": 2}, {"type": "null"}]}
VERDICT = {"enum": ["PASS", "FAIL", "INCONCLUSIVE"]}
CORE: dict[str, Any] = {
    "type": "object",
    "required": ["schema", "verdict", "exit_code", "scenario", "run", "criteria", "faults", "stages"],
    "properties": {
        "schema": {"const": 1},
        "verdict": VERDICT,
        "exit_code": {"enum": [0, 1, 3]},
        "scenario": {"type": "string"},
        "run": {"type": "string"},
        "criteria": {"type": "array", "items": {"$ref": "#/$defs/criterion"}},
        "faults": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "cycle", "bitten", "why"],
                "properties": {
                    "id": {"type": "string"},
                    "cycle": {"type": "integer"},
                    "bitten": {"type": "boolean"},
                    "why": {"type": "string"},
                },
            },
        },
        "stages": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "window", "outcomes"],
                "properties": {
                    "name": {"type": "string"},
                    "window": PAIR,
                    "outcomes": {"type": "object", "additionalProperties": {"type": "integer"}},
                },
            },
        },
    },
    "$defs": {
        "criterion": {
            "type": "object",
            "required": [
                "id",
                "verdict",
                "metric",
                "scope",
                "figure",
                "interval",
                "limit",
                "n",
                "n_eff",
                "why",
                "remedy",
            ],
            "properties": {
                "id": {"type": "string"},
                "verdict": VERDICT,
                "metric": {"type": "string"},
                "scope": {"type": "object"},
                "figure": MAYBE,
                "interval": PAIR,
                "limit": NUMBER,
                "n": {"type": "integer"},
                "n_eff": NUMBER,
                "why": {"type": "string"},
                "remedy": {"type": "string"},
                "of": {"type": "object"},
                "each": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/criterion"}},
            },
        }
    },
}

QUALITY = Judgement(
    id="quality",
    verdict=Verdict.PASS,
    metric="answered",
    scope={"stage": ["baseline"]},
    figure=0.99,
    interval=(0.97, 1.0),
    limit=0.95,
    sense="at_least",
    n=400,
    n_eff=381.5,
    notes=("inf",),
)
SLOW = Judgement(
    id="fast",
    verdict=Verdict.FAIL,
    metric="latency.p95",
    unit="seconds",
    figure=inf,
    interval=(2.5, inf),
    limit=3.0,
    of={"stage": "baseline", "figure": 0.4},
    each=(QUALITY, replace(QUALITY, id="inner", figure=None, interval=None)),
    evidence=(4, 2),
)
RUN = JudgedRun(
    verdict=Verdict.FAIL,
    exit_code=1,
    scenario="trial",
    run="run1",
    criteria=(QUALITY, SLOW),
    faults=(
        Bite(
            id="llm.down",
            window="llm.down@1",
            cycle=0,
            upstream="llm",
            type="down",
            stage="outage",
            planned=(10.0, 20.0),
            confirmed=(10.01, None),
            spans=((10.01, 12.0), (14.0, None)),
            visible=False,
            bitten=True,
            why="read back",
            predicted=81.5,
        ),
    ),
    stages=(
        StageSummary(
            name="baseline",
            index=0,
            cycle=0,
            planned=(0.0, 10.0),
            window=None,
            requests=100,
            sent=99,
            outcomes={"answered": 99},
            latency={"p50": 0.1, "max": inf},
            faults=("inf",),
        ),
    ),
    timeline=Timeline(
        bucket=1.0,
        start=(0.0, 1.0),
        offered=(10.0, 10.0),
        achieved=(10.0, 9.0),
        p50=(0.1, None),
        p95=(0.1, None),
        p99=(0.1, None),
        slowest=(0.2, 3.0),
        outcomes={"answered": (10, 9)},
    ),
    outcomes=(OutcomeCount(stage="baseline", category="in_scope", outcome="hung", count=1, n=9, interval=(0.02, 0.4)),),
    percentiles=(Percentiles(stage="baseline", n=10, curve=((0.5, 0.1), (0.9, inf))),),
    exemplars=(
        Exemplar(
            request=4,
            request_id="run1-4",
            stage="baseline",
            tenant="acme",
            category="in_scope",
            input="q1",
            outcome="hung",
            response=None,
            status=None,
            error="inf",
            said="«ü»\u2028</script>",
            question="inf",
        ),
    ),
    not_tested=("gRPC", "inf"),
    notes=("inf",),
    facts={"seed": 1, "machine": {"cores": 2}},
)


def test_the_core_is_as_other_programs_expect() -> None:
    jsonschema.validate(json.loads(dump_verdicts(RUN)), CORE)


def test_it_reads_back_whole(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.json"
    path.write_bytes(dump_verdicts(RUN))
    assert read_verdicts(path) == RUN


def test_infinity_is_a_word_and_never_a_bare_token() -> None:
    """`Infinity` is no JSON, and other languages refuse the file."""
    record = json.loads(dump_verdicts(RUN), parse_constant=pytest.fail)
    assert record["criteria"][1]["figure"] == "inf"
    assert record["criteria"][1]["interval"] == [2.5, "inf"]


def test_of_and_each_stand_there_only_where_a_criterion_has_them() -> None:
    plain, ratio = json.loads(dump_verdicts(RUN))["criteria"]
    assert not {"of", "each"} & plain.keys()
    assert ratio["of"]["stage"] == "baseline"
    assert [one["id"] for one in ratio["each"]] == ["quality", "inner"]


def test_equal_runs_give_equal_bytes() -> None:
    other = replace(RUN, facts=dict(reversed(list(RUN.facts.items()))))
    assert dump_verdicts(other) == dump_verdicts(RUN)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "cannot be read"),
        (b'{"schema": 2}', "written in format 2"),
        (b'{"schema": 1}', "cannot be read"),
        (b"[]", "cannot be read"),
    ],
)
def test_a_damaged_file_says_how_to_mend_it(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "verdicts.json"
    path.write_bytes(content)
    with pytest.raises(RunDirectoryError, match=said):
        read_verdicts(path)
