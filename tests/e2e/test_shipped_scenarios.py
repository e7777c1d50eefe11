"""The five scenarios that ship, in a short form made from the shipped file, run for real against the reference POC."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pocchaos.cli.prepare import prepare
from pocchaos.scenario.forecast import forecast
from tests.e2e.running import Ended, ran

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[2] / "scenarios"
NAMES = ("steady_state", "latency_budget", "llm_outage", "llm_slow", "flapping_upstream")
RATE = "12/s"  # five runs at once share the machine, and each predicts ten attempts and more in each fault
TIED_TO_ITS_TIMES = ("useful",)  # six good seconds of ten, and a breaker that needs two of them
LENGTHS = {"baseline": "8s", "busy": "7s", "calm": "4s", "flap-errors": "10s", "flap-down": "10s"}


def shorten(folder: Path, name: str) -> Path:
    """The shipped file with shorter stages and less load; what so little cannot show is claimed less firmly, or not."""
    path = folder / f"{name}.yaml"
    yaml = YAML(typ="safe")
    scenario: dict[str, Any] = yaml.load(path)
    scenario["load"] = {"arrival": "poisson", "rate": RATE}
    for stage in scenario["stages"]:
        hurry(stage)

    def can_pass(criterion: dict[str, Any]) -> bool:
        with path.open("w") as file:
            yaml.dump({**scenario, "criteria": [criterion]}, file)
        loaded, plan = prepare(path, env={}, seed=None)
        return not forecast(loaded.scenario, plan).problems

    claims = [claim for claim in scenario["criteria"] if claim["id"] not in TIED_TO_ITS_TIMES]
    scenario["criteria"] = [claim for given in claims if can_pass(claim := given) or can_pass(claim := looser(given))]
    with path.open("w") as file:
        yaml.dump(scenario, file)
    return path


def hurry(stage: dict[str, Any]) -> None:
    """Cut a stage to what its fault needs to bite."""
    stage["duration"] = LENGTHS.get(stage["name"], "3s" if stage["name"].startswith("rest") else "6s")
    if "settle" in stage:
        stage["settle"] = "2s"
    if "load" in stage:
        stage["load"] = {"arrival": "poisson", "rate": "20/s"}
    for fault in stage.get("faults", []):
        if "flap" in fault:
            fault["flap"] = {"fault": "2s", "pause": "2s"}


def looser(claim: dict[str, Any]) -> dict[str, Any]:
    """The same claim about a share, as a few dozen requests can carry it."""
    if str(claim.get("at_least")).endswith("%"):
        return {**claim, "at_least": "75%"}
    return {**claim, "at_most": "25%"} if str(claim.get("at_most")).endswith("%") else claim


@pytest.fixture(scope="module")
def runs(toxiproxy_server: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """All five at once: each waits most of its time."""
    del toxiproxy_server

    files = []
    for name in NAMES:
        at = tmp_path_factory.mktemp(name)
        shutil.copytree(FOLDER, at / "scenarios")
        files.append(shorten(at / "scenarios", name))

    def run(path: Path) -> Ended:
        return ran("run", path, at=path.parents[1])

    with ThreadPoolExecutor(len(files)) as pool:
        return dict(zip(NAMES, pool.map(run, files), strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_the_healthy_poc_is_not_blamed(runs: dict[str, Ended], name: str) -> None:
    ended = runs[name]
    assert ended.code in (0, 3), ended.told()
    assert ended.facts["stopped"] == ""
    verdicts = {one["id"]: one["verdict"] for one in ended.verdicts["criteria"]}
    assert "FAIL" not in verdicts.values(), ended.told()
    assert verdicts, "a short form that claims nothing shows nothing"
    answered = ended.verdicts["stages"][0]["outcomes"]["answered"]
    assert answered >= 10, ended.told()


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("steady_state", "latency_budget")])
def test_every_fault_bites(runs: dict[str, Ended], name: str) -> None:
    faults = runs[name].verdicts["faults"]
    assert len(faults) >= 2
    assert [(fault["id"], fault["why"]) for fault in faults if not fault["bitten"]] == []
