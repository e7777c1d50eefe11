"""Proof of bite: read-back, crossings, prediction from the baseline, and the draws of the stand."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from pocchaos.faults import AnyStandFault, AnyToxic, Down
from pocchaos.faults.http_error import HttpError
from pocchaos.faults.latency import Latency
from pocchaos.faults.stall import Stall
from pocchaos.faults.timeout import Timeout
from pocchaos.judging import judge
from pocchaos.judging.bite import binomial_two_sided
from pocchaos.judging.table import build
from pocchaos.model.evidence import Attempt, Mark
from pocchaos.model.units import parse_share
from pocchaos.model.verdict import Bite
from pocchaos.scenario.plan import Plan
from tests.judging.builders import Stretch, answered, attempts_for, marks_of, plan_of, shown
from tests.judging.conftest import RunDir

Fault = Down | AnyToxic | AnyStandFault
Attempts = Callable[[Plan], Iterable[Attempt]]

STALL = Stall(upstream="llm", type="stall")
DOWN = Down(upstream="llm")
SLOW = Latency(upstream="llm", type="latency", attributes={"latency": "1s"})
SILENT = Timeout(upstream="llm", type="timeout", stream="upstream")


def stages(fault: Fault, **changes: Any) -> list[Stretch]:
    """100 requests of baseline, then 100 under the fault."""
    return [
        Stretch(name="baseline", replies=[answered()]),
        Stretch(name="outage", replies=[answered()], fault=fault, **changes),
    ]


def marked(fault: Fault, count: int = 100, eligible: int = 100, each: int = 1, **facts: Any) -> Attempts:
    """An attempt a request in the baseline; under the fault, so many marked of so many eligible ones."""
    key = f"{fault.name}@1"

    def attempts(plan: Plan) -> list[Attempt]:
        under = attempts_for(plan, 1, **facts)
        return [
            *attempts_for(plan, 0, each=each, **facts),
            *(
                replace(attempt, eligible=(key,) if k < eligible else (), faults=(key,) if k < count else ())
                for k, attempt in enumerate(under)
            ),
        ]

    return attempts


def seen(run_dir: RunDir, fault: Fault, attempts: Attempts | None, **said: Any) -> Bite:
    stretches = said.pop("stretches", None) or stages(fault)
    bite = build(run_dir(*stretches, attempts=attempts, **said)).table.faults[-1].bite
    assert bite is not None
    return bite


class TestStandFaults:
    def test_bites_when_attempts_met_it(self, run_dir: RunDir) -> None:
        bite = seen(run_dir, STALL, marked(STALL))
        assert bite.bitten
        assert bite.predicted == pytest.approx(100, abs=1)
        assert (bite.arrived, bite.eligible, bite.marked) == (100, 100, 100)

    def test_has_not_bitten_where_no_attempt_arrived(self, run_dir: RunDir) -> None:
        bite = seen(run_dir, STALL, lambda plan: attempts_for(plan, 0))
        assert not bite.bitten
        assert "no attempt reached llm" in bite.why

    def test_has_not_bitten_where_the_target_hardly_calls(self, run_dir: RunDir) -> None:
        """A cache: five calls in the seventy requests of the baseline that are judged."""
        bite = seen(run_dir, STALL, lambda plan: [*attempts_for(plan, 0)[:5], *list(marked(STALL)(plan))[100:]])
        assert not bite.bitten
        assert "the baseline predicts 7.1 attempts" in bite.why
        assert "vary the inputs" in bite.remedy

    def test_a_breaker_that_opens_is_told_and_is_bite_enough(self, run_dir: RunDir) -> None:
        bite = seen(run_dir, STALL, lambda plan: list(marked(STALL)(plan))[:120])
        assert bite.bitten
        assert "the target stopped asking: a breaker" in bite.why

    def test_has_not_bitten_where_nothing_was_marked(self, run_dir: RunDir) -> None:
        bite = seen(run_dir, STALL, marked(STALL, count=0, eligible=0))
        assert not bite.bitten
        assert "marked none" in bite.why

    @pytest.mark.parametrize(("count", "bitten"), [(30, True), (24, True), (10, False), (55, False)])
    def test_the_draws_of_the_stand_are_checked(self, run_dir: RunDir, count: int, bitten: bool) -> None:
        """30 % of 100: 24 may happen, 10 and 55 do not."""
        fault = HttpError(upstream="llm", type="http_error", error_rate="30%")
        bite = seen(run_dir, fault, marked(fault, count=count))
        assert bite.bitten is bitten
        assert bitten or "harness error" in bite.why

    def test_too_few_draws_that_may_happen_ask_for_more_load(self, run_dir: RunDir) -> None:
        """1 of 12 at 30 %: 3.6 expected, and p = 0.17; bad luck, and hardly a fault."""
        fault = HttpError(upstream="llm", type="http_error", error_rate="30%")
        bite = seen(run_dir, fault, marked(fault, count=1, eligible=12))
        assert not bite.bitten
        assert bite.why.startswith("too few eligible attempts met it: 1 of 12")
        assert bite.remedy == "raise the load"

    def test_counts_the_eligible_alone(self, run_dir: RunDir) -> None:
        """`every: 4`: a quarter of the attempts, and all of those."""
        fault = HttpError(upstream="llm", type="http_error", every=4)
        assert seen(run_dir, fault, marked(fault, count=25, eligible=25)).bitten

    @pytest.mark.parametrize(("path", "bitten"), [("/v1/chat/*", True), ("/v1/embeddings", False)])
    def test_predicts_from_the_attempts_that_it_is_for(self, run_dir: RunDir, path: str, bitten: bool) -> None:
        fault = HttpError(upstream="llm", type="http_error", match={"path": path, "method": "post"})
        bite = seen(run_dir, fault, marked(fault))
        assert bite.bitten is bitten
        assert bite.predicted == pytest.approx(100 if bitten else 0, abs=1)

    def test_matches_the_tenant_of_the_joined_request(self, run_dir: RunDir) -> None:
        fault = HttpError(upstream="llm", type="http_error", match={"tenant": "somebody"})
        assert seen(run_dir, fault, marked(fault)).predicted == 0

    def test_attempts_outside_its_confirmed_time_prove_nothing(self, run_dir: RunDir) -> None:
        stretches = [*stages(STALL, spans=((0.0, 5.0),))]

        def late(plan: Plan) -> list[Attempt]:
            return [*attempts_for(plan, 0), *list(marked(STALL)(plan))[151:]]

        assert not seen(run_dir, STALL, late, stretches=stretches).bitten


class TestToxics:
    def test_a_visible_toxic_bites_when_attempts_crossed(self, run_dir: RunDir) -> None:
        bite = seen(run_dir, SLOW, lambda plan: [*attempts_for(plan, 0), *attempts_for(plan, 1)])
        assert bite.bitten
        assert bite.visible

    def test_a_visible_toxic_without_crossings_has_not_bitten(self, run_dir: RunDir) -> None:
        assert not seen(run_dir, SLOW, lambda plan: attempts_for(plan, 0)).bitten

    @pytest.mark.parametrize("toxicity", ["5%", "99%"])
    def test_a_draw_per_connection_that_nobody_checked_is_no_proof(self, run_dir: RunDir, toxicity: str) -> None:
        drawn = SLOW.model_copy(update={"toxicity": parse_share(toxicity)})
        run = run_dir(*stages(drawn), attempts=lambda plan: [*attempts_for(plan, 0), *attempts_for(plan, 1)])
        judged = judge(run)
        assert not judged.faults[0].bitten
        assert "its effect was not seen" in judged.faults[0].why
        assert any("drawn per connection" in gap and "llm.latency" in gap for gap in judged.not_tested)

    @pytest.mark.parametrize(
        "shown",
        [
            {},
            {**shown(SLOW), "attributes": {"latency": 100, "jitter": 0}},
            {**shown(SLOW), "type": "timeout"},
            {**shown(SLOW), "stream": "upstream"},
            {**shown(SLOW), "toxicity": 0.5},
            {**shown(SLOW), "toxicity": None},
        ],
    )
    def test_what_is_not_read_back_is_not_proven(self, run_dir: RunDir, shown: dict[str, Any]) -> None:
        bite = seen(
            run_dir,
            SLOW,
            lambda plan: [*attempts_for(plan, 0), *attempts_for(plan, 1)],
            marks=marks_of(plan_of(stages(SLOW)), read_back=shown),
        )
        assert not bite.bitten
        assert "did not read back" in bite.why


@pytest.mark.parametrize("fault", [DOWN, SILENT], ids=["down", "timeout upstream"])
class TestBlindFaults:
    @pytest.mark.parametrize("strays", [0, 1])
    def test_bites_when_the_stand_falls_silent(self, run_dir: RunDir, fault: Fault, strays: int) -> None:
        bite = seen(run_dir, fault, lambda plan: [*attempts_for(plan, 0), *attempts_for(plan, 1)[1 : 1 + strays]])
        assert bite.bitten
        assert not bite.visible

    def test_has_not_bitten_where_attempts_still_arrive(self, run_dir: RunDir, fault: Fault) -> None:
        bite = seen(run_dir, fault, lambda plan: [*attempts_for(plan, 0), *attempts_for(plan, 1)[1:3]])
        assert not bite.bitten
        assert "2 attempts reached the stand" in bite.why

    @pytest.mark.parametrize(("probes", "bitten"), [(0, False), (3, False), (30, True)])
    def test_silence_proves_nothing_where_the_target_was_silent_before(
        self, run_dir: RunDir, fault: Fault, probes: int, bitten: bool
    ) -> None:
        """The stall before it opened a breaker, which lets a probe through now and then."""
        stretches = [*stages(STALL), Stretch(name="gone", replies=[answered()], fault=fault)]
        seen_before: Attempts = lambda plan: [*attempts_for(plan, 0), *attempts_for(plan, 1)[100 - probes :]]  # noqa: E731
        bite = seen(run_dir, fault, seen_before, stretches=stretches)
        assert bite.bitten is bitten
        if not bitten:
            assert bite.why == (
                f"the target had stopped calling llm before it came on ({probes} attempts in the time in which 20 "
                "were predicted): a breaker was open"
            )
            assert bite.remedy == "lengthen the rest before it"

    def test_silence_proves_nothing_where_little_is_predicted(self, run_dir: RunDir, fault: Fault) -> None:
        assert not seen(run_dir, fault, lambda plan: attempts_for(plan, 0)[:6]).bitten


def test_the_on_times_of_one_flap_count_together(run_dir: RunDir) -> None:
    """Five times half a second: five attempts predicted in each, twenty-five in all."""
    spans = tuple((2.0 * k, 2.0 * k + 0.5) for k in range(5))
    stretches = stages(DOWN, spans=spans)

    def attempts(plan: Plan) -> list[Attempt]:
        on = [(10_000_000 + round(a * 1e6), 10_000_000 + round(b * 1e6)) for a, b in spans]
        under = [a for a in attempts_for(plan, 1) if not any(f <= a.arrived < t for f, t in on)]
        return [*attempts_for(plan, 0), *under]

    bite = seen(run_dir, DOWN, attempts, stretches=stretches)
    assert bite.bitten
    assert 20 <= (bite.predicted or 0) <= 26


@pytest.mark.parametrize(("established", "bitten"), [(0, True), (2, False)])
def test_without_a_relay_the_connections_of_each_second_stand_for_attempts(
    run_dir: RunDir, established: int, bitten: bool
) -> None:
    """A pool of three stands in every second of the baseline."""
    stretches = [replace(part, lasts=25.0) for part in stages(DOWN)]
    looks = [
        Mark(
            kind="connections",
            subject="llm",
            at=second * 1_000_000,
            detail={"established": 3 if second < 25 else established},
        )
        for second in range(50)
    ]
    bite = seen(run_dir, DOWN, None, stretches=stretches, marks=[*marks_of(plan_of(stretches)), *looks])
    assert bite.bitten is bitten, bite
    assert bite.predicted == pytest.approx(25, abs=2)


def flapped(run_dir: RunDir, confirmed: int, facts: dict[str, Any] | None = None) -> Bite:
    """Three on-times of three seconds, of which the first so many left marks."""
    stretches = stages(DOWN, spans=((0.0, 3.0), (4.0, 7.0), (8.0, 10.0)))
    marks = [mark for mark in marks_of(plan_of(stretches)) if mark.detail["span"] < confirmed]
    return seen(run_dir, DOWN, lambda plan: attempts_for(plan, 0), stretches=stretches, marks=marks, facts=facts)


@pytest.mark.parametrize("confirmed", [1, 2])
def test_a_flap_of_which_some_on_times_left_no_mark_has_not_bitten(run_dir: RunDir, confirmed: int) -> None:
    bite = flapped(run_dir, confirmed)
    assert not bite.bitten
    assert f"only {confirmed} of 3 on-times were confirmed" in bite.why


def test_a_flap_that_was_confirmed_each_time_has_bitten(run_dir: RunDir) -> None:
    assert flapped(run_dir, 3).bitten


def test_a_fault_whose_edge_never_came_has_not_bitten(run_dir: RunDir) -> None:
    bite = seen(run_dir, DOWN, lambda plan: attempts_for(plan, 0), stretches=stages(DOWN, confirmed=False))
    assert not bite.bitten
    assert "never confirmed on" in bite.why


def test_an_upstream_that_may_stay_unused_proves_nothing_and_says_why(run_dir: RunDir) -> None:
    bite = seen(
        run_dir,
        DOWN,
        None,
        upstreams={"llm": {"origin": {"simulate": "openai"}, "unused_ok": True}},
        facts={"unused": ["llm"]},
    )
    assert not bite.bitten
    assert "unused_ok" in bite.why
    assert bite.remedy == "send inputs that make the target call llm, or drop the claims on its faults"


def test_without_a_baseline_nothing_is_predicted(run_dir: RunDir) -> None:
    bite = seen(run_dir, DOWN, None, stretches=[Stretch(name="baseline"), *stages(DOWN)[1:]])
    assert not bite.bitten
    assert bite.remedy == "lengthen the baseline"


@pytest.mark.parametrize(("at", "named"), [(12.5, True), (25.0, False)])
def test_a_target_that_ended_is_the_reason_before_any_other(run_dir: RunDir, at: float, named: bool) -> None:
    """It went in the outage; where it went afterwards, that is no reason."""
    stretches = stages(STALL)
    exited = Mark(kind="target", subject="exited", at=round(at * 1e6), detail={"exit_code": 7})
    bite = seen(
        run_dir,
        STALL,
        lambda plan: attempts_for(plan, 0),
        stretches=stretches,
        marks=[*marks_of(plan_of(stretches)), exited],
    )
    assert not bite.bitten
    assert (bite.why == "the target had ended with exit code 7 at 12.5 s") is named


def test_each_cycle_is_proven_for_itself(run_dir: RunDir) -> None:
    run = run_dir(
        *stages(STALL),
        Stretch(name="outage", replies=[answered()], fault=STALL),
        attempts=marked(STALL),
    )
    bites = [fault.bite for fault in build(run).table.faults]
    assert [(bite.cycle, bite.bitten) for bite in bites if bite] == [(0, True), (1, False)]


@pytest.mark.parametrize(
    ("k", "n", "p", "expected"),
    [(5, 10, 0.5, 1.0), (0, 10, 0.5, 2 / 1024), (10, 10, 0.5, 2 / 1024), (10, 10, 1.0, 1.0), (9, 10, 1.0, 0.0)],
)
def test_the_binomial_check_is_exact(k: int, n: int, p: float, expected: float) -> None:
    assert binomial_two_sided(k, n, p) == pytest.approx(expected)
