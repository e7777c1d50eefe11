"""Which due times are judged, with planned and with confirmed edges. Deadline 2 s, stages of 10 s."""

import pytest

from pocchaos.scenario.windows import StageWindows, judged_windows
from tests.plan.build import SECOND, down, http_error, planned, scenario, stage

DEADLINE = 2.0
OUTAGE = [stage("baseline", settle="3s"), stage("outage", "10s", down()), stage("recovery")]
FLAP = [stage("baseline"), stage("flap", "10s", down(flap={"fault": "1s", "pause": "3s"})), stage("rest")]
GAME_DAY = [
    stage("baseline"),
    stage("day", "10s", down("db", at="3s"), http_error(at="1s", **{"for": "4s"})),
    stage("rest"),
]
PAIR = [stage("baseline"), stage("both", "10s", down("db"), http_error()), stage("rest")]


def seconds(windows: StageWindows) -> tuple[list[tuple[float, float] | None], dict[str, tuple[float, float] | None]]:
    def one(window: tuple[int, int] | None) -> tuple[float, float] | None:
        return window and (window[0] / SECOND, window[1] / SECOND)

    return [one(window) for window in windows.stages], {key: one(window) for key, window in windows.faults.items()}


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        pytest.param(OUTAGE, ([(3, 8), (10, 18), (20, 30)], {"llm.down@1": (10, 18)}), id="settle and guards"),
        pytest.param(FLAP, ([(0, 8), (10, 20), (20, 30)], {"llm.down@1": (10, 17)}), id="a flap is one envelope"),
        pytest.param(
            GAME_DAY,
            ([(0, 8), (10, 18), (20, 30)], {"db.down@1": (13, 18), "llm.http_error@1": (11, 13)}),
            id="faults inside a stage have windows of their own and leave its window whole",
        ),
        pytest.param(
            [stage("baseline"), stage("blink", "10s", down(**{"for": "2s"})), stage("rest")],
            ([(0, 8), (10, 20), (20, 30)], {"llm.down@1": None}),
            id="a fault no longer than a deadline has no window",
        ),
        pytest.param(
            [stage("baseline"), stage("short", "2s", down()), stage("rest")],
            ([(0, 8), None, (12, 22)], {"llm.down@1": None}),
            id="a stage no longer than its guard has no window",
        ),
        pytest.param(
            [stage("baseline"), stage("last", "10s", down())],
            ([(0, 8), (10, 20)], {"llm.down@1": (10, 18)}),
            id="the final drain needs no guard",
        ),
    ],
)
def test_windows_of_a_plan(stages: list[dict[str, object]], expected: object) -> None:
    assert seconds(judged_windows(planned(scenario(*stages)), DEADLINE)) == expected


@pytest.mark.parametrize(
    ("stages", "confirmed", "expected"),
    [
        pytest.param(
            OUTAGE,
            {"llm.down@1": (10.25, 20.5)},
            ([(3, 8), (10.25, 18), (20.5, 30)], {"llm.down@1": (10.25, 18)}),
            id="the outage begins when it is confirmed, the rest when its end is",
        ),
        pytest.param(
            PAIR,
            {"db.down@1": (10.1, 20.1), "llm.http_error@1": (10.4, 20.3)},
            ([(0, 8), (10.4, 18), (20.3, 30)], {"db.down@1": (10.1, 18), "llm.http_error@1": (10.4, 18)}),
            id="the last of several counts",
        ),
        pytest.param(
            GAME_DAY,
            {"db.down@1": (13.5, 20.1), "llm.http_error@1": (11.2, 15.2)},
            ([(0, 8), (10, 18), (20.1, 30)], {"db.down@1": (13.5, 18), "llm.http_error@1": (11.2, 13)}),
            id="a fault that comes later does not shorten its stage",
        ),
        pytest.param(
            OUTAGE, {}, ([(3, 8), None, None], {"llm.down@1": None}), id="never on: neither the fault nor the stage was"
        ),
        pytest.param(
            OUTAGE,
            {"llm.down@1": (10.2, None)},
            ([(3, 8), (10.2, 18), None], {"llm.down@1": (10.2, 18)}),
            id="never off: there was no recovery",
        ),
        pytest.param(
            [stage("baseline"), stage("outage", "10s", down(**{"for": "5s"})), stage("rest")],
            {"llm.down@1": (10.2, None)},
            ([(0, 8), (10.2, 20), None], {"llm.down@1": (10.2, 13)}),
            id="never off in mid-stage: what follows is no recovery either",
        ),
    ],
)
def test_windows_of_a_run(
    stages: list[dict[str, object]], confirmed: dict[str, tuple[float | None, float | None]], expected: object
) -> None:
    edges = {
        key: (on if on is None else round(on * SECOND), off if off is None else round(off * SECOND))
        for key, (on, off) in confirmed.items()
    }
    assert seconds(judged_windows(planned(scenario(*stages)), DEADLINE, edges)) == expected


def test_settle_counts_from_the_confirmed_start() -> None:
    stages = [stage("baseline"), stage("outage", "10s", down(), settle="2s"), stage("rest")]
    windows = judged_windows(planned(scenario(*stages)), DEADLINE, {"llm.down@1": (10_500_000, 20 * SECOND)})
    assert windows.stages[1] == (12_500_000, 18 * SECOND)


def test_a_sample_due_while_a_change_is_being_confirmed_belongs_to_no_window() -> None:
    plan = planned(scenario(*GAME_DAY))
    confirmed = {"db.down@1": (13_500_000, 20_100_000), "llm.http_error@1": (11_200_000, 15_200_000)}
    windows = judged_windows(plan, DEADLINE, confirmed, changing=[(15_000_000, 15_200_000), (13_400_000, 13_600_000)])
    due = [10_999_999, 11_000_000, 11_199_999, 11_200_000, 13_599_999, 13_600_000, 15_000_000, 15_200_000]
    assert [windows.judged(1, at) for at in due] == [True, False, False, True, False, True, False, True]
    assert not windows.under("db.down@1", 13_550_000)
    assert windows.under("db.down@1", 13_600_000)


def test_the_edges_of_a_window_are_half_open() -> None:
    windows = judged_windows(planned(scenario(*OUTAGE)), DEADLINE)
    assert [windows.judged(0, at) for at in (2_999_999, 3_000_000, 7_999_999, 8_000_000)] == [False, True, True, False]
