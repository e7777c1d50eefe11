"""Stages, blocks, faults and edges on one axis of time."""

import pytest

from pocchaos.scenario.plan import Plan
from tests.plan.build import SECOND, block, down, http_error, planned, scenario, stage


def names(plan: Plan) -> list[str]:
    return [stage.name for stage in plan.stages]


def guarded(plan: Plan) -> list[bool]:
    return [stage.guarded for stage in plan.stages]


def test_stages_lie_end_to_end_from_the_origin() -> None:
    plan = planned(scenario(stage("baseline", "30s", settle="5s"), stage("outage", "1.5s")))
    assert [(stage.start, stage.end, stage.settle) for stage in plan.stages] == [
        (0, 30 * SECOND, 5 * SECOND),
        (30 * SECOND, 31_500_000, 0),
    ]
    assert plan.end == 31_500_000


def test_a_block_repeats_and_each_occurrence_of_a_name_has_its_cycle() -> None:
    plan = planned(scenario(stage("baseline"), block(stage("out", "5s", down()), stage("rest", "5s"), repeat=3)))
    assert names(plan) == ["baseline", "out", "rest", "out", "rest", "out", "rest"]
    assert [stage.cycle for stage in plan.stages] == [0, 0, 0, 1, 1, 2, 2]
    assert [(window.key, window.id, window.cycle) for window in plan.windows] == [
        ("llm.down@1", "llm.down", 0),
        ("llm.down@3", "llm.down", 1),
        ("llm.down@5", "llm.down", 2),
    ]
    assert [stage.windows for stage in plan.stages][:3] == [(), ("llm.down@1",), ()]


def test_repeat_is_outside_for_each_and_the_current_fault_takes_its_place() -> None:
    faults = [down(), http_error("llm", id="e503")]
    inner = block(stage("out-${fault}", "5s", "${fault}"), stage("rest", "5s"), repeat=2, for_each=faults)  # type: ignore[arg-type]
    plan = planned(scenario(stage("baseline"), inner))
    assert names(plan)[1:] == ["out-llm.down", "rest", "out-e503", "rest"] * 2
    assert [window.id for window in plan.windows] == ["llm.down", "e503"] * 2
    assert [window.fault.type for window in plan.windows] == ["down", "http_error"] * 2


def test_alternate_turns_every_second_cycle_and_the_seed_says_which_way_the_first_goes() -> None:
    there = scenario(stage("baseline"), block(stage("quiet"), stage("noisy"), repeat=4, alternate=True))
    seen = {tuple(names(planned(there, seed=seed))[1:]) for seed in range(20)}
    forth, back = ["quiet", "noisy"], ["noisy", "quiet"]
    assert seen == {tuple([*forth, *back] * 2), tuple([*back, *forth] * 2)}


def test_a_fault_has_its_place_in_its_stage_and_never_outlasts_it() -> None:
    plan = planned(
        scenario(
            stage("baseline"),
            stage(
                "day", "10s", down("db", at="2s", **{"for": "3s"}), http_error(at="4s"), down(at="8s", **{"for": "9s"})
            ),
        )
    )
    assert {window.id: window.spans for window in plan.windows} == {
        "db.down": ((12 * SECOND, 15 * SECOND),),
        "llm.http_error": ((14 * SECOND, 20 * SECOND),),
        "llm.down": ((18 * SECOND, 20 * SECOND),),
    }


def test_a_flapping_fault_is_one_window_of_many_spans() -> None:
    plan = planned(scenario(stage("baseline"), stage("flap", "11s", down(flap={"fault": "2s", "pause": "3s"}))))
    (window,) = plan.windows
    assert window.spans == ((10 * SECOND, 12 * SECOND), (15 * SECOND, 17 * SECOND), (20 * SECOND, 21 * SECOND))
    assert [(edge.at // SECOND, edge.turn, edge.span) for edge in plan.edges] == [
        (10, "on", 0),
        (12, "off", 0),
        (15, "on", 1),
        (17, "off", 1),
        (20, "on", 2),
        (21, "off", 2),
    ]


def test_off_comes_before_on_at_the_same_moment() -> None:
    """Two stages with the same toxic: the old one must be gone before the new one of its name can be made."""
    plan = planned(scenario(stage("baseline"), stage("a", "5s", down()), stage("b", "5s", down())))
    assert [(edge.at // SECOND, edge.turn, edge.window) for edge in plan.edges] == [
        (10, "on", "llm.down@1"),
        (15, "off", "llm.down@1"),
        (15, "on", "llm.down@2"),
        (20, "off", "llm.down@2"),
    ]


def test_two_faults_of_one_id_in_a_stage_keep_their_keys_apart() -> None:
    twice = [down(**{"for": "1s"}), down(at="5s", **{"for": "1s"})]
    plan = planned(scenario(stage("baseline"), stage("out", "10s", *twice)))
    assert [window.key for window in plan.windows] == ["llm.down@1", "llm.down@1#2"]


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        pytest.param([stage("a"), stage("b"), stage("c")], [False] * 3, id="nothing changes"),
        pytest.param(
            [stage("a"), stage("b", "10s", down()), stage("c")], [True, True, False], id="a fault comes and goes"
        ),
        pytest.param(
            [stage("a"), stage("b", "10s", down()), stage("c", "10s", down())], [True, True, False], id="again"
        ),
        pytest.param(
            [stage("a"), stage("b", "10s", down(at="1s"))], [True, False], id="within a deadline of the border"
        ),
        pytest.param([stage("a"), stage("b", "10s", down(at="2s"))], [False, False], id="a deadline after the border"),
        pytest.param(
            [stage("a"), stage("b", "10s", down(**{"for": "5s"})), stage("c")], [True, False, False], id="gone"
        ),
        pytest.param(
            [stage("a"), stage("b", load={"arrival": "constant", "rate": "20/s"}), stage("c")],
            [True, True, False],
            id="another load",
        ),
        pytest.param(
            [stage("a"), stage("b", load={"arrival": "constant", "rate": "10/s"})], [False, False], id="the same load"
        ),
        pytest.param(
            [stage("a"), stage("b", load={"arrival": "constant", "rate": {"from": "1/s", "to": "9/s", "steps": 3}})],
            [True, False],
            id="a climb",
        ),
    ],
)
def test_a_stage_is_guarded_where_the_next_changes_faults_or_load_and_never_at_the_end(
    stages: list[dict[str, object]], expected: list[bool]
) -> None:
    """The deadline is 2 s: what changes later than that cannot touch a request due in the stage before."""
    assert guarded(planned(scenario(*stages))) == expected
