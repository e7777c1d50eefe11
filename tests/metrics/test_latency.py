"""Percentiles, judged as the share within a time."""

from math import inf
from random import Random

import pytest

from pocchaos.metrics import Ask, Clock, Reading, Table, named
from pocchaos.model.outcome import NO_ANSWER, Outcome
from tests.metrics.builders import (
    Row,
    answered,
    degraded,
    fault,
    hung,
    mixed,
    refused,
    samples,
    shed,
    stage,
    table,
    whole,
    wrong,
)


def read(metric: str, run: Table, limit: float | None = None, **facts: object) -> Reading:
    return named(metric).read(whole(run), Ask(sense="at_most", limit=limit, **facts))  # type: ignore[arg-type]


def spread(count: int, **facts: object) -> list[Row]:
    """Answers that took 10 ms, 20 ms, …, in a seeded disorder."""
    rows = [row for number in range(count) for row in answered(1, took=0.01 * (number + 1), input=number, **facts)]
    Random(3).shuffle(rows)
    return rows


def test_a_percentile_is_the_least_time_within_which_that_share_was_served() -> None:
    run = table(stage("baseline", 60, spread(200)))
    assert read("latency.p50", run).figure == pytest.approx(1.00)
    assert read("latency.p95", run).figure == pytest.approx(1.90)
    assert read("latency.p99.5", run).figure == pytest.approx(1.99)


@pytest.mark.parametrize("outcome", sorted(NO_ANSWER))
def test_no_answer_is_infinitely_late_whatever_ended_it(outcome: Outcome) -> None:
    """A target that refuses 10 % of the requests at once has no p95, however quick the refusals were."""
    run = table(stage("baseline", 60, mixed(answered(900), samples(outcome, 100, took=0.01))))
    assert read("latency.p95", run).figure == inf
    assert read("latency.p85", run).figure == 0.5


def test_a_wrong_or_marked_answer_is_an_answer() -> None:
    run = table(stage("baseline", 60, answered(900), degraded(50, took=2.0), wrong(50, took=2.0)))
    assert read("latency.p95", run).figure == 2.0


def test_those_who_should_be_refused_are_in_no_latency() -> None:
    run = table(stage("baseline", 60, answered(100), refused(100, took=9.0)))
    assert read("latency.p95", run).n == 100


def test_p95_within_three_seconds_means_that_95_percent_got_an_answer_by_then() -> None:
    run = table(stage("baseline", 60, mixed(answered(960), hung(40))))
    found = read("latency.p95", run, 3.0)
    assert found.share is not None
    assert found.share.share == 0.96
    assert found.need == 73
    assert found.asked == 0.95
    assert "96 % within 3 s (94.6 % to 97.05 %)" in found.notes


def test_the_interval_agrees_with_the_judgement_at_the_limit() -> None:
    """Every t whose interval for "within t" holds the share: above the limit only if the limit fails, and so on."""
    run = table(stage("baseline", 60, spread(400)))
    for limit in (3.5, 3.7, 3.75, 3.8, 3.85, 3.9, 4.0):
        found = read("latency.p95", run, limit)
        assert found.share is not None
        assert found.interval is not None
        assert found.figure is not None
        assert (found.interval[1] <= limit) == (found.share.low >= 0.95)
        assert (found.interval[0] > limit) == (found.share.high < 0.95)
        assert found.interval[0] <= found.figure <= found.interval[1]


def test_the_interval_agrees_with_the_judgement_among_many_too() -> None:
    """Where only some of the times are looked at, an end may not lie on the other side of the limit."""
    rows = sorted(spread(12_000), key=lambda row: (row["input"] // 40 * 7919 % 300, row["input"]))  # alike in time
    run = table(stage("baseline", 6000, rows))
    coarse = read("latency.p95", run).interval
    assert coarse is not None
    for limit in [end - 0.02 * step for end in coarse for step in range(-2, 8)]:
        found = read("latency.p95", run, limit)
        assert found.share is not None
        assert found.interval is not None
        assert (found.interval[1] <= limit) == (found.share.low >= 0.95)
        assert (found.interval[0] > limit) == (found.share.high < 0.95)


def test_an_end_that_clusters_put_far_away_is_still_found() -> None:
    """There is no p99, but all that got no answer fell into one burst: the interval begins at half a second."""
    run = table(stage("out", 120, answered(30_000), hung(2_500), answered(27_500), faults=[fault()]))
    assert read("latency.p99", run).figure == inf
    assert read("latency.p99", run).interval == (0.5, inf)


def test_a_percentile_of_few_has_no_upper_end() -> None:
    run = table(stage("baseline", 60, spread(50)))
    interval = read("latency.p95", run).interval
    assert interval is not None
    assert interval[1] == inf


def test_the_same_stall_that_hits_many_counts_as_one_event() -> None:
    """Order statistics that take requests for independent cover the truth in 39 % of such runs."""
    stalled = table(stage("out", 100, answered(480), answered(40, took=4.0), answered(480), faults=[fault()]))
    apart = table(stage("out", 100, mixed(answered(960), answered(40, took=4.0)), faults=[fault()]))
    together, alone = read("latency.p95", stalled, 3.0), read("latency.p95", apart, 3.0)
    assert together.n_eff < 0.1 * alone.n_eff
    assert together.share is not None
    assert alone.share is not None
    assert together.share.low < alone.share.low


def test_rule_6_covers_a_p95_under_random_stalls() -> None:
    """Stalls of up to 3 s at random moments: the interval for p95 must hold the long-run p95 in about 95 % of runs."""
    random, truth, held, runs = Random(8), _stalled_p95(), 0, 40
    for _ in range(runs):
        rows = _stalled(random, 1200)
        interval = read("latency.p95", table(stage("baseline", 120, rows))).interval
        assert interval is not None
        held += interval[0] <= truth <= interval[1]
    assert held / runs >= 0.88


def _stalled(random: Random, count: int) -> list[Row]:
    """10/s; a stall begins every 20 s on the average and holds what is due in it until its end."""
    rows, until = [], 0.0
    for number in range(count):
        now = number / 10
        if now >= until and random.random() < 1 / 200:
            until = now + random.uniform(1, 3)
        rows += answered(1, took=0.2 + max(0.0, until - now), input=number % 300)
    return rows


def _stalled_p95() -> float:
    values = sorted(row["response"] for row in _stalled(Random(99), 200_000))
    return float(values[round(0.95 * len(values)) - 1])


def test_both_clocks_are_offered() -> None:
    run = table(stage("baseline", 60, answered(100, response=4.0, service=1.0, lag=3.0)))
    assert read("latency.p95", run).figure == 4.0
    assert read("latency.p95", run, clock=Clock.SERVICE).figure == 1.0


def test_the_percentile_of_those_who_were_served_is_shown_and_never_judged() -> None:
    run = table(stage("baseline", 60, mixed(spread(380), shed(20))))
    note = next(note for note in read("latency.p99", run, 3.0).notes if "infinitely late" in note)
    assert note == "20 of 400 had none and count as infinitely late; among the others latency.p99 is 3.77 s"


def test_a_first_token_counts_though_the_stream_hung_later() -> None:
    rows = [*answered(95, ttft=0.3, tokens=9), *hung(5, ttft=0.4, tokens=3)]
    assert read("ttft.p99", table(stage("baseline", 60, rows))).figure == 0.4


def test_a_stream_without_any_token_is_infinitely_late() -> None:
    rows = [*answered(90, ttft=0.3, tokens=9), *hung(10)]
    assert read("ttft.p95", table(stage("baseline", 60, rows))).figure == inf


def test_the_first_token_too_has_a_service_time() -> None:
    rows = answered(50, ttft=1.3, lag=1.0, tokens=9)
    assert read("ttft.p50", table(stage("b", 9, rows)), clock=Clock.SERVICE).figure == pytest.approx(0.3)


def test_times_between_tokens_are_those_of_answers_with_two_tokens() -> None:
    rows = [*answered(90, tpot=0.02, gap_max=0.1, tokens=9), *answered(10, tokens=1)]
    run = table(stage("baseline", 60, rows))
    assert read("tpot.p95", run).n == 90
    assert read("gap_max.p95", run).figure == 0.1
    assert not read("tpot.p95", run).troubles


def test_too_many_answers_of_one_token_say_little_about_the_time_between_tokens() -> None:
    rows = [*answered(79, tpot=0.02, tokens=9), *answered(21, tokens=1)]
    trouble = read("tpot.p95", table(stage("baseline", 60, rows))).troubles[0]
    assert trouble.why == "21 of 100 answers have fewer than two tokens"


def test_a_stream_that_hung_was_silent_up_to_the_deadline() -> None:
    rows = [*answered(90, gap_max=0.1, tokens=9), *hung(10, gap_max=0.2, tokens=3)]
    assert read("gap_max.p95", table(stage("baseline", 60, rows), deadline=7.0)).figure == 7.0


def test_the_slowest_count_against_it_those_without_an_answer_first() -> None:
    rows = [*answered(5), *answered(2, took=4.0), *answered(1, took=4.5), *hung(2)]
    against = named("latency.p95").against(whole(table(stage("b", 9, rows))), Ask(sense="at_most", limit=3.0))
    assert against == (8, 9, 7, 5, 6)


def test_an_interval_far_out_is_found_among_many() -> None:
    """More than the asked share have no answer, though the interval of the rest is narrow."""
    run = table(stage("baseline", 600, mixed(answered(5900), hung(100))))
    assert read("latency.p99", run).interval == (inf, inf)
