"""The watchdog as a process: it is told what to undo, and undoes it when whoever told it has gone."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pocchaos.files.processes import boot, born, marked
from pocchaos.files.undo import NAME, pending
from pocchaos.model.errors import WatchdogError
from pocchaos.model.undo import MARK, FaultOn, Part, StartedTarget
from pocchaos.watchdog import process as watchdog
from pocchaos.watchdog.process import Watchdog

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "target.log").write_text("the key is s3cret-value\n")
    return tmp_path


@pytest.fixture
def begin() -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    """Start processes with a run's mark; they are ended whatever happens."""
    started: list[subprocess.Popen[bytes]] = []

    def run(command: list[str], mark: str) -> "subprocess.Popen[bytes]":
        started.append(subprocess.Popen(command, env={**os.environ, MARK: mark}, start_new_session=True))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.wait()


def comes_true(condition: Callable[[], object], within: float = 20.0) -> bool:
    until = time.monotonic() + within
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def undone(folder: Path) -> dict[str, str]:
    """Key to how it was undone."""
    records = [json.loads(line) for line in (folder / NAME).read_text().splitlines()]
    return {record["key"]: record["undone"] for record in records if "undone" in record}


def abandoned(dog: Watchdog) -> None:
    """What the death of the conductor looks like to the watchdog: its input ends."""
    assert dog._process.stdin is not None
    dog._process.stdin.close()
    dog._process.wait(20)


def test_where_all_is_undone_it_has_nothing_to_do(folder: Path) -> None:
    with watchdog.start(folder, run="r1", secrets={}) as dog:
        with dog.undoing("stand", Part(name="stand")):
            pass
        dog.check_alive()
    assert pending(folder)[1] == {}
    assert undone(folder) == {"stand": ""}
    assert "s3cret" in (folder / "logs" / "target.log").read_text(), "the conductor does that"


def test_whose_run_it_is_stands_in_the_first_line(folder: Path) -> None:
    with watchdog.start(folder, run="r1", secrets={}) as dog:
        owner, _ = pending(folder)
        assert owner is not None
        assert (owner.pid, owner.born, owner.boot, owner.watchdog) == (os.getpid(), born(os.getpid()), boot(), dog.pid)


def test_parts_that_do_not_end_by_themselves_are_killed(
    folder: Path, begin: Callable[..., "subprocess.Popen[bytes]"]
) -> None:
    ours, foreign = begin(SLEEP, "r1/part"), begin(SLEEP, "r2/part")
    with watchdog.start(folder, run="r1", secrets={}) as dog:
        dog.note("stand", Part(name="stand"))
        dog.note("fault llm.stall@1", FaultOn(window="llm.stall@1", where="the stand"))
        abandoned(dog)
        assert ours.wait(5) == -signal.SIGKILL
    assert foreign.poll() is None
    how = undone(folder)
    assert how["stand"] == f"by the watchdog: killed: {ours.pid}"
    assert how["fault llm.stall@1"] == "by the watchdog: gone with the stand"
    assert pending(folder)[1] == {}


@pytest.mark.parametrize(("command", "signalled"), [(SLEEP, signal.SIGTERM), (STUBBORN, signal.SIGKILL)])
def test_a_target_is_asked_to_end_and_then_made_to(
    folder: Path, begin: Callable[..., "subprocess.Popen[bytes]"], command: list[str], signalled: signal.Signals
) -> None:
    target = begin(command, "r1/target")
    assert comes_true(lambda: target.pid in set(marked("r1/target")))
    time.sleep(0.3)  # the stubborn one must have its handler; too early a signal would show nothing
    with watchdog.start(folder, run="r1", secrets={}) as dog:
        dog.note("target", StartedTarget(pid=target.pid, born=born(target.pid)))
        abandoned(dog)
        assert target.wait(10) == -signalled
    assert pending(folder)[1] == {}


def test_a_target_with_a_stop_of_its_own_is_stopped_by_it_with_its_environment(folder: Path) -> None:
    stop = [sys.executable, "-c", "import os; open('stopped', 'w').write(os.environ['KEY'])"]
    with watchdog.start(folder, run="r1", secrets={"KEY": "s3cret-value"}) as dog:
        dog.note("target", StartedTarget(stop=tuple(stop), cwd=str(folder), env={"KEY": "s3cret-value"}))
        abandoned(dog)
    assert (folder / "stopped").read_text() == "s3cret-value"
    assert undone(folder)["target"] == "by the watchdog: stopped by its own stop"


def test_no_secret_is_written_and_none_is_left_in_a_log(folder: Path) -> None:
    with watchdog.start(folder, run="r1", secrets={"KEY": "s3cret-value"}) as dog:
        dog.note("target", StartedTarget(stop=("stop", "--key=s3cret-value"), env={"KEY": "s3cret-value"}))
        abandoned(dog)
    assert "s3cret" not in (folder / NAME).read_text()
    assert (folder / "logs" / "target.log").read_text() == "the key is «secret:KEY»\n"


def test_a_watchdog_that_dies_is_noticed(folder: Path) -> None:
    with watchdog.start(folder, run="r1", secrets={}) as dog:
        os.kill(dog.pid, signal.SIGKILL)

        def noticed() -> bool:
            try:
                dog.check_alive()
            except WatchdogError as error:
                return "nobody would roll back" in str(error)
            return False

        assert comes_true(noticed)


def test_a_watchdog_that_hangs_is_noticed(folder: Path) -> None:
    with watchdog.start(folder, run="r1", secrets={}) as dog:
        os.kill(dog.pid, signal.SIGSTOP)

        def noticed() -> bool:
            try:
                dog.check_alive()
            except WatchdogError as error:
                return "has not answered for 5 s" in str(error)
            return False

        assert comes_true(noticed)
    assert born(dog.pid) is None, "it was killed in the end"


def test_ctrl_c_in_the_terminal_does_not_reach_it(folder: Path) -> None:
    with watchdog.start(folder, run="r1", secrets={}) as dog:
        assert os.getsid(dog.pid) == dog.pid
        os.kill(dog.pid, signal.SIGINT)
        dog.note("stand", Part(name="stand"))
        abandoned(dog)
    assert pending(folder)[1] == {}
