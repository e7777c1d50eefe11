"""Time to recover, exactly as defined."""

from dataclasses import replace
from math import inf

import pytest

from pocchaos.metrics import Ask, Clock, Reading, Table, named
from tests.metrics.builders import (
    Part,
    Row,
    answered,
    degraded,
    fault,
    hung,
    lost,
    mixed,
    refused,
    stage,
    table,
    unknown,
    whole,
    wrong,
)

METRIC = named("time_to_recover")
RATE = 40  # per second: bins of 1 s


def calm(seconds: float = 30, **facts: object) -> Part:
    return stage("baseline", seconds, answered(round(seconds * RATE), **facts))


def outage(seconds: float = 20, **facts: object) -> Part:
    return stage("out", seconds, degraded(round(seconds * RATE)), faults=[fault(**facts)])  # type: ignore[arg-type]


def rest(seconds: float, slow: float, rows: list[Row] | None = None, name: str = "rest") -> Part:
    """After the fault: `slow` seconds without an answer, then good ones."""
    bad = hung(round(slow * RATE))
    good = answered(round((seconds - slow) * RATE)) if rows is None else rows
    return stage(name, seconds, bad, good)


def read(run: Table, limit: float | None = 10.0, stage: str = "rest", **facts: object) -> Reading:
    return METRIC.read(whole(run, stage), Ask(sense="at_most", limit=limit, **facts))  # type: ignore[arg-type]


def test_it_runs_from_the_faults_end_to_the_first_bin_that_stays_in_band() -> None:
    found = read(table(calm(), outage(), rest(30, 4)))
    assert (found.figure, found.interval) == (4.0, (3.0, 4.0))
    assert not found.troubles


def test_a_target_that_is_back_at_once_reads_nought() -> None:
    assert read(table(calm(), outage(), rest(30, 0))).interval == (0.0, 0.0)


def test_bins_hold_twenty_planned_requests_each() -> None:
    """At 4/s a bin lasts 5 s, so a recovery after 4 s reads 5."""
    run = table(
        stage("baseline", 100, answered(400)),
        stage("out", 20, degraded(80), faults=[fault()]),
        stage("rest", 60, hung(16), answered(224)),
    )
    found = read(run, 30.0)
    assert (found.figure, found.interval) == (5.0, (0.0, 5.0))


def test_a_good_second_in_the_middle_of_the_trouble_is_no_recovery() -> None:
    rows = [*hung(2 * RATE), *answered(2 * RATE), *hung(3 * RATE), *answered(23 * RATE)]
    assert read(table(calm(), outage(), stage("rest", 30, rows))).figure == 7.0


def test_three_good_bins_before_a_relapse_are_none_either() -> None:
    """All that follows up to the guard must be shown to be in band as well."""
    rows = [*answered(4 * RATE), *hung(10 * RATE), *answered(16 * RATE)]
    assert read(table(calm(), outage(), stage("rest", 30, rows))).figure == 14.0


def test_fallbacks_and_late_answers_are_not_recovery() -> None:
    rows = [*degraded(3 * RATE), *answered(3 * RATE, took=1.1), *answered(24 * RATE)]
    assert read(table(calm(), outage(), stage("rest", 30, rows))).figure == 6.0


def test_an_answer_within_twice_the_baselines_p95_is_a_success() -> None:
    rows = [*degraded(3 * RATE), *answered(27 * RATE, took=0.99)]
    assert read(table(calm(), outage(), stage("rest", 30, rows))).figure == 3.0


def test_never_is_later_than_the_stage_lasts() -> None:
    found = read(table(calm(), outage(), stage("rest", 30, degraded(30 * RATE))))
    assert (found.figure, found.interval) == (inf, (30.0, inf))
    assert not found.troubles


def test_a_rest_that_is_too_short_for_the_limit_decides_nothing() -> None:
    """10 s, three bins of 1 s and a deadline of 5 s are 18 s."""
    found = read(table(calm(), outage(), rest(17, 0)))
    assert found.troubles[0].remedy == "lengthen rest by 1 s"
    assert found.troubles[0].fail_stands
    never = read(table(calm(), outage(), stage("rest", 17, degraded(17 * RATE))))
    assert not never.troubles[0].fail_stands


def test_a_rest_that_is_just_long_enough_by_the_plan_stays_so_when_its_edge_is_confirmed() -> None:
    """10 s, three bins and a deadline are 18 s; the fault was confirmed off 40 ms after the plan's moment."""
    run = table(calm(), outage(), rest(18, 0))
    late = replace(run, faults=(replace(run.faults[0], off=run.faults[0].off + 40_000),))  # type: ignore[operator]
    assert not read(late).troubles


def test_answers_that_nobody_checked_are_no_proof_of_recovery() -> None:
    unchecked = stage("rest", 30, answered(30 * RATE, checked=False))
    found = read(table(calm(), outage(), unchecked))
    (trouble,) = found.troubles
    assert trouble.fail_stands
    assert trouble.why.startswith("1,200 of 1,200 samples since the fault's end were answers to inputs without")


def test_the_origin_is_the_confirmed_end_not_the_planned_one() -> None:
    run = table(calm(), outage(), rest(30, 6))
    late = replace(run, faults=(replace(run.faults[0], off=run.faults[0].off + 2_000_000),))  # type: ignore[operator]
    assert read(late).figure == 4.0


def test_the_series_crosses_stage_borders() -> None:
    """The fault ends within its own stage; the next stage only says which recovery is meant."""
    run = table(calm(), stage("out", 20, degraded(20 * RATE), faults=[fault()]), rest(30, 3))
    early = replace(run, faults=(replace(run.faults[0], off=45_000_000),))
    assert read(early).figure == 8.0


def test_the_series_ends_at_the_stages_guard() -> None:
    rows = [*answered(27 * RATE), *hung(3 * RATE)]
    assert read(table(calm(), outage(), stage("rest", 30, rows), guard=5.0)).figure == 0.0


def test_recovery_cannot_be_read_under_another_fault() -> None:
    run = table(calm(), outage(), rest(30, 0))
    other = replace(run.faults[0], key="db", id="db.latency", on=60_000_000, off=70_000_000, stage=2)
    assert read(replace(run, faults=(*run.faults, other)), 2.0).troubles == ()
    still_on = replace(other, off=None)
    assert "db.latency goes on" in read(replace(run, faults=(*run.faults, still_on))).troubles[0].why


def test_a_stage_that_no_fault_precedes_has_nothing_to_recover_from() -> None:
    found = read(table(calm(), outage(), rest(30, 0)), stage="baseline")
    assert found.figure is None
    assert "nothing to recover from" in found.troubles[0].why


def test_the_end_of_a_load_of_its_own_is_an_origin_too() -> None:
    run = table(calm(), stage("spike", 20, answered(2000), own_load=True), rest(30, 5))
    assert read(run).figure == 5.0


def test_the_worst_of_several_cycles_is_judged_and_all_are_shown() -> None:
    run = table(calm(), outage(), rest(30, 2), outage(), rest(30, 6), outage(), rest(30, 1))
    found = read(run)
    assert found.figure == 6.0
    assert "rest 1: 2 s; rest 2: 6 s; rest 3: 1 s" in found.notes


def test_a_poor_baseline_is_no_yardstick() -> None:
    base = stage("baseline", 30, mixed(answered(980), wrong(220)))
    assert "below 85 %" in read(table(base, outage(), rest(30, 0))).troubles[0].why


def test_a_baseline_that_does_not_read_as_recovered_is_no_yardstick() -> None:
    """The self-test: twelve seconds of trouble at its beginning would make any recovery look early."""
    base = stage("baseline", 120, wrong(10 * RATE), answered(110 * RATE))
    assert "does not itself read as recovered" in read(table(base, outage(), rest(30, 0))).troubles[0].why


def test_a_baseline_without_p95_is_no_yardstick() -> None:
    base = stage("baseline", 30, mixed(answered(1080), hung(120)))
    assert "more than 5 % of the baseline got no answer" in read(table(base, outage(), rest(30, 0))).troubles[0].why


def test_only_inputs_that_deserve_an_answer_are_looked_at() -> None:
    base = stage("baseline", 30, mixed(answered(30 * RATE), refused(10 * RATE)))
    after = stage("rest", 30, mixed(answered(30 * RATE), refused(10 * RATE), unknown(5)))
    assert read(table(base, outage(), after)).figure == 0.0


def test_the_planned_rate_counts_what_was_never_sent() -> None:
    after = stage("rest", 60, mixed(answered(600), lost(600)))
    assert "bins of 1 s" in " ".join(read(table(calm(), outage(), after)).notes)


def test_a_limit_inside_a_bin_is_not_decided() -> None:
    found = read(table(calm(), outage(), rest(30, 4)), 3.5)
    assert found.troubles[0].why == "the limit lies inside a bin of 1 s"
    assert "raise the rate" in found.troubles[0].remedy


def test_a_tail_that_cannot_be_told_from_the_band_is_not_decided() -> None:
    """92 % against a band of 90 % with few samples: neither back nor not."""
    base = stage("baseline", 60, answered(240))
    after = stage("rest", 30, mixed(answered(108), wrong(12)))
    found = read(table(base, stage("out", 20, degraded(80), faults=[fault()]), after), 5.0)
    assert any("cannot be told from 90 %" in trouble.why for trouble in found.troubles)


def test_recovery_only_under_less_load_is_named() -> None:
    run = table(
        calm(),
        outage(),
        stage("rest", 30, degraded(30 * RATE)),
        stage("quiet", 60, answered(10 * RATE), own_load=True),
    )
    assert "recovered only when load dropped, in quiet" in read(run).notes


def test_our_own_lag_is_not_the_targets_recovery() -> None:
    rows = [*answered(5 * RATE, response=3.0, service=0.5), *answered(25 * RATE)]
    run = table(calm(), outage(), stage("rest", 30, rows))
    assert read(run).figure == 5.0
    assert read(run, clock=Clock.SERVICE).figure == 0.0


def test_it_rests_on_the_bite_of_the_fault_that_it_follows() -> None:
    run = table(calm(), outage(), rest(30, 0))
    assert [scope.key for scope in METRIC.rests_on(whole(run, "rest"))] == [run.faults[0].key]


def test_what_failed_after_the_limit_counts_against_it() -> None:
    rows = [*hung(2 * RATE), *answered(20 * RATE), *wrong(1), *answered(7 * RATE)]
    run = table(calm(), outage(), stage("rest", 30, rows))
    against = METRIC.against(whole(run, "rest"), Ask(sense="at_most", limit=10.0))
    assert against == (30 * RATE + 20 * RATE + 22 * RATE,)


@pytest.mark.parametrize("name", ["no", "other"])
def test_without_a_baseline_there_is_no_figure(name: str) -> None:
    run = table(calm(), outage(), rest(30, 0))
    stages = tuple(replace(s, baseline=False) for s in run.stages) if name == "no" else run.stages
    found = read(replace(run, stages=stages, samples=run.samples.clear() if name == "other" else run.samples))
    assert found.figure is None
    assert "no yardstick" in found.troubles[0].why
