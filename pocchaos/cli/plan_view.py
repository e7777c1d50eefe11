"""A plan on the terminal, as tables: when, what is broken, who asks what, and what each criterion will rest on."""

import os
from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pocchaos.arrivals import Arrival, Steps
from pocchaos.faults import Visibility
from pocchaos.model.units import AS_WRITTEN, show_seconds
from pocchaos.scenario.expected import Expected
from pocchaos.scenario.forecast import Forecast
from pocchaos.scenario.language import Criterion, Scenario
from pocchaos.scenario.plan import FaultWindow, Plan
from pocchaos.scenario.scope import exactly
from pocchaos.scenario.tally import Tally
from pocchaos.scenario.timeline import lay_out
from pocchaos.scenario.windows import Window


def show_plan(scenario: Scenario, plan: Plan, foreseen: Forecast) -> None:
    """Print everything that is known before the first request to stdout; plain text where that is no terminal."""
    console = Console(no_color=bool(os.environ.get("NO_COLOR")))
    if not console.is_terminal:
        console.width = max(console.width, 160)  # a log file is not cut at 80 columns
    tally = Tally(plan)
    console.print(
        Text.assemble(
            (scenario.name, "bold"),
            f": {len(plan.requests):,} requests in {show_seconds(plan.end / 1e6)}, seed {plan.seed}",
        ),
        soft_wrap=True,
    )
    _print(console, "Stages", _stages(scenario, plan, foreseen, tally))
    if plan.windows:
        _print(console, "Faults", _faults(plan, foreseen, tally))
    _print(console, "Requests by category and tenant", _requests(plan, tally))
    if foreseen.calls:
        _print(console, "Upstream calls, if each request makes one", _calls(foreseen))
    if foreseen.criteria:
        _print(console, "Criteria", _criteria(foreseen.criteria))
    for line in [*foreseen.notes, *_remedies(foreseen.criteria)]:
        console.print(Text(line), soft_wrap=True)


def _print(console: Console, title: str, table: Table) -> None:
    console.print()
    console.print(Text(title, style="bold"))
    console.print(table)


def _table(left: Sequence[str], right: Sequence[str] = ()) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for header in left:
        table.add_column(header, overflow="fold")
    for header in right:
        table.add_column(header, justify="right", overflow="fold")
    return table


def _row(table: Table, cells: Iterable[object]) -> None:
    table.add_row(*(Text(str(cell)) for cell in cells))  # Text: a name with brackets is no markup


def _stages(scenario: Scenario, plan: Plan, foreseen: Forecast, tally: Tally) -> Table:
    table = _table(["stage", "cycle", "from", "to", "judged", "load", "faults"], ["requests"])
    ids = {window.key: window.id for window in plan.windows}
    for stage, here in zip(plan.stages, lay_out(scenario, plan.seed).occurrences, strict=True):
        _row(
            table,
            [
                stage.name,
                stage.cycle + 1,
                _moment(stage.start),
                _moment(stage.end),
                _span(foreseen.windows.stages[stage.index]),
                " + ".join(_load(stream) for stream in here.load),
                ", ".join(ids[key] for key in stage.windows) or "-",
                f"{tally.count([(stage.start, stage.end)]).n:,}",
            ],
        )
    return table


def _faults(plan: Plan, foreseen: Forecast, tally: Tally) -> Table:
    table = _table(["fault", "cycle", "upstream", "type", "on", "judged", "attempts", "attributes"], ["requests"])
    for window in plan.windows:
        visible = window.fault.visibility is Visibility.VISIBLE
        _row(
            table,
            [
                window.id,
                window.cycle + 1,
                window.fault.upstream,
                window.fault.kind,
                _spans(window),
                _span(foreseen.windows.faults[window.key]),
                "counted" if visible else "cannot be seen",
                ", ".join(f"{key} {value}" for key, value in _attributes(window)) or "-",
                f"{tally.count(window.spans).n:,}",
            ],
        )
    return table


def _requests(plan: Plan, tally: Tally) -> Table:
    table = _table(["category"], [*plan.tenants, "all", "different inputs"])
    whole = [(0, plan.end)]
    for category in dict.fromkeys(row.category for row in plan.inputs):
        counted = tally.count(whole, category=[exactly(category)])
        each = [tally.count(whole, category=[exactly(category)], tenant=[exactly(tenant)]).n for tenant in plan.tenants]
        _row(table, [category, *(f"{n:,}" for n in each), f"{counted.n:,}", f"{counted.distinct:,}"])
    return table


def _calls(foreseen: Forecast) -> Table:
    table = _table(["upstream", "origin"], ["calls", "at most"])
    for one in foreseen.calls:
        _row(table, [one.upstream, one.origin, f"{one.calls:,}", "-" if one.cap is None else f"{one.cap:,}"])
    return table


def _criteria(criteria: Sequence[Expected]) -> Table:
    table = _table(["criterion", "claim"], ["n", "inputs", "n_eff ≤", "need", "n for 80 %", "chance to pass"])
    for expected in criteria:
        _row(
            table,
            [
                f"{expected.criterion.id}: {expected.value}" if expected.value else expected.criterion.id,
                _claim(expected.criterion),
                f"{expected.n:,}",
                f"{expected.distinct:,}",
                f"{expected.n_eff:,}",
                expected.enforced or (f"{expected.need:,}" if expected.need else "-"),
                f"{expected.n_for_power:,}" if expected.n_for_power else "-",
                _chance(expected),
            ],
        )
    return table


def _remedies(criteria: Sequence[Expected]) -> Iterable[str]:
    for expected in criteria:
        if expected.remedy and not expected.refusal:
            which = f" ({expected.value})" if expected.value else ""
            yield f"{expected.criterion.id}{which}: for a chance of 80 %: {expected.remedy}"


def _claim(criterion: Criterion) -> str:
    sense, limit = ("≥", criterion.at_least) if criterion.at_least is not None else ("≤", criterion.at_most)
    within = f" within {show_seconds(criterion.within)}" if criterion.within is not None else ""
    against = f" of {criterion.of}" if criterion.of else ""
    return f"{criterion.metric}{within} {sense} {limit}{against}"


def _chance(expected: Expected) -> str:
    if expected.refusal:
        return "none"
    if expected.chance is None:
        return "-"
    return "> 99 %" if expected.chance > 0.99 else f"{expected.chance * 100:.0f} %"


def _attributes(window: FaultWindow) -> Iterable[tuple[str, object]]:
    """As the scenario writes them, with their units; those that are not set are left out."""
    written = window.fault.attributes.model_dump(mode="json", by_alias=True, context=AS_WRITTEN)
    return ((key, value) for key, value in written.items() if value is not None)


def _load(stream: Arrival) -> str:
    rate = stream.rate
    shown = f"{rate.start:g}/s to {rate.end:g}/s in {rate.steps}" if isinstance(rate, Steps) else f"{rate:g}/s"
    return f"{stream.arrival} {shown}" + (f" ({stream.tenant})" if stream.tenant else "")


def _moment(at: int) -> str:
    return f"{at / 1e6:g} s"


def _span(window: Window | None) -> str:
    return "-" if window is None else f"{window[0] / 1e6:g} to {window[1] / 1e6:g} s"


def _spans(window: FaultWindow) -> str:
    envelope = _span((window.spans[0][0], window.spans[-1][1]))
    return envelope if len(window.spans) == 1 else f"{envelope}, {len(window.spans)} times"
