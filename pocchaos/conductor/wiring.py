"""Proof, before the first stage, that each upstream of the scenario is really reached through our chain."""

from collections.abc import Callable, Iterator, Mapping

from pocchaos.model.errors import WiringError
from pocchaos.scenario.language import Scenario
from pocchaos.scenario.plan import InputRow, Plan

PER_CATEGORY = 20

Send = Callable[[InputRow, str, int], None]


def prove(
    scenario: Scenario,
    plan: Plan,
    *,
    send: Send,
    counts: Callable[[], Mapping[str, int]],
    urls: Mapping[str, str],
) -> tuple[str, ...]:
    """Send up to twenty inputs of each category until every upstream has seen an attempt.

    Returns the upstreams that saw none although they may (`unused_ok`); raises WiringError for the others.
    `send` sends one input for one tenant and swallows what the target makes of it.
    """
    wanted = set(scenario.upstreams)
    before = counts()
    missing = wanted
    for number, (row, tenant) in enumerate(_candidates(plan), start=1):
        send(row, tenant, number)
        seen = counts()
        missing = {name for name in wanted if seen.get(name, 0) <= before.get(name, 0)}
        if not missing:
            return ()
    unused = tuple(name for name in scenario.upstreams if name in missing)
    for name in unused:
        if not scenario.upstreams[name].unused_ok:
            raise WiringError(
                f"nothing reached upstream {name!r} although inputs of every category were sent: point the target at "
                f'{urls[name]} (in target.start.env: "${{upstreams.{name}.url}}"), '
                f"or say `unused_ok: true` if this scenario may leave it alone"
            )
    return unused


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
