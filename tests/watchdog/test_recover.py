"""`recover`: what is left where not even the watchdog lived."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pocchaos.exchange.redact import Redaction
from pocchaos.files.processes import born, ourselves
from pocchaos.files.rundir import RunDirectory
from pocchaos.files.undo import NAME, UndoLog, pending
from pocchaos.model.errors import InUseError, RunDirectoryError
from pocchaos.model.undo import MARK, FaultOn, Owner, Part, SharedServer, StartedTarget, Undo
from pocchaos.watchdog.recover import recover, runs_with_leftovers


@pytest.fixture
def dead() -> Owner:
    """An owner on this machine whose process has gone."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    started = born(process.pid)
    process.wait()
    return replace(ourselves(), pid=process.pid, born=started or 1)


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    process = subprocess.Popen(command, env={**os.environ, MARK: "r1/target"}, start_new_session=True)
    yield process
    process.kill()
    process.wait()


def run_of(root: Path, owner: Owner | None, *, secrets: dict[str, str] | None = None, **left: Undo) -> Path:
    run = RunDirectory.create(root, scenario="trial", now=datetime(2026, 11, 24, tzinfo=UTC), token="r1")
    run.write_facts({"run": "r1"})
    log = UndoLog(run.path, Redaction(secrets or {}))
    if owner is not None:
        log.own(owner)
    for key, undo in left.items():
        log.note(key, undo)
    log.close()
    return run.path


def test_a_target_that_is_left_is_ended_and_it_is_said(
    tmp_path: Path, dead: Owner, sleeper: "subprocess.Popen[bytes]"
) -> None:
    target = StartedTarget(pid=sleeper.pid, born=born(sleeper.pid))
    folder = run_of(tmp_path, dead, target=target, fault=FaultOn(window="llm.stall@1", where="the stand"))
    assert list(runs_with_leftovers(tmp_path)) == [folder]
    found = recover(folder, say=print)
    assert sleeper.wait(10) < 0
    assert found.failed == ()
    assert set(found.done) == {"target: ended", "fault: gone with the stand"}
    assert pending(folder)[1] == {}
    assert recover(folder, say=print).done == ()


def test_a_run_that_lasts_is_left_alone(tmp_path: Path) -> None:
    folder = run_of(tmp_path, ourselves(), stand=Part(name="stand"))
    with pytest.raises(InUseError, match=rf"still running: process {os.getpid()} of "):
        recover(folder, say=print)
    assert "stand" in pending(folder)[1]


def test_another_machines_run_is_left_alone(tmp_path: Path, dead: Owner) -> None:
    folder = run_of(tmp_path, replace(dead, host="elsewhere", user="ana"), stand=Part(name="stand"))
    with pytest.raises(InUseError, match="made on elsewhere by ana: recover it there"):
        recover(folder, say=print)


def test_after_a_reboot_no_process_of_that_number_is_touched(
    tmp_path: Path, dead: Owner, sleeper: "subprocess.Popen[bytes]"
) -> None:
    sleeper.kill()
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        target = StartedTarget(pid=bystander.pid, born=born(bystander.pid))
        recover(run_of(tmp_path, replace(dead, boot="another"), target=target), say=print)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_server_that_cannot_be_reached_stays_on_the_list(tmp_path: Path, dead: Owner) -> None:
    folder = run_of(tmp_path, dead, server=SharedServer(host="127.0.0.1", port=9))
    (failed,) = recover(folder, say=print).failed
    assert failed.startswith("STILL ON at 127.0.0.1:9: proxies named pocchaos-r1-*")
    assert "server" in pending(folder)[1]


def test_a_stop_that_needs_a_secret_is_handed_to_the_user(tmp_path: Path, dead: Owner) -> None:
    target = StartedTarget(stop=("compose", "down", "--key=s3cret-value"))
    folder = run_of(tmp_path, dead, secrets={"KEY": "s3cret-value"}, target=target)
    (failed,) = recover(folder, say=print).failed
    assert failed.endswith("run it by hand: compose down --key=«secret:KEY»")


@pytest.mark.parametrize("line", ["{", '{"key": "x", "undo": {"kind": "nobody"}}', '{"undo": {}}'])
def test_a_damaged_list_is_named_with_its_line(tmp_path: Path, dead: Owner, line: str) -> None:
    folder = run_of(tmp_path, dead)
    with (folder / NAME).open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(RunDirectoryError, match=r"undo.jsonl:2: this line is damaged"):
        recover(folder, say=print)


def test_a_torn_last_line_is_left_out(tmp_path: Path, dead: Owner) -> None:
    folder = run_of(tmp_path, dead, stand=Part(name="stand"))
    with (folder / NAME).open("a") as file:
        file.write(json.dumps({"key": "load"})[:-1])
    assert set(pending(folder)[1]) == {"stand"}


def test_a_list_without_an_owner_touches_nothing(tmp_path: Path) -> None:
    folder = run_of(tmp_path, None, stand=Part(name="stand"))
    with pytest.raises(RunDirectoryError, match="does not say whose run it is"):
        recover(folder, say=print)
