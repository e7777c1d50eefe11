"""Attempts for each request."""

from dataclasses import replace

import pytest

from pocchaos.metrics import Ask, Reading, Table, named
from tests.metrics.builders import (
    answered,
    attempts,
    degraded,
    fault,
    lost,
    refused,
    stage,
    table,
    whole,
    with_attempts,
)

METRIC = named("attempts_per_request")


def outage(seconds: float = 30.0, **facts: object) -> Table:
    out = stage("out", seconds, degraded(round(10 * seconds)), faults=[fault(**facts)])  # type: ignore[arg-type]
    return table(stage("baseline", 30, answered(300)), out)


def read(run: Table, name: str | None = "out", **facts: object) -> Reading:
    return METRIC.read(whole(run, name, **facts), Ask(sense="at_most", limit=3.0))


def test_a_constant_two_reads_two_without_any_width() -> None:
    run = outage()
    found = read(with_attempts(run, attempts(run, 2)))
    assert (found.figure, found.interval) == (2.0, (2.0, 2.0))
    assert found.n == 300
    assert not found.troubles


def test_joined_attempts_belong_to_their_request_whenever_they_arrive() -> None:
    """The last requests' retries arrive after the fault is off: they are its doing all the same."""
    run = outage()
    late = [{**row, "arrived": row["arrived"] + 20_000_000} for row in attempts(run, 2)]
    assert read(with_attempts(run, late)).interval == (2.0, 2.0)


def test_without_a_join_attempts_count_where_they_arrive() -> None:
    run = replace(outage(), upstreams={"llm": False})
    stray = attempts(run, 2, joined=False)
    assert read(with_attempts(run, stray)).figure == pytest.approx(2.0, abs=0.05)
    late = [{**row, "arrived": row["arrived"] + 60_000_000} for row in stray]
    assert read(with_attempts(run, late)).figure == 0


def test_attempts_that_lost_their_request_count_where_they_arrive_even_if_others_are_joined() -> None:
    run = outage()
    rows = attempts(run, 1) + attempts(run, 1, joined=False, stage="out")
    assert read(with_attempts(run, rows)).figure == pytest.approx(2.0, abs=0.01)


def test_the_wirings_attempts_are_not_the_runs() -> None:
    run = outage()
    wiring = [{**row, "request": -1} for row in attempts(run, 5)]
    assert read(with_attempts(run, attempts(run, 1) + wiring)).figure == 1


def test_an_amplified_load_varies_from_second_to_second() -> None:
    run = outage()
    rows = attempts(run, 1) + [row for row in attempts(run, 1) if row["request"] % 7 < 3]
    found = read(with_attempts(run, rows))
    assert found.interval is not None
    assert found.interval[0] < 1.43 < found.interval[1]


def test_attempts_cannot_be_seen_under_a_blind_fault() -> None:
    run = outage(type="down", visible=False)
    trouble = read(with_attempts(run, [])).troubles[0]
    assert trouble.why == "attempts cannot be seen under `down`"
    assert trouble.remedy.startswith("use `http_error` or `stall`, which")


def test_a_short_fault_has_too_few_blocks_and_the_remedy_says_how_many_more() -> None:
    run = outage(15.0)
    trouble = read(with_attempts(run, attempts(run, 1))).troubles[0]
    assert trouble.why == "15 blocks of 1 s, 20 are needed"
    assert trouble.remedy == "+5 s at this rate"


def test_a_category_needs_a_join() -> None:
    run = replace(outage(), upstreams={"llm": False})
    assert read(with_attempts(run, attempts(run, 1)), narrowed=True).troubles[0].why.startswith("attempts are not join")


def test_the_baseline_is_read_in_its_window() -> None:
    run = outage()
    assert read(with_attempts(run, attempts(run, 3)), "baseline").figure == 3


def test_requests_that_were_never_sent_are_not_divided_by() -> None:
    out = stage("out", 30, degraded(300), lost(30), faults=[fault()])
    run = table(stage("baseline", 30, answered(300)), out)
    assert read(with_attempts(run, attempts(run, 1))).n == 300


def test_other_upstreams_are_counted_apart() -> None:
    run = replace(outage(), upstreams={"llm": True, "db": True})
    rows = attempts(run, 1) + attempts(run, 4, upstream="db")
    view = replace(whole(with_attempts(run, rows), "out"), upstreams=("llm",))
    assert METRIC.read(view, Ask(sense="at_most", limit=3.0)).figure == 1


def test_the_requests_with_the_most_attempts_count_against_it() -> None:
    run = outage()
    rows = attempts(run, 1) + [row for row in attempts(run, 4) if row["request"] in {310, 320}]
    against = METRIC.against(whole(with_attempts(run, rows), "out"), Ask(sense="at_most", limit=1.5))
    assert against == (310, 320)


def test_no_request_in_scope_gives_no_figure() -> None:
    run = table(stage("baseline", 30, refused(0)), stage("out", 30, faults=[fault()]))
    assert read(run).figure is None
