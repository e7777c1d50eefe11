"""A POC that is not ours, with an HTTP and a TCP upstream: one that behaves passes, one that hangs fails.

It runs already, as in docker-compose, where only its upstreams' addresses can be set; or it is started.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.running import Ended, at_once, pocchaos, ran, until
from tests.e2e.scenarios import KEY, TARGETS, detached, free_port, quick, started, write

pytestmark = pytest.mark.slow


@contextmanager
def running(port: int, **env: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The ask service, started by somebody else beforehand."""
    process = subprocess.Popen(
        [sys.executable, str(TARGETS / "ask.py")],
        env={**os.environ, "PORT": str(port), **env},
        stdout=subprocess.DEVNULL,
    )
    try:
        until(lambda: is_up(port) or None, "the target is up")
        yield process
    finally:
        process.kill()
        process.wait()


def is_up(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/health", trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def compose(llm: str, database: str, *, target: int, llm_port: int, db_port: int, short: bool) -> dict[str, Any]:
    """Half a minute of it; where `short`, without the recovery, which one that hangs has not earned."""
    stages = [
        {"name": "baseline", "duration": "8s", "settle": "1s"},
        {"name": "outage", "duration": "11s", "faults": [{"upstream": "llm", "type": "stall"}]},
        {"name": "recovery", "duration": "12s"},
    ]
    criteria = [
        {"id": "quality", "stage": "baseline", "category": "in_scope", "metric": "answered", "at_least": "85%"},
        {"id": "no-hang", "stage": "outage", "category": "in_scope", "metric": "hung", "at_most": "5%"},
        {"id": "graceful", "stage": "outage", "category": "in_scope", "metric": "graceful", "at_least": "95%"},
        {"id": "recover", "stage": "recovery", "metric": "time_to_recover", "at_most": "5s"},
    ]
    return {
        "version": 1,
        "name": "compose",
        "seed": 71,
        "target": {
            "url": f"http://127.0.0.1:{target}",
            "version": {"get": "/api/version", "path": "image"},
            "ready": "/api/health",
            "deadline": "1500ms",
            "request": {
                "method": "POST",
                "path": "/api/ask",
                "headers": {"x-api-key": "${tenant.token}"},
                "json": {"q": "${input.text}"},
            },
            "answer": {"path": "data.answer"},
            "markers": {"fallback": {"pattern": "(?i)showing cached results"}},
        },
        "upstreams": {
            "llm": {"origin": llm, "listen": f"127.0.0.1:{llm_port}"},
            "db": {"origin": database, "listen": f"127.0.0.1:{db_port}"},
        },
        "tenants": [{"name": "solo", "token": "${env.API_KEY}", "share": "100%"}],
        "inputs": [
            {
                "file": "questions.jsonl",
                "category": "in_scope",
                "share": "90%",
                "assert": [{"type": "contains-any", "value": "${input.expected}"}],
            },
            {"generate": "malformed", "category": "malformed", "share": "10%"},
        ],
        "load": {"arrival": "poisson", "rate": "25/s"},
        "stages": stages[: 2 if short else 3],
        "criteria": criteria[: 3 if short else 4],
    }


def run_compose(llm: str, database: str, at: Path, habit: str) -> Ended:
    target, llm_port, db_port = free_port(), free_port(), free_port()
    scenario = compose(llm, database, target=target, llm_port=llm_port, db_port=db_port, short=habit != "well")
    env = {"LLM_URL": f"http://127.0.0.1:{llm_port}", "DB_ADDR": f"127.0.0.1:{db_port}", "ASK_KEY": KEY, "HABIT": habit}
    with running(target, **env) as process:
        ended = ran("run", write(at, scenario, questions=120), at=at, env={"API_KEY": KEY})
        assert process.poll() is None, "what we did not start we do not stop"
    return ended


@pytest.fixture(scope="module")
def runs(llm: str, database: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """The same scenario against one that behaves and one that hangs; a short one against one that detaches itself."""
    jobs = {
        habit: partial(run_compose, llm, database, tmp_path_factory.mktemp(habit), habit) for habit in ("well", "hang")
    }
    at = tmp_path_factory.mktemp("detached")
    path = write(at, quick(llm, start=detached(at / "ask.pid")))
    return at_once({**jobs, "detached": partial(ran, "run", path, at=at)})


def test_a_running_target_that_behaves_passes(runs: dict[str, Ended]) -> None:
    ended = runs["well"]
    assert ended.code == 0, ended.told()
    assert ended.facts["target_version"] == "ask:1.4"
    assert [fault["bitten"] for fault in ended.verdicts["faults"]] == [True]
    refused = ended.verdicts["stages"][0]["outcomes"]["refused"]
    assert refused > 5, "malformed inputs are refused, politely"


def test_a_running_target_that_hangs_fails(runs: dict[str, Ended]) -> None:
    ended = runs["hang"]
    assert ended.code == 1, ended.told()
    assert ended.verdict_of("quality") == "PASS"
    assert ended.verdict_of("no-hang") == ended.verdict_of("graceful") == "FAIL"


def test_a_detached_target_lives_on_after_its_start_command_and_is_stopped_by_its_own_stop(
    runs: dict[str, Ended],
) -> None:
    ended = runs["detached"]  # which proves that no process was left
    assert ended.code == 0, ended.told()
    assert ended.marks("target") == []


def dying(llm: str, **target: Any) -> Mapping[str, Any]:
    """Two seconds well, then nobody is there for five."""
    scenario = quick(llm)
    scenario["target"] |= target
    scenario["stages"][1]["duration"] = "5s"
    return scenario


def test_a_target_that_dies_in_the_middle_is_a_finding_and_not_a_crash_of_ours(llm: str, tmp_path: Path) -> None:
    port = free_port()
    scenario = dying(llm, url=f"http://127.0.0.1:{port}", start=started(PORT=str(port)))
    with pocchaos("run", write(tmp_path, scenario), at=tmp_path) as command:
        command.begun(fault=True)
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"http://127.0.0.1:{port}/api/die", trust_env=False)
        ended = command.ended()
    assert ended.code == 1, ended.told()
    assert ended.facts["stopped"] == ""
    assert ended.verdict_of("quality") == "PASS"
    assert ended.verdict_of("graceful") == "FAIL"
    (gone,) = ended.marks("target")
    assert gone["detail"] == {"exit_code": 7}
    errors = ended.verdicts["stages"][1]["outcomes"]
    assert errors["broken"] > 50
