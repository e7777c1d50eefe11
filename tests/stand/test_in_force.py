"""Which faults touch an attempt: decided when it arrives, by seed, match, first, every and error_rate alone."""

from pocchaos.faults import StandFault
from pocchaos.faults.http_error import HttpError
from pocchaos.faults.stall import Stall
from pocchaos.model.units import Seconds
from pocchaos.stand.in_force import Arrival, Decision, FaultsInForce


def fault(**more: object) -> HttpError:
    return HttpError.model_validate({"upstream": "llm", **more})


def arrival(at: int = 0, **more: object) -> Arrival:
    told = {"at": at, "wall": Seconds(0), "method": "POST", "path": "/v1/chat/completions", "tenant": None}
    return Arrival(**{**told, **more})  # type: ignore[arg-type]  # the keys are those of Arrival


def decided(faults: FaultsInForce, times: int) -> list[Decision]:
    return [faults.decide(arrival()) for _ in range(times)]


def touched(of: StandFault, times: int, *, seed: int = 1, key: str = "w") -> list[bool]:
    faults = FaultsInForce(seed)
    faults.put_on(key, of, at=0, planned=1)
    return [bool(decision.touches) for decision in decided(faults, times)]


def test_nothing_is_touched_while_nothing_is_on() -> None:
    assert FaultsInForce(1).decide(arrival()) == Decision()


def test_the_share_of_error_rate_is_touched_and_all_are_eligible() -> None:
    faults = FaultsInForce(1)
    faults.put_on("w", fault(error_rate="30%"), at=0, planned=1)
    decisions = decided(faults, 4_000)
    assert all(decision.eligible == ("w",) for decision in decisions)
    assert 0.27 < sum(bool(decision.touches) for decision in decisions) / 4_000 < 0.33


def test_the_draws_are_the_seeds_and_differ_by_window() -> None:
    half = fault(error_rate="50%")
    assert touched(half, 100) == touched(half, 100)
    assert touched(half, 100) != touched(half, 100, seed=2)
    assert touched(half, 100) != touched(half, 100, key="other")


def test_first_and_every_pick_among_the_matching() -> None:
    assert touched(fault(first=2), 5) == [True, True, False, False, False]
    assert touched(fault(every=3), 7) == [False, False, True, False, False, True, False]
    assert touched(fault(error_rate=0), 3) == [False] * 3


def test_what_does_not_match_is_neither_eligible_nor_counted() -> None:
    faults = FaultsInForce(1)
    faults.put_on("w", fault(first=1, match={"path": "/v1/emb*", "method": "post"}), at=0, planned=1)
    assert faults.decide(arrival()) == Decision()
    assert faults.decide(arrival(path="/v1/embeddings", method="GET")) == Decision()
    assert faults.decide(arrival(path="/v1/embeddings")).touches
    assert not faults.decide(arrival(path="/v1/embeddings")).touches


def test_a_tenant_is_matched_by_name() -> None:
    faults = FaultsInForce(1)
    faults.put_on("w", fault(match={"tenant": "acme"}), at=0, planned=1)
    assert [bool(faults.decide(arrival(tenant=name)).touches) for name in ("acme", "globex", None)] == [
        True,
        False,
        False,
    ]


def test_several_faults_touch_in_the_order_they_went_on() -> None:
    faults = FaultsInForce(1)
    for key in ("b", "a"):
        faults.put_on(key, fault(), at=0, planned=1)
    assert [touch.window for touch in faults.decide(arrival()).touches] == ["b", "a"]


def test_the_facts_tell_the_faults_own_time() -> None:
    faults = FaultsInForce(1)
    faults.put_on("w", fault(), at=1_000_000, planned=4_000_000)
    facts = [faults.decide(arrival(at)).touches[0].facts for at in (1_000_000, 2_000_000, 9_000_000)]
    assert [(one.ordinal, float(one.elapsed), one.progress) for one in facts] == [
        (1, 0.0, 0.0),
        (2, 1.0, 0.25),
        (3, 8.0, 1.0),
    ]


def test_a_flapping_fault_counts_anew_each_time_and_draws_afresh() -> None:
    faults = FaultsInForce(1)
    half = fault(error_rate="50%")
    spans = []
    for _ in range(2):
        faults.put_on("w", half, at=0, planned=1)
        spans.append([bool(one.touches) for one in decided(faults, 60)])
        assert faults.take_off("w")
    assert spans[0] != spans[1]
    faults.put_on("w", fault(first=1), at=0, planned=1)
    assert faults.decide(arrival()).touches[0].facts.ordinal == 1


def test_what_is_not_on_cannot_be_taken_off() -> None:
    assert not FaultsInForce(1).take_off("w")


def test_recent_arrivals_are_kept_for_faults_that_look_back_and_for_a_minute() -> None:
    class Looking(Stall):
        looks_back = True

    faults = FaultsInForce(1)
    faults.put_on("w", Looking(upstream="llm"), at=0, planned=1)
    for at in (0, 30_000_000, 61_000_000):
        facts = faults.decide(arrival(at)).touches[0].facts
    assert facts.recent == (31.0,)
    faults.put_on("v", fault(), at=0, planned=1)
    assert faults.decide(arrival(62_000_000)).touches[1].facts.recent == ()
