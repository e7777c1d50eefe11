"""The judged run: the verdict on the whole, summaries, exemplars, what was not tested; the same bytes each time."""

from dataclasses import replace
from pathlib import Path

import pytest

from pocchaos.faults import Down
from pocchaos.faults.stall import Stall
from pocchaos.files.rundir import RunDirectory
from pocchaos.files.verdicts import read_verdicts
from pocchaos.judging import judge, judge_and_keep
from pocchaos.judging.judged import overall
from pocchaos.judging.summaries import exemplars
from pocchaos.judging.table import build
from pocchaos.model.evidence import Attempt, Mark
from pocchaos.model.verdict import Judgement, Verdict
from pocchaos.scenario.plan import Plan
from tests.judging.builders import (
    OFF_TOPIC,
    Stretch,
    answered,
    attempts_for,
    hung,
    replied,
)
from tests.judging.conftest import RunDir

HELD = Judgement(id="held", verdict=Verdict.PASS, metric="answered", limit=0.95)
FAILED = Judgement(id="failed", verdict=Verdict.FAIL, metric="hung", limit=0.01)
OPEN = Judgement(id="open", verdict=Verdict.INCONCLUSIVE, metric="graceful", limit=0.95)


class TestOverall:
    @pytest.mark.parametrize(
        ("criteria", "stopped", "empty", "verdict", "why"),
        [
            ((HELD,), "", False, Verdict.PASS, "all 1 criteria hold"),
            ((HELD, OPEN), "", False, Verdict.INCONCLUSIVE, "not decided: open"),
            ((HELD, OPEN, FAILED), "", False, Verdict.FAIL, "failed: failed"),
            ((), "", False, Verdict.INCONCLUSIVE, "no criteria"),
            ((HELD,), "interrupted by the user", False, Verdict.INCONCLUSIVE, "interrupted by the user"),
            ((FAILED,), "interrupted by the user", False, Verdict.FAIL, "failed"),
            ((HELD,), "", True, Verdict.INCONCLUSIVE, "no samples"),
        ],
    )
    def test_no_evidence_is_never_a_pass(
        self, criteria: tuple[Judgement, ...], stopped: str, empty: bool, verdict: Verdict, why: str
    ) -> None:
        found, said = overall(criteria, stopped=stopped, empty=empty)
        assert found is verdict
        assert why in said


def test_a_leak_fails_the_run_though_no_criterion_asked(run_dir: RunDir) -> None:
    """Whoever forgot to write the criterion down must not be told GO beside another tenant's data."""
    clean = [answered()] * 3
    leaking = Stretch(name="baseline", replies=[answered(foreign=("globex/profile",)), *clean])
    judged = judge(run_dir(leaking, Stretch(name="rest", replies=clean)))
    assert (judged.verdict, judged.exit_code) == (Verdict.FAIL, 1)
    assert "leaked" in judged.why


def outage(run_dir: RunDir, **said: object) -> RunDirectory:
    """A baseline, a stall that half of the requests hang in, a recovery."""
    return run_dir(
        Stretch(name="baseline", replies=[answered(), replied(400, "no", input=OFF_TOPIC)]),
        Stretch(name="outage", replies=[hung(3.0), answered()], fault=Stall(upstream="llm", type="stall")),
        Stretch(name="recovery", replies=[answered()]),
        attempts=lambda plan: [
            *attempts_for(plan, 0),
            *attempts_for(plan, 1, faults=("llm.stall@1",), eligible=("llm.stall@1",)),
            *attempts_for(plan, 2),
        ],
        **said,
    )


def test_a_run_without_criteria_is_inconclusive(run_dir: RunDir) -> None:
    judged = judge(outage(run_dir))
    assert (judged.verdict, judged.exit_code) == (Verdict.INCONCLUSIVE, 3)


def test_a_run_without_samples_is_inconclusive(run_dir: RunDir) -> None:
    judged = judge(run_dir(Stretch(name="baseline"), Stretch(name="outage", fault=Down(upstream="llm"))))
    assert (judged.verdict, judged.exit_code) == (Verdict.INCONCLUSIVE, 3)


def test_each_stage_says_what_happened_in_its_window(run_dir: RunDir) -> None:
    baseline, outage_, recovery = judge(outage(run_dir)).stages
    assert baseline.outcomes == {"answered": 35, "refused": 35}
    assert (baseline.requests, baseline.sent) == (100, 100)
    assert outage_.faults == ("llm.stall",)
    assert outage_.window == pytest.approx((10.005, 17.0))
    assert outage_.outcomes == {"answered": 35, "hung": 34}
    assert recovery.latency["p99"] == pytest.approx(0.1, rel=1e-3)


def test_failure_modes_are_shares_of_their_stage_and_category(run_dir: RunDir) -> None:
    cells = {(cell.stage, cell.category, cell.outcome): cell for cell in judge(outage(run_dir)).outcomes}
    hung_ = cells["outage", "in_scope", "hung"]
    assert (hung_.count, hung_.n) == (34, 69)
    assert hung_.interval[0] < 34 / 69 < hung_.interval[1]
    assert cells["baseline", "off_topic", "refused"].interval[1] == 1.0


def test_the_worst_requests_of_a_failed_criterion_can_be_looked_at(run_dir: RunDir) -> None:
    found = build(outage(run_dir))
    each = (replace(FAILED, evidence=(102,)), replace(HELD, evidence=(5,)))
    (first, second, third) = exemplars(
        found, [replace(FAILED, evidence=(100, 1), each=each), replace(OPEN, evidence=(3,))]
    )
    assert (first.request_id, first.outcome, first.status, first.said) == ("run1-100", "hung", None, "")
    assert (first.input, first.question) == ("q1", "What is the capital of France?")
    assert (second.status, second.said, second.category) == (400, "no", "off_topic")
    assert third.request == 102


def test_a_target_that_ended_in_the_run_is_told(run_dir: RunDir) -> None:
    exited = Mark(kind="target", subject="exited", at=8_800_000, detail={"exit_code": 7})
    run = run_dir(Stretch(name="baseline", replies=[answered()]), marks=[exited])
    assert "the target ended with exit code 7 at 8.8 s" in judge(run).notes


def test_where_our_own_cap_refused_calls_nothing_after_it_is_decided(run_dir: RunDir) -> None:
    """Refused by us, a good target looks bad and a bad one is spared; what ended before is as good as ever."""

    def attempts(plan: Plan) -> list[Attempt]:
        under = attempts_for(plan, 1)
        return [*attempts_for(plan, 0), *(replace(one, how="refused_by_cap", status=429) for one in under[50:])]

    criteria = [
        {"id": "before", "stage": "baseline", "metric": "answered", "at_least": "50%", "inputs": "fixed"},
        {"id": "after", "stage": "later", "metric": "answered", "at_least": "50%", "inputs": "fixed"},
    ]
    run = run_dir(
        Stretch(name="baseline", replies=[answered()]),
        Stretch(name="later", replies=[answered()]),
        upstreams={"llm": {"origin": {"simulate": "openai"}, "max_attempts": 150}},
        attempts=attempts,
        criteria=criteria,
    )
    before, after = judge(run).criteria
    assert before.verdict is Verdict.PASS
    assert after.verdict is Verdict.INCONCLUSIVE
    assert after.why.startswith("max_attempts of llm (150) was used up at 15 s: from then on our own stand refused")
    assert after.remedy == "raise upstreams.llm.max_attempts"


def test_what_was_not_tested_is_said(run_dir: RunDir) -> None:
    said = "\n".join(judge(outage(run_dir)).not_tested)
    assert "misuse" in said
    assert "in_scope" not in said
    assert "llm.stall happened once" in said
    assert "the scenario has one tenant" in said
    assert "WebSocket" in said


def test_an_upstream_without_a_fault_is_not_tested(run_dir: RunDir) -> None:
    judged = judge(run_dir(Stretch(name="baseline", replies=[answered()])))
    assert any("failures of llm" in said for said in judged.not_tested)


def test_judging_again_gives_the_same_bytes(run_dir: RunDir) -> None:
    run = outage(run_dir)
    made = [_made(run) for _ in range(2)]
    assert made[0] == made[1]


def test_times_that_are_shown_are_whole_microseconds_however_many_stages_share_a_chunk(run_dir: RunDir) -> None:
    """As a column of one row they were divided, as one of many multiplied by 1e-6: 1.283071 or 1.2830709999999999."""
    times = [1.283071, 0.388863, 0.944127, 0.001675, 0.002929]
    run = run_dir(*(Stretch(name=f"stage {k}", replies=[answered(after=time)]) for k, time in enumerate(times)))
    judged = judge(run)
    shown = [time for stage in judged.stages for time in stage.latency.values()]
    shown += [time for column in (judged.timeline.p50, judged.timeline.slowest) for time in column if time is not None]
    assert len(shown) > 50
    assert shown == [round(time, 6) for time in shown]


def test_what_is_kept_reads_back_as_it_was_judged(run_dir: RunDir) -> None:
    run = outage(run_dir)
    judged = judge_and_keep(run)
    assert read_verdicts(run.path / "verdicts.json") == judged
    assert (run.path / "latency.hlog").read_bytes().startswith(b"#[")


def test_a_run_that_was_only_copied_is_judged_the_same(run_dir: RunDir, tmp_path: Path) -> None:
    run = outage(run_dir)
    moved = RunDirectory.open(run.path.rename(tmp_path / "elsewhere"))
    assert judge(moved).stages[1].outcomes == {"answered": 35, "hung": 34}


def _made(run: RunDirectory) -> tuple[bytes, bytes]:
    judge_and_keep(run)
    return (run.path / "verdicts.json").read_bytes(), (run.path / "latency.hlog").read_bytes()
