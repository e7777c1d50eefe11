"""Judged tables in a few words: `answered(200)`, `hung(5)`, on a timeline of stages and faults."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from pocchaos.metrics.base import View
from pocchaos.metrics.ground import Ground, merged
from pocchaos.metrics.table import ATTEMPTS, SAMPLES, FaultScope, StageWindow, Table
from pocchaos.model.outcome import Outcome
from pocchaos.model.verdict import Bite

DEADLINE = 5.0
Row = dict[str, Any]

_ROW: Row = {
    "request": 0,
    "stage_index": 0,
    "stage": "baseline",
    "cycle": 0,
    "tenant": "acme",
    "category": "in_scope",
    "input": 0,
    "expect": "answer",
    "step": "step",
    "outcome": "answered",
    "checked": True,
    "kept": True,
    "in_window": True,
    "due": 0,
    "response": 0.5,
    "service": 0.5,
    "lag": 0.0,
    "ttft": None,
    "tpot": None,
    "gap_max": None,
    "tokens": 0,
    "bitten": False,
    "over_quota": False,
    "own": [],
    "foreign": [],
    "secrets": [],
}


def samples(outcome: Outcome, count: int, **facts: Any) -> list[Row]:
    """`count` rows of one outcome; `took` sets response and service, `inputs` how many different ones, from `first`."""
    took, inputs, first = facts.pop("took", None), facts.pop("inputs", None), facts.pop("first", 0)
    times = {} if took is None else {"response": took, "service": took}
    rows = [{**_ROW, "outcome": outcome.value, **times, **facts} for _ in range(count)]
    for number, row in enumerate(rows):
        row["input"] = facts.get("input", first + (number % inputs if inputs else number))
    return rows


def answered(count: int, **facts: Any) -> list[Row]:
    return samples(Outcome.ANSWERED, count, **facts)


def degraded(count: int, **facts: Any) -> list[Row]:
    return samples(Outcome.DEGRADED, count, **facts)


def wrong(count: int, **facts: Any) -> list[Row]:
    return samples(Outcome.WRONG, count, **facts)


def shed(count: int, **facts: Any) -> list[Row]:
    return samples(Outcome.SHED, count, **facts)


def crashed(count: int, **facts: Any) -> list[Row]:
    return samples(Outcome.CRASHED, count, **facts)


def hung(count: int, **facts: Any) -> list[Row]:
    return samples(Outcome.HUNG, count, **{"took": DEADLINE, **facts})


def refused(count: int, **facts: Any) -> list[Row]:
    return samples(Outcome.REFUSED, count, **{"expect": "refuse", "category": "off_topic", **facts})


def under_refused(count: int, **facts: Any) -> list[Row]:
    return samples(Outcome.UNDER_REFUSED, count, **{"expect": "refuse", "category": "off_topic", **facts})


def lost(count: int, **facts: Any) -> list[Row]:
    return samples(Outcome.LOST, count, **{"response": None, "service": None, "lag": None, **facts})


def unknown(count: int, **facts: Any) -> list[Row]:
    return samples(Outcome.UNKNOWN, count, **facts)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One stage occurrence: how long, what happened in it, and which fault was on."""

    name: str
    seconds: float
    rows: Sequence[Row]
    faults: tuple[FaultScope, ...] = ()
    own_load: bool = False


def stage(name: str, seconds: float, *rows: Iterable[Row], faults: Sequence[FaultScope] = (), **facts: Any) -> Part:
    """A stage with its rows, dealt evenly and in order over its time; give `due` to place one by hand."""
    flat = [row for group in rows for row in group]
    return Part(name=name, seconds=seconds, rows=flat, faults=tuple(faults), **facts)


def fault(upstream: str = "llm", type: str = "stall", *, bit: bool = True, visible: bool = True) -> FaultScope:  # noqa: A002 - the language's own word
    """A fault that is on for the whole of the stage that it is given to."""
    bite = Bite(
        id=f"{upstream}.{type}",
        window="",
        cycle=0,
        upstream=upstream,
        type=type,
        stage="",
        planned=(0, 0),
        confirmed=(0, 0),
        visible=visible,
        bitten=bit,
        why="marked" if bit else "no attempt arrived",
    )
    return FaultScope(
        key="",
        id=f"{upstream}.{type}",
        cycle=0,
        upstream=upstream,
        type=type,
        stage=0,
        window=None,
        on=None,
        off=None,
        visible=visible,
        bite=bite,
    )


def mixed(*groups: Sequence[Row]) -> list[Row]:
    """The rows of several groups, each spread evenly over the whole: no cluster in time."""
    placed = [((number + 0.5) / len(group), row) for group in groups for number, row in enumerate(group)]
    return [row for _, row in sorted(placed, key=lambda found: found[0])]


@dataclass
class Timeline:
    """Stages one after the other, with the fault windows and attempts that belong to them."""

    parts: Sequence[Part]
    guard: float = 0.0  # s at the end of every stage that are not judged
    stages: list[StageWindow] = field(default_factory=list)
    faults: list[FaultScope] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def lay(self) -> "Timeline":
        at = 0
        for index, part in enumerate(self.parts):
            end = at + round(part.seconds * 1e6)
            cycle = sum(stage.name == part.name for stage in self.stages)
            window = (at, end - round(self.guard * 1e6))
            keys = tuple(f"{f.id}@{index}" for f in part.faults)
            self.stages.append(
                StageWindow(
                    index=index,
                    name=part.name,
                    cycle=cycle,
                    planned=(at, end),
                    window=window,
                    windows=keys,
                    baseline=index == 0 or (part.name == self.parts[0].name and not part.faults),
                    own_load=part.own_load,
                )
            )
            for key, scope in zip(keys, part.faults, strict=True):
                self.faults.append(replace(scope, key=key, cycle=cycle, stage=index, window=window, on=at, off=end))
            self._place(part, index, cycle, at, window)
            at = end
        return self

    def _place(self, part: Part, index: int, cycle: int, at: int, window: tuple[int, int]) -> None:
        step = part.seconds * 1e6 / max(1, len(part.rows))
        for number, row in enumerate(part.rows):
            due = row["due"] or at + int(number * step)
            inside = window[0] <= due < window[1] and row["in_window"]
            place = {"stage_index": index, "stage": part.name, "cycle": cycle, "due": due, "in_window": inside}
            self.rows.append({**row, **place, "request": len(self.rows) if row["request"] >= 0 else row["request"]})


def frame(rows: Sequence[Mapping[str, Any]], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame([tuple(row.get(name) for name in schema) for row in rows], schema=dict(schema), orient="row")


def table(
    *parts: Part,
    attempts: Sequence[Row] = (),
    guard: float = 0.0,
    upstreams: Mapping[str, bool] | None = None,
    **facts: Any,
) -> Table:
    """A judged table of these stages; the first is the baseline."""
    laid = Timeline(parts, guard=guard).lay()
    return Table(
        samples=frame(laid.rows, SAMPLES),
        attempts=frame(attempts, ATTEMPTS),
        stages=tuple(laid.stages),
        faults=tuple(laid.faults),
        deadline=facts.pop("deadline", DEADLINE),
        upstreams={"llm": True} if upstreams is None else upstreams,
        **facts,
    )


def attempts(table_: Table, each: int, *, upstream: str = "llm", joined: bool = True, stage: str = "") -> list[Row]:
    """This many attempts for every request of a stage, a tenth of a second apart."""
    rows = table_.samples.filter((pl.col("stage") == stage) | (stage == ""))
    return [
        {
            "upstream": upstream,
            "arrived": due + 100_000 * number,
            "request": request if joined else None,
            "faults": [],
            "retry_after": None,
        }
        for request, due in rows.select("request", "due").iter_rows()
        for number in range(each)
    ]


def with_attempts(table_: Table, rows: Sequence[Row]) -> Table:
    return replace(table_, attempts=frame(rows, ATTEMPTS))


def whole(table_: Table, name: str | None = None, **facts: Any) -> View:
    """A view of every judged sample, or of those of one stage."""
    ground = Ground(table_)
    stages = tuple(s for s in table_.stages if name is None or s.name == name)
    here = {s.index for s in stages}
    rows = ground.in_windows.filter(pl.col("stage_index").is_in(sorted(here)))
    return View(
        ground=ground,
        selected=ground.samples.lazy(),
        everyone=rows,
        rows=rows,
        stages=stages,
        faults=tuple(f for f in table_.faults if f.stage in here),
        spans=merged([s.window for s in stages if s.window]),
        upstreams=tuple(table_.upstreams),
        **facts,
    )
