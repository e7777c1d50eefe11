"""What the rules are for, shown over many simulated runs."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from pocchaos.judging.criteria import judge_criteria
from pocchaos.metrics import Table
from pocchaos.model.verdict import Verdict
from pocchaos.scenario.language import Criterion
from tests.judging.claims import judge
from tests.metrics.builders import Row, answered, degraded, fault, hung, stage, table, wrong

ORDER = {Verdict.FAIL: 0, Verdict.INCONCLUSIVE: 1, Verdict.PASS: 2}


def test_a_true_94_percent_over_50_inputs_does_not_pass_as_95() -> None:
    """Requests taken for independent let it pass in 23 % of runs; the input is the unit, so in none."""
    random, passed, fixed = Random(2), 0, 0
    for _ in range(60):
        run = table(stage("baseline", 96, _over_inputs(random, 50, 0.94)))
        passed += judge(run, "answered", at_least="95%").verdict is Verdict.PASS
        fixed += judge(run, "answered", at_least="95%", inputs="fixed").verdict is Verdict.PASS
    assert passed == 0
    assert fixed <= 3


def _over_inputs(random: Random, inputs: int, share: float) -> list[Row]:
    """960 requests; each input has its own chance to be answered, 94 % on the average."""
    chances = [random.betavariate(share * 4, (1 - share) * 4) for _ in range(inputs)]
    return [
        (answered if random.random() < chances[number % inputs] else wrong)(1, input=number % inputs)[0]
        for number in range(960)
    ]


def test_a_target_that_is_good_enough_passes_and_one_that_is_not_fails() -> None:
    random, verdicts = Random(3), {0.99: Verdict.PASS, 0.90: Verdict.FAIL}
    for share, expected in verdicts.items():
        found = [
            judge(table(stage("baseline", 96, _over_inputs(random, 480, share))), "answered", at_least="95%").verdict
            for _ in range(20)
        ]
        assert found.count(expected) >= 18


def _outage(rows: list[str]) -> Table:
    made = [(hung if row == "x" else degraded)(1, input=at % 7)[0] for at, row in enumerate(rows)]
    quarter = max(1, len(made) // 4)
    parts = [stage("out", 15, made[at : at + quarter], faults=[fault()]) for at in range(0, len(made), quarter)]
    return table(stage("baseline", 60, answered(100)), *parts)


CLAIMS = [
    Criterion(id="share", metric="graceful", stage=("out",), at_least="85%"),
    Criterion(id="bad", metric="hung", stage=("out",), at_most="10%"),
    Criterion(id="time", metric="latency.p85", stage=("out",), at_most="3s"),
]


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(60, 200), rate=st.floats(0.02, 0.3))
def test_one_more_failure_never_helps_a_verdict(seed: int, count: int, rate: float) -> None:
    """Over inputs, blocks of time and windows at once, for shares and for a percentile."""
    random = Random(seed)
    rows = ["x" if random.random() < rate else "." for _ in range(count)]
    rows[0] = "."
    at = random.choice([at for at, row in enumerate(rows) if row == "."])
    before = judge_criteria(_outage(rows), CLAIMS)
    after = judge_criteria(_outage([*rows[:at], "x", *rows[at + 1 :]]), CLAIMS)
    for first, second in zip(before, after, strict=True):
        assert ORDER[second.verdict] <= ORDER[first.verdict]
