"""The stand as a process: it comes up, obeys within bounds, flushes, and never outlives its parent."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Literal

import pytest

from pocchaos.faults.http_error import HttpError
from pocchaos.faults.stall import Stall
from pocchaos.model.errors import StandError
from pocchaos.scenario.language import Simulate
from pocchaos.stand.process import last_said, start
from pocchaos.stand.spec import StandSpec, UpstreamSpec, dump, load
from tests.stand.conftest import Start
from tests.stand.running import QUESTION, Running, one, post, read_attempts, talk, until

CLOSE = "connection: close\r\n"
ERROR = HttpError(upstream="llm")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_it_ends_with_its_block_and_leaves_nothing_behind(tmp_path: Path) -> None:
    spec = StandSpec(upstreams=one())
    with start(spec, log=tmp_path / "stand.log", attempts=tmp_path / "attempts.jsonl") as stand:
        assert alive(stand.pid)
        stand.check_alive()
    assert not alive(stand.pid)
    assert (tmp_path / "stand.log").read_text() == ""
    with pytest.raises(StandError, match="ended with 0"):
        stand.check_alive()


def test_an_edge_is_confirmed_after_it_is_in_force(stand: Running) -> None:
    """Whatever arrives after the confirmed moment is decided under the fault, and nothing after the other."""
    before = time.monotonic_ns() // 1_000
    on = stand.stand.put_on("e@1", ERROR, (0, 1_000_000))
    assert talk(stand.address(), post(QUESTION, headers=CLOSE)).startswith(b"HTTP/1.1 503")
    off = stand.stand.take_off("e@1")
    assert talk(stand.address(), post(QUESTION, headers=CLOSE)).startswith(b"HTTP/1.1 200")
    first, second = stand.attempts(2)
    assert before < on < first["arrived"] < off < second["arrived"] < time.monotonic_ns() // 1_000
    assert (first["faults"], second["faults"]) == (["e@1"], [])


def test_several_faults_and_upstreams_at_once(start_stand: Start) -> None:
    stand = start_stand(upstreams={**one(), **one(name="other")})
    stand.stand.put_on("e@1", ERROR, (0, 1))
    stand.stand.put_on("e@2", HttpError.model_validate({"upstream": "llm", "attributes": {"status": 429}}), (0, 1))
    stand.stand.put_on("s@1", Stall(upstream="other", first=1), (0, 1))
    assert talk(stand.address(), post(QUESTION, headers=CLOSE)).startswith(b"HTTP/1.1 429")
    with pytest.raises(TimeoutError):
        talk(stand.address("other"), post(QUESTION), within=0.2)
    assert talk(stand.address("other"), post(QUESTION, headers=CLOSE)).startswith(b"HTTP/1.1 200")
    rows = stand.attempts(3)
    assert sorted((row["upstream"], tuple(row["faults"])) for row in rows) == [
        ("llm", ("e@1", "e@2")),
        ("other", ()),
        ("other", ("s@1",)),
    ]
    assert stand.stand.counts() == {"llm": 1, "other": 2}


def test_what_cannot_be_done_is_said(start_stand: Start) -> None:
    stand = start_stand(upstreams={**one(), **one("tcp://127.0.0.1:1", name="db")})
    with pytest.raises(StandError, match="`never@1` is not on"):
        stand.stand.take_off("never@1")
    with pytest.raises(StandError, match="`http_error` works on HTTP upstreams; `db` is none"):
        stand.stand.put_on("e@1", HttpError(upstream="db"), (0, 1))
    with pytest.raises(StandError, match="`lmm` is none"):
        stand.stand.put_on("e@1", HttpError(upstream="lmm"), (0, 1))
    stand.stand.check_alive()


def test_a_tenant_is_known_by_the_joined_request(start_stand: Start) -> None:
    stand = start_stand(correlate="x-id", run="abc", tenants=("acme", "globex"), tenant_of=(0, 1, 1))
    stand.stand.put_on("e@1", HttpError.model_validate({"upstream": "llm", "match": {"tenant": "globex"}}), (0, 1))
    statuses = [
        talk(stand.address(), post(QUESTION, headers=f"{CLOSE}x-id: {join}\r\n"))[9:12]
        for join in ("abc-0", "abc-1", "abc-2", "abc-3", "other-1", "abc", "abc--1", "abc-²")
    ]
    assert statuses == [b"200", b"503", b"503", *[b"200"] * 5]


def test_the_attempt_log_is_on_disk_within_a_quarter_of_a_second(stand: Running) -> None:
    talk(stand.address(), post(QUESTION, headers=CLOSE))
    ended = time.monotonic()
    (row,) = stand.attempts(1, within=2.0)
    assert time.monotonic() - ended < 0.6  # 0.25 s, and a busy machine
    assert row["number"] == 1


def test_a_kill_loses_no_more_than_the_buffer(stand: Running) -> None:
    talk(stand.address(), post(QUESTION, headers=CLOSE))
    stand.attempts(1)
    os.kill(stand.stand.pid, signal.SIGKILL)
    with pytest.raises(StandError, match="ended with -9"):
        stand.stand.counts()
    assert len(read_attempts(stand.folder / "attempts.jsonl")) == 1


def test_a_dead_stand_is_noticed(stand: Running) -> None:
    os.kill(stand.stand.pid, signal.SIGKILL)

    def dead() -> bool | None:
        try:
            stand.stand.check_alive()
        except StandError:
            return True
        return None

    assert until(dead)


def test_a_stand_that_does_not_answer_is_given_up(stand: Running) -> None:
    os.kill(stand.stand.pid, signal.SIGSTOP)
    try:
        with pytest.raises(StandError, match="did not answer in time"):
            stand.stand.counts()
    finally:
        os.kill(stand.stand.pid, signal.SIGCONT)
    assert stand.stand.counts() == {"llm": 0}


def test_sigterm_flushes_open_attempts_too(start_stand: Start) -> None:
    stand = start_stand(upstreams=one(Simulate.model_validate({"simulate": "openai", "ttft": "60s"})))
    stand.stand.put_on("s@1", Stall(upstream="llm", first=1), (0, 1))
    with pytest.raises(TimeoutError):
        talk(stand.address(), post(QUESTION), within=0.1)
    stand.attempts(1, how="held")
    with socket.create_connection(stand.address(), timeout=5) as sock:
        sock.sendall(post(QUESTION))
        until(lambda: stand.stand.counts()["llm"] == 2 or None)
        os.kill(stand.stand.pid, signal.SIGTERM)
        rows = stand.attempts(2)
    assert [(row["how"], row["ended"] is None) for row in rows] == [("held", False), ("open", True)]
    until(lambda: not alive(stand.stand.pid) or None)


def test_it_does_not_outlive_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time, pathlib\n"
        "from pocchaos.stand.process import start\n"
        "from pocchaos.stand.spec import load\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "with start(load(sys.argv[2]), log=folder / 'stand.log', attempts=folder / 'a.jsonl') as stand:\n"
        "    print(stand.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path), dump(StandSpec(upstreams=one()))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.kill()
        parent.wait(10)
        until(lambda: not alive(pid) or None)


def test_a_stand_that_cannot_start_says_why(tmp_path: Path) -> None:
    spec = StandSpec(upstreams=one())
    nowhere = tmp_path / "missing" / "attempts.jsonl"
    with (
        pytest.raises(StandError, match="No such file or directory"),
        start(spec, log=tmp_path / "stand.log", attempts=nowhere),
    ):
        pass


class Unlisted(Stall):
    """A fault that is in no union: what happens to somebody who forgets to enter it."""

    type: Literal["unlisted"] = "unlisted"  # type: ignore[assignment]


def test_a_fault_that_is_not_in_the_catalogue_is_named_when_the_stand_ends_of_it(stand: Running) -> None:
    with pytest.raises(StandError, match=r"Input tag 'unlisted' found .* expected tags: 'http_error'") as caught:
        stand.stand.put_on("u@1", Unlisted(upstream="llm"), (0, 1))
    assert "pydantic.dev" not in str(caught.value)


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("", ""),
        ("one\n\ntwo\n", "two"),
        ("Traceback\n  at\nValueError: no\n  its reason\n    For more visit https://errors.pydantic.dev/2/v/x\n", None),
        ("  only indented\n  lines\n", "only indented lines"),
    ],
)
def test_what_a_stand_said_last_is_its_error_and_not_the_address_of_a_page(log: str, said: str | None) -> None:
    assert last_said(log) == ("ValueError: no its reason" if said is None else said)


def test_the_spec_crosses_the_pipe_unchanged() -> None:
    spec = StandSpec(
        upstreams={
            **one(Simulate.model_validate({"simulate": "openai", "ttft": {"median": "250ms", "p99": "900ms"}})),
            "api": UpstreamSpec(origin="http://127.0.0.1:9/x", max_attempts=5),
            "db": UpstreamSpec(origin="tcp://127.0.0.1:9", relay=False),
        },
        correlate="x-id",
        seed=9,
        run="r",
        tenants=("a", "b"),
        tenant_of=(0, 1, 0),
        secrets=("s" * 10,),
    )
    assert load(dump(spec)) == spec
    assert "s" * 10 not in repr(spec)
