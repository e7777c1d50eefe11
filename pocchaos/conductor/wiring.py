"""Proof, before the first stage, that each upstream of the scenario is really reached through our chain."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from pocchaos.model.errors import WiringError
from pocchaos.scenario.language import Scenario
from pocchaos.scenario.plan import InputRow, Plan

PER_CATEGORY = 20

Send = Callable[[InputRow, str, int], str]


def prove(
    scenario: Scenario,
    plan: Plan,
    *,
    send: Send,
    counts: Callable[[], Mapping[str, int]],
    addresses: Mapping[str, Mapping[str, object]],
) -> tuple[str, ...]:
    """Send up to twenty inputs of each category until every upstream has seen an attempt.

    Returns the upstreams that saw none although they may (`unused_ok`); raises WiringError for the others.
    `send` sends one input for one tenant and says in a word what came of it; `addresses` are `${upstreams.*}`.
    """
    before = counts()
    missing = set(scenario.upstreams)
    answers: Counter[str] = Counter()
    for number, (row, tenant) in enumerate(_candidates(plan), start=1):
        if not missing:
            return ()
        answers[send(row, tenant, number)] += 1
        seen = counts()
        missing = {name for name in scenario.upstreams if seen.get(name, 0) <= before.get(name, 0)}
    unused = tuple(name for name in scenario.upstreams if name in missing)
    if needed := [name for name in unused if not scenario.upstreams[name].unused_ok]:
        told = ", ".join(f"{count} × {answer}" for answer, count in answers.most_common(4))
        remedies = "\n".join(f"  {name}: {_remedy(scenario, name, addresses[name])}" for name in needed)
        raise WiringError(
            f"nothing reached {', '.join(needed)} although inputs of every category were sent (the target said: "
            f"{told}):\n{remedies}\nor say `unused_ok: true` at an upstream that this scenario may leave alone"
        )
    return unused


def _remedy(scenario: Scenario, name: str, address: Mapping[str, object]) -> str:
    upstream = scenario.upstreams[name]
    http = not (isinstance(upstream.origin, str) and upstream.origin.startswith("tcp://"))
    if scenario.target.start is not None:
        key = f"{name.upper().replace('-', '_')}_URL"
        where = f"${{upstreams.{name}.url}}" if http else f"${{upstreams.{name}.host}}:${{upstreams.{name}.port}}"
        return f'set its address in target.start.env, such as {key}: "{where}" (by the name that the target reads)'
    here = str(address["url"]) if http else f"{address['host']}:{address['port']}"
    if str(upstream.listen).rpartition(":")[2] != "0":
        return f"set its address in the target's own configuration to {here}"
    return (
        f"set upstreams.{name}.listen to an address that stays, such as 127.0.0.1:{address['port']}, "
        "and the target's own configuration to the same"
    )


def _candidates(plan: Plan) -> Iterator[tuple[InputRow, str]]:
    """Inputs in turns over the categories, tenants in turns as well; malformed ones last: they rarely get far."""
    by_category: dict[str, list[InputRow]] = {}
    for row in plan.inputs:
        by_category.setdefault(row.category, []).append(row)
    order = sorted(by_category, key=lambda category: category == "malformed")
    for turn in range(PER_CATEGORY):
        for category in order:
            rows = by_category[category]
            if turn < len(rows):
                row = rows[turn]
                yield row, row.tenant or plan.tenants[turn % len(plan.tenants)]
