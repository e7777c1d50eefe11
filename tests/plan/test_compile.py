"""A plan is a pure function of scenario, inputs and seed: who asks what, and when."""

from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocchaos.files.plan import dump_plan, load_plan
from pocchaos.model.errors import RunDirectoryError, UsageError
from pocchaos.scenario.compile import tenant_shares
from pocchaos.scenario.language import Scenario
from pocchaos.scenario.plan import InputRow, Plan
from tests.plan.build import SECOND, block, down, http_error, planned, scenario, stage

TENANTS = [{"name": "acme", "share": "70%"}, {"name": "globex", "share": "30%"}]
MIXED = [
    {
        "file": "q.jsonl",
        "category": "in_scope",
        "share": "60%",
        "assert": [{"type": "contains-any", "value": "${input.e}"}],
    },
    {"file": "o.jsonl", "category": "off_topic", "share": "30%"},
    {"file": "g.jsonl", "category": "in_scope", "share": "10%", "tenant": "globex"},
]
POISSON = {"arrival": "poisson", "rate": "50/s"}


def mixed(*stages: dict[str, object], load: object = POISSON) -> Scenario:
    return scenario(*(stages or [stage("baseline", "120s")]), tenants=TENANTS, inputs=MIXED, load=load)


def whole(plan: Plan) -> list[tuple[int, int, str, InputRow]]:
    asked = plan.requests
    return [
        (asked.due[k], asked.stage[k], plan.tenants[asked.tenant[k]], plan.inputs[asked.input[k]])
        for k in range(len(asked))
    ]


def share(found: int, of: int) -> object:
    return pytest.approx(found / of, abs=4 * (0.25 / of) ** 0.5)


def test_requests_are_in_order_of_time_and_belong_to_the_stage_they_are_due_in() -> None:
    plan = planned(mixed(stage("a", "7s"), stage("b", "5s", down()), stage("c", "3s")), inputs=20)
    asked = whole(plan)
    assert all(earlier[:2] <= later[:2] for earlier, later in pairwise(asked))
    assert all(plan.stages[index].start <= due < plan.stages[index].end for due, index, _, _ in asked)


def test_tenants_and_categories_are_drawn_independently_by_share() -> None:
    asked = whole(planned(mixed(), inputs=500))
    tenants = Counter(tenant for _, _, tenant, _ in asked)
    n = len(asked)
    assert share(tenants["acme"], n) == 0.7
    pairs = Counter((tenant, row.id.split(".")[0]) for _, _, tenant, row in asked)
    assert pairs["acme", "2"] == 0  # only globex asks these
    assert share(pairs["acme", "0"], tenants["acme"]) == 60 / 90
    assert share(pairs["globex", "1"], tenants["globex"]) == 0.3
    assert share(pairs["globex", "2"], tenants["globex"]) == 0.1


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(), cards=st.integers(min_value=1, max_value=40))
def test_a_deck_is_dealt_out_before_any_card_comes_again_also_across_stages(seed: int, cards: int) -> None:
    plan = planned(scenario(stage("baseline", "3s"), block(stage("x", "2s"), repeat=3)), inputs=cards, seed=seed)
    dealt = [row.id for _, _, _, row in whole(plan)]
    for start in range(0, len(dealt), cards):
        once = dealt[start : start + cards]
        assert len(set(once)) == len(once)
    assert len(set(dealt[:cards])) == min(cards, len(dealt))


def test_a_deck_is_shuffled_anew_each_time() -> None:
    dealt = [row.id for _, _, _, row in whole(planned(scenario(stage("baseline", "9s")), inputs=30))]
    assert dealt[:30] != dealt[30:60]
    assert sorted(dealt[:30]) == sorted(dealt[30:60])


def test_a_tenant_with_a_stream_of_its_own_is_carved_out_of_the_others() -> None:
    streams = [{"arrival": "constant", "rate": "5/s", "tenant": "acme"}, {"arrival": "constant", "rate": "20/s"}]
    asked = whole(planned(mixed(load=streams), inputs=50))
    assert Counter(tenant for _, _, tenant, _ in asked) == {"acme": 600, "globex": 2400}


def test_streams_that_name_everybody_leave_the_shares_for_the_rest() -> None:
    both = frozenset({"acme", "globex"})
    assert tenant_shares(mixed()) == (0.7, 0.3)
    assert tenant_shares(mixed(), both) == (0.7, 0.3)
    assert tenant_shares(scenario(tenants=[{"name": "a"}, {"name": "b"}])) == (0.5, 0.5)


def test_a_tenant_without_inputs_is_refused() -> None:
    only = [{"file": "q.jsonl", "category": "in_scope", "share": "100%", "tenant": "acme"}]
    with pytest.raises(UsageError, match='tenant "globex" has no inputs'):
        planned(scenario(tenants=TENANTS, inputs=only))


def test_a_stage_added_at_the_end_changes_nothing_before_it() -> None:
    short = whole(planned(mixed(stage("a", "20s"), stage("b", "20s"))))
    longer = whole(planned(mixed(stage("a", "20s"), stage("b", "20s"), stage("c", "20s"))))
    assert longer[: len(short)] == short


def test_a_stage_put_in_between_leaves_the_arrivals_of_the_others() -> None:
    def arrivals(plan: Plan, name: str) -> list[int]:
        (start, index), *_ = [(one.start, one.index) for one in plan.stages if one.name == name]
        return [due - start for due, at, _, _ in whole(plan) if at == index]

    before = planned(mixed(stage("a", "20s"), stage("b", "20s")))
    after = planned(mixed(stage("a", "20s"), stage("new", "20s"), stage("b", "20s")))
    assert arrivals(before, "b") == arrivals(after, "b")


def everything() -> Plan:
    flap = down("db", id="flap", flap={"fault": "250ms", "pause": "1.5s"})
    slow = {
        "upstream": "db",
        "type": "latency",
        "toxicity": "30%",
        "attributes": {"latency": "800ms", "jitter": "3ms"},
    }
    cycle = block(stage("${fault.id}", "4s", "${fault}"), stage("rest", "3s"), repeat=2, for_each=[slow, http_error()])  # type: ignore[arg-type]
    return planned(mixed(stage("baseline", "20s", settle="1s"), stage("flap", "5s", flap), cycle), inputs=[40, 7, 9])


def test_the_same_seed_gives_the_same_bytes_on_every_machine() -> None:
    """Pinned: if this changes, every recorded plan of every seed has changed."""
    data = dump_plan(everything())
    assert data == dump_plan(everything())
    core = [line for line in data.splitlines() if not line.startswith((b'{"fault"', b'{"input"'))]  # no attributes
    assert sha256(b"\n".join(core)).hexdigest() == GOLDEN


def test_another_seed_gives_another_plan() -> None:
    assert dump_plan(planned(mixed(), seed=1)) != dump_plan(planned(mixed(), seed=2))


def test_a_plan_comes_back_from_its_bytes() -> None:
    plan = everything()
    again = load_plan(dump_plan(plan))
    assert again == plan
    assert dump_plan(again) == dump_plan(plan)


@settings(deadline=None, max_examples=50)
@given(text=st.text(), count=st.integers(min_value=1, max_value=2500))
def test_any_text_of_an_input_survives_its_bytes(text: str, count: int) -> None:
    small = scenario(stage("baseline", f"{count}ms"), load={"arrival": "constant", "rate": "1000/s"})
    plan = planned(small, inputs=1)
    odd = InputRow(id=text, category="in_scope", expect="answer", fields={"text": text, "n": [1, None, {"x": 0.1}]})
    plan = Plan(**{**{name: getattr(plan, name) for name in plan.__slots__}, "inputs": (odd,)})
    assert load_plan(dump_plan(plan)) == plan


def test_an_input_that_only_a_patient_parser_reads_survives_its_bytes() -> None:
    nested: list[object] = []
    for _ in range(500):
        nested = [nested]
    plan = planned(scenario(stage("baseline", "1s")), inputs=1)
    odd = InputRow(id="odd", category="in_scope", expect="answer", fields={"lone": "\ud800", "nested": nested})
    plan = Plan(**{**{name: getattr(plan, name) for name in plan.__slots__}, "inputs": (odd,)})
    assert load_plan(dump_plan(plan)) == plan


@pytest.mark.parametrize(
    "torn",
    [
        pytest.param(lambda data: data[:-200], id="torn"),
        pytest.param(lambda data: b"", id="empty"),
        pytest.param(lambda data: data.replace(b'"schema":1', b'"schema":2'), id="another version"),
        pytest.param(lambda data: b"\n".join(data.split(b"\n")[:-2]), id="a line is missing"),
    ],
)
def test_a_plan_that_is_not_whole_is_refused(torn: Callable[[bytes], bytes]) -> None:
    with pytest.raises(RunDirectoryError, match="the plan"):
        load_plan(torn(dump_plan(everything())))


@pytest.mark.slow
def test_a_million_requests_can_be_planned() -> None:
    """How long it takes and how much memory is in the benchmarks."""
    load = {"arrival": "poisson", "rate": "1000/s"}
    plan = planned(scenario(stage("baseline", "1000s"), tenants=TENANTS, inputs=MIXED, load=load), inputs=2000)
    assert len(plan.requests) == pytest.approx(1_000_000, rel=0.01)
    assert plan.requests.due[-1] < plan.end == 1000 * SECOND


GOLDEN = "ce40c08a345621ad9a6fc97bfa4a35a32da6ad6d11eaeefecad5dd8f859e9175"
