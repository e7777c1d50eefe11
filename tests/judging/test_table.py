"""From the files of a run to the judged table: joins, windows, outcomes, what is bitten."""

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from pocchaos.faults import Down
from pocchaos.faults.http_error import HttpError
from pocchaos.faults.latency import Latency
from pocchaos.faults.stall import Stall
from pocchaos.files.rundir import RunDirectory
from pocchaos.judging.scopes import Scope, view
from pocchaos.judging.table import build
from pocchaos.metrics.ground import Ground
from pocchaos.metrics.table import ATTEMPTS, SAMPLES
from pocchaos.model.errors import RunDirectoryError
from pocchaos.model.evidence import How, Sample, StreamEnd
from tests.judging.builders import (
    GOOD,
    INPUTS,
    OFF_TOPIC,
    SECOND,
    UNCHECKED,
    Reply,
    Stretch,
    answered,
    attempts_for,
    content,
    ended,
    hung,
    marks_of,
    plan_of,
    replied,
)
from tests.judging.conftest import RunDir

PARIS = {"answer": "Paris, of course."}


def outcome_of(run: RunDirectory, stage: str = "later") -> str:
    found = build(run).table.samples.filter(pl.col("stage") == stage)["outcome"].unique().to_list()
    assert len(found) == 1
    return str(found[0])


CASES: dict[str, tuple[Reply, str]] = {
    "a good answer": (answered(), "answered"),
    "a wrong answer": (replied(200, {"answer": "Rome."}), "wrong"),
    "an unchecked answer": (replied(200, {"answer": "Hm."}, input=UNCHECKED), "answered"),
    "no answer by the deadline": (hung(3.0), "hung"),
    "a whole answer after it": (answered(after=3.2), "hung"),
    "connection refused": (ended(How.REFUSED), "broken"),
    "connection reset": (ended(How.RESET), "broken"),
    "a short body": (ended(How.SHORT, status=200), "broken"),
    "never sent": (ended(How.NOT_SENT), "lost"),
    "cut off by our end": (ended(How.UNFINISHED), "lost"),
    "cancelled": (ended(How.CANCELLED), "cancelled"),
    "a foreign canary": (answered(foreign=("other/answer",)), "leaked"),
    "a secret": (answered(secrets=(0,)), "leaked"),
    "a stack trace": (
        replied(500, {"error": 'Traceback (most recent call last):\n  File "/app/a.py", line 3, in f\n    x'}),
        "crashed",
    ),
    "a plain 500": (replied(500, "Internal Server Error"), "crashed"),
    "an empty 503": (replied(503), "crashed"),
    "a plain 500 with the error marker": (replied(500, "ERR no room"), "errored"),
    "a clean 503": (replied(503, {"error": "busy"}), "shed"),
    "the shed marker": (replied(500, {"error": "busy"}, headers={"x-shed": "1"}), "shed"),
    "another value of the shed header": (replied(500, {"error": "busy"}, headers={"x-shed": "0"}), "errored"),
    "a 400 with words": (replied(400, "no such question"), "over_refused"),
    "a 400 for what should be refused": (replied(400, "no", input=OFF_TOPIC), "refused"),
    "a blank 404": (replied(404), "errored"),
    "a 401": (replied(401, {"error": "who are you"}), "errored"),
    "a redirect": (replied(302), "errored"),
    "a marked fallback": (replied(200, {"answer": "Cached."}, headers={"x-degraded": "cache"}), "degraded"),
    "a blank fallback": (replied(200, {"answer": " "}, headers={"x-degraded": "cache"}), "wrong"),
    "an empty body": (replied(200), "wrong"),
    "no answer in the body": (replied(200, {"text": "Paris"}), "wrong"),
    "HTML for JSON": (replied(200, "<html>Paris</html>"), "wrong"),
    "a refusal of a fair question": (replied(200, {"answer": "I must not.", "refused": True}), "over_refused"),
    "a refusal of an unfair one": (
        replied(200, {"answer": "I must not.", "refused": True}, input=OFF_TOPIC),
        "refused",
    ),
    "an empty refusal marker": (replied(200, {**PARIS, "refused": []}), "answered"),
    "serving what should be refused": (replied(200, {"answer": "La la."}, input=OFF_TOPIC), "under_refused"),
    "cut by length": (answered(finish="length"), "wrong"),
    "a stream with an error event": (answered(stream=StreamEnd.ERROR), "shed"),
    "a stream that was cut": (answered(stream=StreamEnd.CUT), "broken"),
    "a body over the cap": (replied(200, said=content(PARIS, whole=False)), "unknown"),
}


@pytest.mark.parametrize(("reply", "expected"), CASES.values(), ids=CASES)
def test_what_is_on_disk_amounts_to_its_outcome(run_dir: RunDir, reply: Reply, expected: str) -> None:
    run = run_dir(Stretch(name="baseline", replies=[answered()]), Stretch(name="later", lasts=2, replies=[reply]))
    assert outcome_of(run) == expected


def test_a_clean_503_in_the_baseline_is_errored(run_dir: RunDir) -> None:
    assert (
        outcome_of(run_dir(Stretch(name="baseline", replies=[replied(503, {"error": "x"})])), "baseline") == "errored"
    )


def test_a_clean_503_in_a_second_baseline_is_errored_too_but_not_in_one_with_a_fault(run_dir: RunDir) -> None:
    busy, stall = [replied(503, {"error": "x"})], Stall(upstream="llm", type="stall")
    run = run_dir(
        Stretch(name="baseline", replies=[answered()]),
        Stretch(name="rest", replies=busy),
        Stretch(name="baseline", replies=busy),
        Stretch(name="baseline", replies=busy, fault=stall),
    )
    samples = build(run).table.samples.select("stage_index", "outcome").unique(maintain_order=True)
    assert samples.rows() == [(0, "answered"), (1, "shed"), (2, "errored"), (3, "shed")]


@pytest.mark.parametrize(("headers", "expected"), [({}, "errored"), ({"retry-after": "2"}, "shed")])
def test_retry_after_counts_where_the_scenario_requires_it(
    run_dir: RunDir, headers: dict[str, str], expected: str
) -> None:
    run = run_dir(
        Stretch(name="baseline", replies=[answered()]),
        Stretch(name="later", replies=[replied(429, {"error": "busy"}, headers=headers)]),
        target={"clean_errors": {"statuses": [429], "retry_after": "required"}},
    )
    assert outcome_of(run) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"stream": StreamEnd.DONE, "finish": "stop"}, "answered"),
        ({"stream": StreamEnd.DONE}, "wrong"),
        ({"stream": StreamEnd.ENDED, "finish": "stop"}, "broken"),
    ],
)
def test_what_a_stream_declares_it_must_show(run_dir: RunDir, facts: dict[str, Any], expected: str) -> None:
    run = run_dir(
        Stretch(name="baseline", replies=[answered()]),
        Stretch(name="later", replies=[answered(**facts)]),
        target={"answer": {"path": "answer", "stream": "sse", "done": "[DONE]", "finish": "choices[0].finish_reason"}},
    )
    assert outcome_of(run) == expected


def test_an_assertion_that_cannot_be_made_is_unknown(run_dir: RunDir) -> None:
    nonsense = replace(INPUTS[GOOD], fields={**INPUTS[GOOD].fields, "expected": {"no": "text"}})
    run = run_dir(Stretch(name="baseline", replies=[answered()]), inputs=(nonsense,))
    assert outcome_of(run, "baseline") == "unknown"


def test_the_table_has_the_columns_that_metrics_expect(run_dir: RunDir) -> None:
    table = build(run_dir(Stretch(name="baseline", replies=[answered()]))).table
    assert dict(table.samples.schema) == dict(SAMPLES)
    assert dict(table.attempts.schema) == dict(ATTEMPTS)
    assert table.planned == {0: 100}


def test_an_input_with_an_assertion_is_checked_and_one_without_is_not(run_dir: RunDir) -> None:
    replies = [answered(), replied(200, PARIS, input=UNCHECKED)]
    samples = build(run_dir(Stretch(name="baseline", replies=replies))).table.samples
    assert dict(samples.group_by("input").agg(pl.col("checked").all()).iter_rows()) == {GOOD: True, UNCHECKED: False}


def test_a_body_that_was_not_kept_is_said_where_it_is_needed(run_dir: RunDir) -> None:
    cut = content(PARIS, whole=False)
    replies = [answered(), replied(200, said=cut), hung(3.0, content=cut.hash)]
    samples = build(run_dir(Stretch(name="baseline", lasts=3, replies=replies))).table.samples
    assert dict(samples.group_by("outcome").agg(pl.col("kept").all()).iter_rows()) == {
        "answered": True,
        "unknown": False,
        "hung": True,
    }


def test_times_are_seconds_since_due_and_since_start(run_dir: RunDir) -> None:
    late = Sample(
        request=0, due=0, start=200_000, first_token=300_000, last_token=1_300_000, end=1_500_000, tokens=11,
        gap_max=400_000, how=How.COMPLETE, status=200,
    )  # fmt: skip
    run = run_dir(Stretch(name="baseline", lasts=0.1, replies=[Reply(sample=lambda request, due: late)]))
    row = build(run).table.samples.row(0, named=True)
    assert {key: row[key] for key in ("response", "service", "lag", "ttft", "tpot", "gap_max")} == pytest.approx(
        {"response": 1.5, "service": 1.3, "lag": 0.2, "ttft": 0.3, "tpot": 0.1, "gap_max": 0.4}
    )


def test_wiring_calls_stand_in_the_table_and_in_no_window(run_dir: RunDir) -> None:
    """A leak there is a leak; nothing else counts."""
    wiring = Sample(request=-1, due=-SECOND, start=-SECOND, end=-1, how=How.COMPLETE, status=200, foreign=("b/answer",))
    samples = build(run_dir(Stretch(name="baseline", replies=[answered()]), extra=[(wiring, None)])).table.samples
    row = samples.filter(pl.col("request") < 0).row(0, named=True)
    assert (row["outcome"], row["in_window"], row["stage_index"], row["foreign"]) == ("leaked", False, -1, ["b/answer"])


def test_samples_of_another_run_are_refused(run_dir: RunDir) -> None:
    strange = Sample(request=10_000, due=0, how=How.NOT_SENT)
    with pytest.raises(RunDirectoryError, match="not in the plan"):
        build(run_dir(Stretch(name="baseline", replies=[answered()]), extra=[(strange, None)]))


def test_what_is_due_while_a_fault_is_being_confirmed_is_in_no_window(run_dir: RunDir) -> None:
    """Stage and guard: [confirmed on, end − deadline)."""
    stretches = (
        Stretch(name="baseline", replies=[answered()]),
        Stretch(name="outage", replies=[answered()], fault=Stall(upstream="llm", type="stall")),
        Stretch(name="recovery", replies=[answered()]),
    )
    run = run_dir(*stretches, marks=marks_of(plan_of(stretches), late=250_000))
    found = build(run)
    windows = {stage.name: stage.window for stage in found.table.stages}
    assert windows == {
        "baseline": (0, 7 * SECOND),
        "outage": (10_250_000, 17 * SECOND),
        "recovery": (20_250_000, 30 * SECOND),
    }
    judged = found.table.samples.filter(pl.col("in_window"))
    assert judged.group_by("stage").len().sort("stage").rows() == [("baseline", 70), ("outage", 67), ("recovery", 97)]


def test_a_fault_that_never_came_on_leaves_its_stage_without_a_window(run_dir: RunDir) -> None:
    found = build(
        run_dir(
            Stretch(name="baseline", replies=[answered()]),
            Stretch(name="outage", replies=[answered()], fault=Down(upstream="llm"), confirmed=False),
        )
    )
    assert found.table.stages[1].window is None
    assert found.table.faults[0].window is None
    assert not found.table.samples.filter(pl.col("stage") == "outage")["in_window"].any()


def test_attempts_are_joined_by_the_name_of_their_request(run_dir: RunDir) -> None:
    found = build(run_dir(Stretch(name="baseline", replies=[answered()]), attempts=lambda plan: attempts_for(plan, 0)))
    assert found.table.attempts["request"].to_list() == list(range(100))
    assert found.table.upstreams == {"llm": True}
    assert found.notes == ()


def test_a_target_that_loses_the_header_is_joined_by_time_and_told_so(run_dir: RunDir) -> None:
    run = run_dir(
        Stretch(name="baseline", replies=[answered()]),
        attempts=lambda plan: [replace(attempt, join=None) for attempt in attempts_for(plan, 0)],
    )
    found = build(run)
    assert found.table.upstreams == {"llm": False}
    assert "0 of 100 attempts at llm carry" in found.notes[0]


def test_a_request_is_bitten_by_a_stand_fault_that_touched_its_attempt(run_dir: RunDir) -> None:
    fault = HttpError(upstream="llm", type="http_error", error_rate="50%")
    run = run_dir(
        Stretch(name="baseline", replies=[answered()]),
        Stretch(name="outage", lasts=1, replies=[answered()], fault=fault),
        attempts=lambda plan: [
            *attempts_for(plan, 0),
            *attempts_for(plan, 1, faults=(f"{fault.name}@1",))[:4],
            *attempts_for(plan, 1)[4:],
        ],
    )
    bitten = build(run).table.samples.filter(pl.col("bitten"))["request"].to_list()
    assert bitten == [100, 101, 102, 103]


@pytest.mark.parametrize(("toxicity", "bitten"), [("100%", 10), ("50%", 0)])
def test_a_request_is_bitten_by_a_visible_toxic_only_where_it_holds_every_connection(
    run_dir: RunDir, toxicity: str, bitten: int
) -> None:
    fault = Latency(upstream="llm", type="latency", attributes={"latency": "1s"}, toxicity=toxicity)
    run = run_dir(
        Stretch(name="baseline", replies=[answered()]),
        Stretch(name="outage", lasts=1, replies=[answered()], fault=fault),
        attempts=lambda plan: [*attempts_for(plan, 0), *attempts_for(plan, 1)],
    )
    assert build(run).table.samples["bitten"].sum() == bitten


def test_a_sample_due_while_a_flap_was_being_switched_is_under_no_fault(run_dir: RunDir) -> None:
    """10 requests a second; the second on-time was confirmed two seconds late, all others 5 ms: 20 + 1 fall out."""
    flap = Down(upstream="llm", flap={"fault": "3s", "pause": "1s"})
    stretches = [
        Stretch(name="baseline", replies=[answered()]),
        Stretch(name="outage", replies=[answered()], fault=flap, spans=((0.0, 3.0), (4.0, 10.0))),
    ]
    late = [
        mark
        if (mark.kind, mark.detail["span"]) != ("fault_on", 1)
        else replace(mark, at=mark.at + 1_995_000, confirmed=(mark.confirmed or 0) + 1_995_000)
        for mark in marks_of(plan_of(stretches))
    ]
    found = build(run_dir(*stretches, marks=late)).table
    counted = view(Ground(found), Scope(fault=("llm.down",))).everyone.collect()
    due = set(counted["due"].to_list())
    assert due == set(range(10_100_000, 17_000_000, 100_000)) - {13_000_000, *range(14_000_000, 16_000_000, 100_000)}


def test_a_second_stage_named_like_the_baseline_is_the_baseline_too(run_dir: RunDir) -> None:
    """What fails there fails on its own: no other baseline could excuse it. With a fault in it, it is another stage."""
    found = build(
        run_dir(
            Stretch(name="baseline", replies=[answered()]),
            Stretch(name="outage", replies=[hung()], fault=Down(upstream="llm")),
            Stretch(name="baseline", replies=[answered()]),
            Stretch(name="baseline", replies=[answered()], fault=Down(upstream="llm")),
        )
    ).table
    assert [stage.baseline for stage in found.stages] == [True, False, True, False]
    assert Ground(found).baseline == found.stages[0]


def test_a_run_without_samples_has_an_empty_table(run_dir: RunDir) -> None:
    assert len(build(run_dir(Stretch(name="baseline"))).table.samples) == 0


@pytest.mark.parametrize("name", ["samples.parquet", "answers.parquet", "plan.jsonl", "attempts.jsonl", "marks.jsonl"])
def test_a_damaged_copy_is_told_and_never_judged(run_dir: RunDir, name: str) -> None:
    run = run_dir(Stretch(name="baseline", replies=[answered()]), attempts=lambda plan: attempts_for(plan, 0))
    (run.path / name).write_bytes(b"PAR1 this is not\n")
    with pytest.raises(RunDirectoryError):
        build(RunDirectory.open(run.path))
