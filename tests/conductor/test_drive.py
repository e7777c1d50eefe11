"""The timeline as it happens: in order, on time, each edge marked with what was asked and confirmed."""

from array import array
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import pytest

from pocchaos.conductor.drive import drive, now_us
from pocchaos.faults import Down
from pocchaos.model.errors import StandError
from pocchaos.model.evidence import Mark
from pocchaos.scenario.plan import Edge, FaultWindow, Plan, PlannedStage, Requests

MS = 1_000


class Recorder:
    """Switches that remember what they were asked, and confirm a millisecond later."""

    def __init__(self, fail_on: str = "") -> None:
        self.asked: list[tuple[str, str]] = []
        self._fail_on = fail_on

    def put_on(self, window: FaultWindow, span: int) -> tuple[int, Mapping[str, Any]]:
        if window.key == self._fail_on:
            raise StandError("the stand did not answer")
        self.asked.append(("on", f"{window.key}/{span}"))
        return now_us() + 1_000, {"read_back": {"enabled": False}}

    def take_off(self, window: FaultWindow, span: int) -> tuple[int, Mapping[str, Any]]:
        self.asked.append(("off", f"{window.key}/{span}"))
        return now_us() + 1_000, {}


def stage(index: int, name: str, start: int, end: int, *windows: str) -> PlannedStage:
    return PlannedStage(
        index=index, name=name, cycle=0, start=start, end=end, settle=0, windows=windows, own_load=False, guarded=True
    )


def both(on: int, off: int) -> tuple[tuple[int, Literal["on", "off"]], ...]:
    return ((on, "on"), (off, "off"))


def flapping() -> Plan:
    """Baseline to 60 ms; then `llm.down` on at 60 and 160, off at 110 and 210 ms."""
    spans = ((60 * MS, 110 * MS), (160 * MS, 210 * MS))
    window = FaultWindow(
        key="llm.down@1", id="llm.down", cycle=0, stage=1, fault=Down(type="down", upstream="llm"), spans=spans
    )
    edges = tuple(
        Edge(at=at, turn=turn, window=window.key, span=number)
        for number, (on, off) in enumerate(spans)
        for at, turn in both(on, off)
    )
    return Plan(
        seed=0,
        stages=(stage(0, "baseline", 0, 60 * MS), stage(1, "flap", 60 * MS, 260 * MS, window.key)),
        windows=(window,),
        edges=edges,
        tenants=("default",),
        inputs=(),
        requests=Requests(due=array("q"), stage=array("q"), tenant=array("q"), input=array("q")),
    )


def run(plan: Plan, switches: Recorder, looks: list[int] | None = None) -> list[Mark]:
    marks: list[Mark] = []
    seen = looks if looks is not None else []
    drive(
        plan,
        origin=now_us() + 20 * MS,
        switches=switches,
        write=marks.append,
        look=seen.append,
        drain=lambda: switches.asked.append(("drain", "")),
    )
    return marks


def test_edges_are_asked_in_order_and_stages_marked_before_their_faults() -> None:
    switches = Recorder()
    marks = run(flapping(), switches)
    assert switches.asked == [
        ("on", "llm.down@1/0"),
        ("off", "llm.down@1/0"),
        ("on", "llm.down@1/1"),
        ("off", "llm.down@1/1"),
        ("drain", ""),
    ]
    assert [mark.kind for mark in marks] == ["stage", "stage", "fault_on", "fault_off", "fault_on", "fault_off"]


def test_no_edge_is_asked_before_its_time_and_the_three_moments_are_in_order() -> None:
    for mark in run(flapping(), Recorder()):
        if mark.kind.startswith("fault"):
            assert mark.planned is not None
            assert mark.asked is not None
            assert mark.confirmed is not None
            assert mark.planned <= mark.asked < mark.confirmed


def test_a_mark_keeps_what_was_read_back_and_which_span_it_was() -> None:
    on = [mark for mark in run(flapping(), Recorder()) if mark.kind == "fault_on"]
    assert [mark.detail["span"] for mark in on] == [0, 1]
    assert on[0].detail["read_back"] == {"enabled": False}
    assert on[0].detail["type"] == "down"


def test_it_lasts_to_the_planned_end_and_looks_at_the_parts_meanwhile() -> None:
    looks: list[int] = []
    plan, begun = flapping(), now_us()
    run(plan, Recorder(), looks)
    assert now_us() - begun >= plan.end
    assert len(looks) >= 3


def test_a_part_that_fails_at_an_edge_ends_the_run_there() -> None:
    with pytest.raises(StandError):
        run(flapping(), Recorder(fail_on="llm.down@1"))


def test_what_lasts_to_the_end_of_the_plan_stays_on_until_the_last_answers_are_in() -> None:
    plan = flapping()
    whole = replace(plan.windows[0], spans=((60 * MS, 260 * MS),))
    edges = (
        Edge(at=60 * MS, turn="on", window=whole.key, span=0),
        Edge(at=260 * MS, turn="off", window=whole.key, span=0),
    )
    switches = Recorder()
    run(replace(plan, windows=(whole,), edges=edges), switches)
    assert switches.asked == [("on", "llm.down@1/0"), ("drain", ""), ("off", "llm.down@1/0")]
