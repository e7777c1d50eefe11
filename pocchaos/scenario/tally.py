"""How many requests are due where: a plan counted by tenant and input over stretches of time."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pocchaos.scenario.plan import InputRow, Plan
from pocchaos.scenario.scope import matches

Stretch = tuple[int, int]  # µs: due in [from, to)


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """Requests due, and how many different inputs they ask."""

    n: int
    distinct: int
    rows: tuple[int, ...]  # positions in `Plan.inputs` of those asked


class Tally:
    """A plan that can be asked how many requests are due; each set of stretches is counted once."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._counted: dict[tuple[Stretch, ...], Counter[tuple[int, int]]] = {}

    def count(
        self,
        stretches: Iterable[Stretch],
        *,
        category: Sequence[str] | None = None,
        tenant: Sequence[str] | None = None,
        expect: str | None = None,
    ) -> Count:
        """Requests due in any of the stretches (overlaps count once), of these categories and tenants."""
        rows, tenants = self._plan.inputs, self._plan.tenants
        wanted = {
            place: n
            for place, n in self._cells(together(stretches)).items()
            if matches(tenant, tenants[place[0]]) and _meant(rows[place[1]], category, expect)
        }
        asked = tuple(sorted({row for _, row in wanted}))
        return Count(n=sum(wanted.values()), distinct=len(asked), rows=asked)

    def _cells(self, stretches: tuple[Stretch, ...]) -> Counter[tuple[int, int]]:
        if stretches not in self._counted:
            cells: Counter[tuple[int, int]] = Counter()
            requests = self._plan.requests
            for start, end in stretches:
                due = slice(bisect_left(requests.due, start), bisect_left(requests.due, end))
                cells.update(zip(requests.tenant[due], requests.input[due], strict=True))
            self._counted[stretches] = cells
        return self._counted[stretches]


def together(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """The same time as stretches in order that neither overlap nor touch; empty ones are left out."""
    merged: list[Stretch] = []
    for start, end in sorted(stretch for stretch in stretches if stretch[0] < stretch[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple(merged)


def length(stretches: Iterable[Stretch]) -> float:
    """How long they last together, in seconds."""
    return sum(end - start for start, end in together(stretches)) / 1_000_000


def _meant(row: InputRow, category: Sequence[str] | None, expect: str | None) -> bool:
    return matches(category, row.category) and expect in (None, row.expect)
