"""What a run ends with, and that it leaves nothing running and something to judge."""

import json
import re
import signal
import time
from collections.abc import Callable, Mapping
from operator import methodcaller
from pathlib import Path
from typing import Any

import pytest

from pocchaos.files.rundir import RunDirectory
from pocchaos.files.undo import pending
from tests.e2e.running import Command, Ended, at_once, pocchaos, ran, until
from tests.e2e.scenarios import free_port, quick, started, write
from tests.e2e.targets.ask import PROMPT

pytestmark = pytest.mark.slow  # together; none of them alone on a quiet machine


def judged(ended: Ended, at: Path) -> int:
    """`pocchaos judge` on what there is; its code is the verdict's, whatever became of the run."""
    again = ran("judge", ended.run, at=at)
    assert again.code == ended.verdicts["exit_code"], again.told()
    assert "Traceback" not in again.err
    return again.code


def test_0_when_every_criterion_passes(good: Ended) -> None:
    assert good.code == 0, good.told()
    assert good.verdicts["verdict"] == "PASS"
    assert good.facts["stopped"] == ""
    assert good.facts["target_version"] == "ask:1.4"
    assert [fault["bitten"] for fault in good.verdicts["faults"]] == [True]


def test_1_when_a_criterion_fails(llm: str, tmp_path: Path) -> None:
    """Its blank answers look like success: the worst kind."""
    ended = ran("run", write(tmp_path, quick(llm, start=started(HABIT="wrong"))), at=tmp_path)
    assert ended.code == 1, ended.told()
    assert ended.verdict_of("quality") == "PASS"
    assert ended.verdict_of("graceful") == "FAIL"
    assert judged(ended, tmp_path) == 1


def test_1_when_only_a_request_before_the_load_met_a_leak(llm: str, tmp_path: Path) -> None:
    """The wiring's requests are in no metric, but a secret in their answers is a finding like any other."""
    scenario = quick(llm, start=started(HABIT="cold"))
    scenario["target"]["secrets"] = [PROMPT]
    scenario["criteria"] = [{"id": "no-leak", "metric": "leaked", "at_most": "0"}]
    ended = ran("run", write(tmp_path, scenario), at=tmp_path)
    assert ended.code == 1, ended.told()
    (found,) = ended.verdicts["criteria"]
    assert (found["figure"], found["evidence"]) == (1, [-1])
    rows = [json.loads(line) for line in ran("samples", ended.run, "--jsonl", at=tmp_path).out.splitlines()]
    assert [row["request"] for row in rows if row["outcome"] == "leaked"] == [-1]
    assert judged(ended, tmp_path) == 1


def test_2_when_the_file_is_broken(tmp_path: Path) -> None:
    path = write(tmp_path, quick("http://127.0.0.1:9", load={"arrival": "constnat"}))
    ended = ran("run", path, at=tmp_path)
    assert ended.code == 2
    assert "quick.yaml:" in ended.err
    assert "nothing was run" in ended.err
    assert not ended.results.exists()


def test_2_when_the_target_ends_before_it_is_ready_with_its_last_words(llm: str, tmp_path: Path) -> None:
    ended = ran("run", write(tmp_path, quick(llm, start=started(BROKEN="1"))), at=tmp_path)
    assert ended.code == 2, ended.told()
    assert "before it was ready" in ended.err
    assert "run the migrations first" in ended.err
    assert judged(ended, tmp_path) == 3


def test_2_when_the_command_of_the_target_is_not_there(llm: str, tmp_path: Path) -> None:
    ended = ran("run", write(tmp_path, quick(llm, start={"command": ["no-such-poc"]})), at=tmp_path)
    assert ended.code == 2, ended.told()
    assert "'no-such-poc' cannot be started" in ended.err


def test_2_when_somebody_else_answers_at_the_targets_address(llm: str, tmp_path: Path) -> None:
    """A POC forgotten in another terminal would be tested in place of the one that is meant."""
    scenario = quick(llm)
    scenario["target"]["url"] = llm
    ended = ran("run", write(tmp_path, scenario), at=tmp_path)
    assert ended.code == 2, ended.told()
    assert "something answers at" in ended.err


def test_2_when_the_port_of_an_upstream_is_taken(llm: str, tmp_path: Path) -> None:
    taken = llm.removeprefix("http://")
    scenario = quick(llm, upstreams={"llm": {"origin": llm, "listen": taken}})
    ended = ran("run", write(tmp_path, scenario), at=tmp_path)
    assert ended.code == 2, ended.told()
    assert taken in ended.err


def test_2_when_nothing_reaches_an_upstream(llm: str, tmp_path: Path) -> None:
    ended = ran("run", write(tmp_path, quick(llm, start=started(HABIT="bare"))), at=tmp_path)
    assert ended.code == 2, ended.told()
    assert "nothing reached llm" in ended.err
    assert 'LLM_URL: "${upstreams.llm.url}"' in ended.err
    assert "unused_ok: true" in ended.err
    assert "20 × status 200" in ended.err


def test_3_when_nothing_needs_to_reach_it_for_silence_is_no_evidence_of_grace(llm: str, tmp_path: Path) -> None:
    scenario = quick(llm, start=started(HABIT="bare"), upstreams={"llm": {"origin": llm, "unused_ok": True}})
    ended = ran("run", write(tmp_path, scenario), at=tmp_path)
    assert ended.code == 3, ended.told()
    assert ended.verdict_of("quality") == "PASS"
    assert ended.verdict_of("graceful") == "INCONCLUSIVE"
    assert ended.facts["unused"] == ["llm"]


def long(llm: str) -> dict[str, Any]:
    """A minute that no test lets come to its end."""
    scenario = quick(llm)
    scenario["stages"][1]["duration"] = "60s"
    return scenario


def interrupt_twice(command: Command) -> None:
    command.interrupt(signal.SIGINT)
    time.sleep(0.2)  # it is stopping now; a signal too early or too late shows nothing, and fails nothing
    command.interrupt(signal.SIGINT)


PARTS = ("toxiproxy-server", "pocchaos.stand", "pocchaos.load.worker", "pocchaos.watchdog")
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(scope="module")
def cut_short(llm: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """Runs that something happens to when the fault is on: a part of ours killed, or the run told to stop."""
    leaking = long(llm)
    leaking["target"]["secrets"] = ["fact of question 001"]
    leaking["criteria"] = [{"id": "leaks", "metric": "leaked", "at_most": 0}]

    def job(scenario: Mapping[str, Any], happens: Callable[[Command], None]) -> Callable[[], Ended]:
        path = write(tmp_path_factory.mktemp("cut"), scenario)

        def run() -> Ended:
            with pocchaos("run", path, at=path.parent) as command:
                command.begun(fault=True)
                happens(command)
                return command.ended()

        return run

    return at_once(
        {
            **{part: job(long(llm), methodcaller("kill", part)) for part in PARTS},
            **{f"{part} stopped": job(long(llm), methodcaller("stop", part)) for part in PARTS},
            **{number.name: job(long(llm), methodcaller("interrupt", number)) for number in SIGNALS},
            "twice": job(long(llm), interrupt_twice),
            "leaking": job(leaking, methodcaller("interrupt", signal.SIGINT)),
        }
    )


@pytest.mark.parametrize("part", PARTS)
def test_4_when_a_part_of_ours_is_killed_in_the_middle(cut_short: dict[str, Ended], tmp_path: Path, part: str) -> None:
    ended = cut_short[part]
    assert ended.code == 4, ended.told()
    assert "Traceback" not in ended.err
    assert ended.facts["stopped"]
    assert sum(sum(stage["outcomes"].values()) for stage in ended.verdicts["stages"]) > 30
    assert {one["verdict"] for one in ended.verdicts["criteria"]} == {"INCONCLUSIVE"}
    assert ended.marks("stop")
    assert judged(ended, tmp_path) == 3


@pytest.mark.parametrize("part", PARTS)
def test_4_when_a_part_of_ours_is_stopped_in_the_middle(cut_short: dict[str, Ended], tmp_path: Path, part: str) -> None:
    """It lives, and answers nobody: what the target then does is our doing."""
    ended = cut_short[f"{part} stopped"]
    assert ended.code == 4, ended.told()
    assert "Traceback" not in ended.err
    assert re.search("answer|silent", ended.facts["stopped"]), ended.facts["stopped"]
    assert {one["verdict"] for one in ended.verdicts["criteria"]} == {"INCONCLUSIVE"}
    assert judged(ended, tmp_path) == 3


@pytest.mark.parametrize("number", SIGNALS)
def test_130_when_interrupted_in_the_middle(
    cut_short: dict[str, Ended], tmp_path: Path, number: signal.Signals
) -> None:
    ended = cut_short[number.name]
    assert ended.code == 130, ended.told()
    assert "interrupted" in ended.facts["stopped"]
    assert "Traceback" not in ended.err
    assert judged(ended, tmp_path) == 3


def test_an_impatient_user_is_obeyed_and_nothing_is_left_behind(cut_short: dict[str, Ended], tmp_path: Path) -> None:
    """The second Ctrl-C cuts the wait for the last answers short, never the stopping of processes."""
    ended = cut_short["twice"]
    assert ended.code == 130, ended.told()
    assert "Traceback" not in ended.err
    assert judged(ended, tmp_path) == 3


def test_what_was_recorded_before_pocchaos_itself_was_killed_is_there_to_be_judged(llm: str, tmp_path: Path) -> None:
    """SIGKILL cannot be met: the watchdog ends what is left, and at most a second of the evidence is lost."""
    with pocchaos("run", write(tmp_path, long(llm)), at=tmp_path) as command:
        command.begun(fault=True)
        time.sleep(1.5)  # so that there is something to lose
        killed = time.monotonic_ns() // 1_000
        command.interrupt(signal.SIGKILL)
        until(lambda: not command.processes() or None, "all gone, the target too", within=10.0)
    (run,) = (tmp_path / "results").iterdir()
    again = ran("judge", run, at=tmp_path)
    assert again.code == 3, again.told()
    assert "pocchaos was killed while it ran" in again.out
    directory = RunDirectory.open(run)
    last = directory.samples()["end"].max()
    assert isinstance(last, int)
    assert last + directory.facts["origin_us"] > killed - 1_000_000
    owner, left = pending(run)
    assert owner is not None
    assert left == {}


def test_a_leak_in_what_was_recorded_fails_although_the_run_was_interrupted(
    cut_short: dict[str, Ended], tmp_path: Path
) -> None:
    """One finding always fails, and 130 is still what an interrupted run ends with."""
    ended = cut_short["leaking"]
    assert ended.code == 130, ended.told()
    assert ended.verdict_of("leaks") == "FAIL"
    assert judged(ended, tmp_path) == 1


@pytest.mark.parametrize("number", SIGNALS)
def test_130_when_interrupted_during_the_preparation(llm: str, tmp_path: Path, number: signal.Signals) -> None:
    """It waits for a target that never becomes ready."""
    scenario = quick(llm)
    scenario["target"]["ready"] = "/api/never"
    with pocchaos("run", write(tmp_path, scenario), at=tmp_path) as command:
        command.part("ask.py")
        command.interrupt(number)
        ended = command.ended()
    assert ended.code == 130, ended.told()
    assert "Traceback" not in ended.err
    assert judged(ended, tmp_path) == 3


def test_an_address_that_is_open_to_the_network_must_be_asked_for(llm: str, tmp_path: Path) -> None:
    scenario = quick(llm, upstreams={"llm": {"origin": llm, "listen": f"0.0.0.0:{free_port()}"}})
    ended = ran("run", write(tmp_path, scenario), at=tmp_path)
    assert ended.code == 2
    assert "--allow-remote" in ended.err
