"""Each scenario that ships, shortened, against the real thing: real Toxiproxy, Locust, stand and reference POC."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.scenarios.test_shipped import FOLDER, SHIPPED

STAGE = "7s"  # one deadline of guard and 4 s that are judged
REST = "3s"  # long enough for a breaker's probe
SHARES = {"answered", "graceful", "hung", "wrong", "refused", "over_refused", "crashed"}


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shortened_run_has_every_fault_bite_and_finds_nothing_wrong(path: Path, tmp_path: Path) -> None:
    """The limits are wide, for seven seconds prove little; what is tested is that each part plays its part."""
    short = tmp_path / path.name
    YAML(typ="safe").dump(shortened(path), short)
    ended = subprocess.run(
        [sys.executable, "-m", "pocchaos", "run", str(short), "--out", str(tmp_path / "results")],
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    found = list((tmp_path / "results").glob("*/verdicts.json"))
    assert found, ended.stdout + ended.stderr
    verdicts = json.loads(found[0].read_text("utf-8"))
    assert verdicts["verdict"] == "PASS", [*told(verdicts), ended.stderr]
    assert ended.returncode == 0
    assert all(fault["bitten"] for fault in verdicts["faults"])
    assert (len(verdicts["faults"]) > 0) == ("faults" in path.read_text("utf-8"))


def shortened(path: Path) -> dict[str, Any]:
    """The scenario with short stages, quick flaps, and of its criteria the shares, with wide limits."""
    scenario: dict[str, Any] = YAML(typ="safe").load(path)
    scenario["extends"] = str(FOLDER / scenario["extends"])
    for stage in scenario["stages"]:
        stage["duration"] = REST if stage["name"].startswith("rest") else STAGE
        stage.pop("settle", None)
        for fault in stage.get("faults", ()):
            if "flap" in fault:
                fault["flap"] = {"fault": "1s", "pause": "1s"}
    scenario["criteria"] = [wide(each) for each in scenario["criteria"] if worth_keeping(each)]
    return scenario


def worth_keeping(criterion: dict[str, Any]) -> bool:
    """Four seconds decide nothing about a tenant or a rare category, and quick flaps leave no good spells to use."""
    small = criterion.get("each") == "tenant" or "in_scope" not in criterion.get("category", ())
    return criterion["metric"] in SHARES and not small and criterion["id"] != "useful"


def wide(criterion: dict[str, Any]) -> dict[str, Any]:
    limits = {"at_least": "20%" if criterion["id"] == "late" else "75%", "at_most": "25%"}
    return {key: limits.get(key, value) for key, value in criterion.items()}


def told(verdicts: dict[str, Any]) -> Iterator[str]:
    for each in verdicts["criteria"]:
        yield f"{each['id']}: {each['verdict']} {each['why']} {each['remedy']}"
    for fault in verdicts["faults"]:
        yield f"{fault['id']}: bitten {fault['bitten']} {fault['why']}"
