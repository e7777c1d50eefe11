"""pocchaos is killed in the middle of an outage: within five seconds nothing is on, and nothing runs."""

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pocchaos.files.undo import pending
from tests.e2e.running import Command, pocchaos, ran, until
from tests.e2e.scenarios import detached, free_port, quick, started, write

pytestmark = pytest.mark.slow

CLEAN_WITHIN = 10.0  # s; 5 are promised, on a machine that does not run four tests at a time
DOWN = {"upstream": "llm", "type": "down"}


def outage(llm: str, start: dict[str, Any]) -> dict[str, Any]:
    """A minute without the LLM that no test lets come to its end."""
    stages = [{"name": "baseline", "duration": "3s"}, {"name": "away", "duration": "60s", "faults": [DOWN]}]
    return quick(
        llm,
        start=start,
        stages=stages,
        criteria=[{"id": "graceful", "stage": "away", "metric": "graceful", "at_least": "75%"}],
    )


def kill(command: Command) -> float:
    """SIGKILL, and how long it then takes until no process of the run is left."""
    command.interrupt(signal.SIGKILL)
    killed = time.monotonic()
    until(lambda: not command.processes() or None, f"all gone: {command.processes()}", within=20.0)
    return time.monotonic() - killed


@pytest.fixture
def shared(toxiproxy_server: Path, tmp_path: Path) -> Iterator[str]:
    """Somebody else's toxiproxy-server, with a proxy of theirs on it; its URL."""
    port = free_port()
    theirs = [{"name": "theirs", "listen": f"127.0.0.1:{free_port()}", "upstream": "127.0.0.1:9", "enabled": True}]
    (tmp_path / "theirs.json").write_text(json.dumps(theirs))
    command = [str(toxiproxy_server), "-port", str(port), "-config", str(tmp_path / "theirs.json")]
    with (tmp_path / "server.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: proxies(url) or None, "the shared server")
        yield url
    finally:
        process.terminate()
        process.wait(10)


def proxies(url: str) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(f"{url}/proxies", timeout=5) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except OSError:
        return {}


def test_a_shared_server_is_left_as_it_was(llm: str, shared: str, tmp_path: Path) -> None:
    before = proxies(shared)
    path = write(tmp_path, outage(llm, started()))
    with pocchaos("run", path, at=tmp_path, env={"POCCHAOS_TOXIPROXY_URL": shared}) as command:
        command.begun(fault=True)
        ours = {name for name in proxies(shared) if name.startswith("pocchaos-")}
        assert len(ours) == 2, "the proxy of the LLM and the lock"
        (elsewhere := tmp_path / "elsewhere").mkdir()
        second = ran("run", path, at=elsewhere, env={"POCCHAOS_TOXIPROXY_URL": shared})
        assert second.code == 2, second.told()
        assert "is in use by run" in second.err
        took = kill(command)
    assert proxies(shared) == before
    assert took < CLEAN_WITHIN
    (run,) = (tmp_path / "results").iterdir()
    undone = [json.loads(line) for line in (run / "undo.jsonl").read_text().splitlines()]
    how = {record["key"]: record["undone"] for record in undone if record.get("undone")}
    assert how["server"].startswith("by the watchdog: removed 1 proxies from 127.0.0.1:")
    assert how["fault llm.down@1"].startswith("by the watchdog: gone with toxiproxy-server at ")
    assert pending(run)[1] == {}


def test_a_detached_target_is_stopped_by_its_own_stop(llm: str, tmp_path: Path) -> None:
    pidfile = tmp_path / "pid"
    with pocchaos("run", write(tmp_path, outage(llm, detached(pidfile))), at=tmp_path) as command:
        command.begun(fault=True)
        kill(command)
    (run,) = (tmp_path / "results").iterdir()
    assert "by the watchdog: stopped by its own stop" in (run / "undo.jsonl").read_text()


def test_where_the_watchdog_was_killed_too_recover_does_it_by_hand(llm: str, tmp_path: Path) -> None:
    with pocchaos("run", write(tmp_path, outage(llm, started())), at=tmp_path) as command:
        command.begun(fault=True)
        os.kill(command.part("pocchaos.watchdog"), signal.SIGSTOP)
        command.interrupt(signal.SIGKILL)
        command.kill("pocchaos.watchdog")
        until(lambda: not [one for one in command.processes().values() if "ask.py" not in one] or None, "our parts")
        assert [one for one in command.processes().values() if "ask.py" in one], "the target is left"
        found = ran("recover", at=tmp_path, env={})
        assert found.code == 0, found.told()
        assert "target: ended" in found.out
        assert not command.processes()
    again = ran("recover", at=tmp_path)
    assert (again.code, again.out) == (0, "nothing is left behind by the runs in results\n")
