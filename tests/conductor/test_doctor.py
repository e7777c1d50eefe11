"""Is this machine fit to run on?"""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from pocchaos.conductor import doctor
from pocchaos.conductor.doctor import FILES, MEMORY, Finding, State
from pocchaos.exchange.redact import Redaction
from pocchaos.files.processes import ourselves
from pocchaos.files.undo import UndoLog
from pocchaos.model.undo import Part


def told(folder: Path, *options: str, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "pocchaos", "doctor", *options],
        cwd=folder,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_a_fit_machine_is_found_fit(tmp_path: Path, toxiproxy_server: Path) -> None:
    ended = told(tmp_path, "--json")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = {one["what"]: one for one in json.loads(ended.stdout)}
    assert list(found) == [
        "Python",
        "toxiproxy-server",
        "ports",
        "open files",
        "memory",
        "clock",
        "results",
        "disk",
        "leftovers",
    ]
    assert found["toxiproxy-server"]["said"].endswith(str(toxiproxy_server))
    assert not [one for one in found.values() if one["state"] == "wrong"]


def test_for_people_each_line_has_its_state_and_each_trouble_its_remedy(tmp_path: Path) -> None:
    broken = tmp_path / "toxiproxy-server"
    broken.write_text("#!/bin/sh\necho toxiproxy-server version 2.1.4\n")
    broken.chmod(0o755)
    ended = told(tmp_path, PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert ended.returncode == 2
    lines = ended.stdout.splitlines()
    wrong = next(line for line in lines if line.startswith("wrong"))
    assert "is on PATH but is version 2.1.4" in wrong
    assert "→ put toxiproxy-server 2.9 or newer on PATH" in lines[lines.index(wrong) + 1]


@pytest.mark.parametrize(
    ("finding", "state", "said"),
    [
        (doctor.python((3, 12)), State.OK, "3.12"),
        (doctor.python((3, 14)), State.WARNING, "3.14 is not one"),
        (doctor.open_files(FILES), State.OK, "4,096 at once"),
        (doctor.open_files(resource.RLIM_INFINITY), State.OK, "no limit"),
        (doctor.open_files(256), State.WARNING, "256 at once"),
        (doctor.memory(MEMORY), State.OK, "1.0 GiB free"),
        (doctor.memory(MEMORY // 2), State.WARNING, "0.5 GiB free"),
        (doctor.memory(None), State.WARNING, "does not say"),
        (doctor.clock(0.0002), State.OK, "0.2 ms late"),
        (doctor.clock(0.02), State.WARNING, "20 ms late"),
    ],
)
def test_what_is_less_than_a_run_wants_is_named_with_its_remedy(finding: Finding, state: State, said: str) -> None:
    assert finding.state is state
    assert said in finding.said
    assert bool(finding.remedy) is (state is not State.OK)


def test_a_place_for_results_that_is_a_file_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("")
    assert doctor.writable(tmp_path / "results").state is State.WRONG
    assert doctor.writable(tmp_path / "results" / "inner").state is State.WRONG
    assert doctor.writable(tmp_path / "new" / "inner").state is State.OK


def test_what_an_earlier_run_left_is_named(tmp_path: Path) -> None:
    (tmp_path / "20261124-run").mkdir()
    log = UndoLog(tmp_path / "20261124-run", Redaction({}))
    log.own(ourselves())
    assert doctor.leftovers(tmp_path).state is State.OK
    log.note("stand", Part(name="stand"))
    log.close()
    found = doctor.leftovers(tmp_path)
    assert found.state is State.WARNING
    assert found.said.startswith("20261124-run: still running")
    assert "pocchaos recover" in found.remedy
