"""The parent's side: batches arrive safely, and a process that dies is noticed and never left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from pocchaos.files.batch import Batch, decode, encode
from pocchaos.load.process import Load, start
from pocchaos.load.spec import LoadSpec, encode_spec
from pocchaos.model.errors import LoadError
from pocchaos.model.evidence import How
from pocchaos.scenario.language import Request
from tests.load.conftest import Recording, Server, now_us, spec, until

Send = Callable[[LoadSpec], Recording]
Running = Callable[[LoadSpec], tuple[Load, Recording]]


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_batches_are_numbered_without_a_gap_and_lines_are_what_the_log_keeps(send: Send, server: Server) -> None:
    recording = send(spec(server.url, "/ok", range(0, 1000, 2)))
    assert [batch.number for batch in recording.batches] == list(range(len(recording.batches)))
    assert [decode(line) for line in recording.lines] == recording.batches
    assert len(recording.batches) >= 4


def test_samples_arrive_while_the_load_runs(running: Running, server: Server) -> None:
    """A crash may cost what was measured in the last second, never the run."""
    _, recording = running(spec(server.url, "/ok", range(0, 20_000, 10)))
    until(lambda: len(recording.samples) > 20)
    before, at = len(recording.samples), time.monotonic()
    until(lambda: len(recording.samples) > before)
    assert time.monotonic() - at < 2.0


def test_a_killed_process_is_an_error_and_what_it_delivered_stays(running: Running, server: Server) -> None:
    load, recording = running(spec(server.url, "/ok", range(0, 60_000, 10)))
    until(lambda: len(recording.samples) > 50)
    os.kill(load.pid, signal.SIGKILL)
    with pytest.raises(LoadError, match="SIGKILL"):
        load.wait(10)
    with pytest.raises(LoadError, match="SIGKILL"):
        load.poll()
    assert len(recording.samples) > 50


def test_sigterm_drains_like_stop(running: Running, server: Server) -> None:
    load, recording = running(spec(server.url, "/ok", range(0, 60_000, 10)))
    until(lambda: len(recording.samples) > 5)
    os.kill(load.pid, signal.SIGTERM)
    state = load.wait(10)
    assert state.sent == len(recording.samples)
    assert {sample.how for sample in recording.samples} == {How.COMPLETE}


def test_leaving_the_with_ends_the_process_also_after_an_error(server: Server, tmp_path: Path) -> None:
    recording, pids = Recording(), []

    def fail_under_way() -> None:
        one = spec(server.url, "/ok", range(0, 60_000, 10))
        with start(one, on_batch=recording.take, log=tmp_path / "log") as load:
            pids.append(load.pid)
            load.go(now_us())
            until(lambda: len(recording.samples) > 5)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_under_way()
    assert gone(pids[0])


def test_a_request_that_cannot_be_sent_is_told_before_the_start(server: Server, tmp_path: Path) -> None:
    one = spec(server.url, "/ok", [0], request=Request.model_validate({"path": "/${input.wher}"}))
    with (
        pytest.raises(LoadError, match=r"input 'q1' of tenant 'acme' cannot be sent: .*input\.wher"),
        start(one, on_batch=Recording().take, log=tmp_path / "log"),
    ):
        pass


def test_what_the_receiver_of_batches_raises_is_raised_where_somebody_asks(server: Server, tmp_path: Path) -> None:
    """A full disk must end the run, not stop the recording in silence."""

    def full(batch: Batch, line: bytes) -> None:
        raise OSError("no space left")

    def record() -> None:
        with start(spec(server.url, "/ok", [0]), on_batch=full, log=tmp_path / "log") as load:
            load.go(now_us())
            load.wait(10)

    with pytest.raises(OSError, match="no space left"):
        record()


def test_locusts_own_statistics_agree(send: Send, server: Server, tmp_path: Path) -> None:
    """It is Locust that drives: its count is ours."""
    send(spec(server.url, "/ok", range(0, 200, 10)))
    assert "POST /ok: 20 requests, 0 failures" in (tmp_path / "load.log").read_text()


def test_secrets_reach_neither_the_command_line_nor_the_log(running: Running, server: Server, tmp_path: Path) -> None:
    load, recording = running(spec(server.url, "/ok", range(0, 60_000, 10), redact={"T": "token-acme"}))
    until(lambda: len(recording.samples) > 2)
    assert "token-acme" not in " ".join(psutil.Process(load.pid).cmdline())
    assert "token-acme" not in (tmp_path / "load.log").read_text()


@contextmanager
def by_hand(one: LoadSpec) -> Iterator["subprocess.Popen[bytes]"]:
    """A load process whose pipes the test holds itself."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pocchaos.load.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(encode_spec(one))
        process.stdin.flush()
        assert b"ready" in process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def tell(process: "subprocess.Popen[bytes]", message: object) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(message).encode() + b"\n")
    process.stdin.flush()


def batches(process: "subprocess.Popen[bytes]") -> Iterator[Batch]:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(b'{"batch":'):
            yield decode(line)


def test_a_batch_that_nobody_acknowledges_is_sent_again(server: Server) -> None:
    with by_hand(spec(server.url, "/ok", [0])) as process:
        tell(process, {"go": now_us()})
        arriving = batches(process)
        first, again = next(arriving), next(arriving)
        assert first == again
        assert first.number == 0
        assert [sample.how for sample in first.samples] == [How.COMPLETE]
        tell(process, {"ack": 0})
        assert list(arriving) == []  # it ends, having delivered


def test_a_process_whose_parent_has_gone_ends_at_once(server: Server) -> None:
    """Requests that nobody records must not go on."""
    with by_hand(spec(server.url, "/ok", range(0, 60_000, 10))) as process:
        tell(process, {"go": now_us()})
        next(batches(process))
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(5) == 3


def test_a_batch_line_begins_as_the_parent_expects() -> None:
    """The parent tells batches from messages by their first bytes."""
    assert encode(Batch(worker=0, number=0)).startswith(b'{"batch":')
