"""The scope of a criterion: which samples, stages and faults of the table it is about."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Literal, assert_never

import polars as pl

from pocchaos.metrics.base import View
from pocchaos.metrics.ground import Ground, merged, within_any
from pocchaos.metrics.table import FaultScope, Span, StageWindow
from pocchaos.scenario.language import Criterion

Key = Literal["stage", "category", "tenant", "fault"]
Patterns = tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Names, lists or globs, as a criterion gives them; None: all."""

    stage: Patterns | None = None
    category: Patterns | None = None
    tenant: Patterns | None = None
    upstream: Patterns | None = None
    fault: Patterns | None = None
    step: Patterns | None = None
    bitten: bool = False
    fixed: bool = False

    def narrowed(self, key: Key, value: str) -> "Scope":
        """The same scope for one value alone; brackets and stars in the value are letters."""
        literal = (_escaped(value),)
        match key:
            case "stage":
                return replace(self, stage=literal)
            case "category":
                return replace(self, category=literal)
            case "tenant":
                return replace(self, tenant=literal)
            case "fault":
                return replace(self, fault=literal)
            case _:
                assert_never(key)

    def at(self, stage: str) -> "Scope":
        """The same scope at the stage that it is compared with, where no fault bites."""
        return replace(self, stage=(stage,), fault=None, bitten=False)

    def words(self) -> Mapping[str, object]:
        """What is set, for the report."""
        keys: tuple[tuple[str, Patterns | None], ...] = (
            ("stage", self.stage),
            ("category", self.category),
            ("tenant", self.tenant),
            ("upstream", self.upstream),
            ("fault", self.fault),
            ("step", self.step),
        )
        said: dict[str, object] = {key: [_plain(p) for p in patterns] for key, patterns in keys if patterns is not None}
        if self.bitten:
            said["population"] = "bitten"
        if self.fixed:
            said["inputs"] = "fixed"
        return said


def scope_of(criterion: Criterion) -> Scope:
    """The scope as the criterion was written."""
    return Scope(
        stage=criterion.stage,
        category=criterion.category,
        tenant=criterion.tenant,
        upstream=criterion.upstream,
        fault=criterion.fault,
        step=criterion.step,
        bitten=criterion.population == "bitten",
        fixed=criterion.inputs == "fixed",
    )


def view(ground: Ground, scope: Scope, upstreams: Patterns | None = None) -> View:
    """The samples and surroundings in scope; `upstreams` where another view has already settled them."""
    stages, faults = _stages(ground, scope), _faults(ground, scope)
    if scope.fault is not None:
        begun = {fault.stage for fault in faults}
        stages = [stage for stage in stages if stage.index in begun]
    here = {stage.index for stage in stages}
    faults = [fault for fault in faults if fault.stage in here]
    selected = _selected(ground, ground.samples.lazy(), scope)
    if scope.fault is not None:
        spans = merged([fault.window for fault in faults if fault.window is not None])
        everyone = selected.filter(within_any("due", spans) & ~_in_change(ground, spans))
    else:
        spans = merged([stage.window for stage in stages if stage.window is not None])
        everyone = _selected(ground, _staged(ground, here), scope)
    return View(
        ground=ground,
        selected=selected,
        everyone=everyone,
        rows=everyone.filter("bitten") if scope.bitten else everyone,
        stages=tuple(stages),
        faults=tuple(faults),
        spans=spans,
        upstreams=_upstreams(ground, scope, faults) if upstreams is None else upstreams,
        narrowed=any(part is not None for part in (scope.category, scope.tenant, scope.step)),
        fixed=scope.fixed,
    )


def values(ground: Ground, scope: Scope, key: Key) -> tuple[str, ...]:
    """The values that `each` goes through: as named, else in order of time or of the alphabet."""
    match key:
        case "stage":
            return _once(stage.name for stage in _stages(ground, scope))
        case "fault":
            here = {stage.index for stage in _stages(ground, scope)}
            return _once(fault.id for fault in _faults(ground, scope) if fault.stage in here)
        case "category":
            return _values_of(ground, "category", scope.category)
        case "tenant":
            return _values_of(ground, "tenant", scope.tenant)
        case _:
            assert_never(key)


def matches(name: str, patterns: Patterns | None) -> bool:
    """Whether one of the globs means this name; None means all."""
    return patterns is None or any(fnmatchcase(name, pattern) for pattern in patterns)


def _stages(ground: Ground, scope: Scope) -> list[StageWindow]:
    """Those named; an upstream leaves out the stages whose faults are all on others."""
    elsewhere = {fault.stage for fault in ground.table.faults}
    if scope.upstream is not None:
        elsewhere -= {fault.stage for fault in ground.table.faults if matches(fault.upstream, scope.upstream)}
    else:
        elsewhere = set()
    return [s for s in ground.table.stages if matches(s.name, scope.stage) and s.index not in elsewhere]


def _faults(ground: Ground, scope: Scope) -> list[FaultScope]:
    return [
        fault
        for fault in ground.table.faults
        if matches(fault.id, scope.fault) and matches(fault.upstream, scope.upstream)
    ]


def _selected(ground: Ground, samples: pl.LazyFrame, scope: Scope) -> pl.LazyFrame:
    for column, patterns in (("category", scope.category), ("tenant", scope.tenant)):
        if patterns is not None:
            samples = samples.filter(_named(ground, column, patterns))
    if scope.step is not None:  # elements of `for_each` are name[1], name[2], …: the name means them all
        steps = (*scope.step, *(f"{step}[[]*]" for step in scope.step))
        samples = samples.filter(_named(ground, "step", steps))
    return samples


def _named(ground: Ground, column: str, patterns: Patterns) -> pl.Expr:
    meant = [name for name in ground.names(column) if matches(name, patterns)]
    return pl.col(column).is_in(meant)


def _staged(ground: Ground, here: set[int]) -> pl.LazyFrame:
    if len(here) == len(ground.table.stages):
        return ground.in_windows
    return ground.in_windows.filter(pl.col("stage_index").is_in(sorted(here)))


def _in_change(ground: Ground, spans: tuple[Span, ...]) -> pl.Expr:
    """Whether a change was being confirmed when the sample was due; only those within the spans are looked at."""
    here = [(on, off) for on, off in ground.table.changing if any(on < end and off > start for start, end in spans)]
    return pl.any_horizontal(
        pl.lit(value=False), *(pl.col("due").is_between(on, off, closed="left") for on, off in here)
    )


def _upstreams(ground: Ground, scope: Scope, faults: list[FaultScope]) -> Patterns:
    """Those named; else those that the named faults are on; else all."""
    if scope.upstream is None and scope.fault is not None:
        return _once(fault.upstream for fault in faults)
    return tuple(name for name in ground.table.upstreams if matches(name, scope.upstream))


def _values_of(ground: Ground, column: str, patterns: Patterns | None) -> tuple[str, ...]:
    """Those seen anywhere in the run, and those that are named outright, seen or not."""
    seen = [name for name in ground.names(column) if matches(name, patterns)]
    named = [p for p in patterns or () if not any(letter in p for letter in "*?[")]
    return _once([*named, *seen])


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _plain(pattern: str) -> str:
    for letter in "*?[":
        pattern = pattern.replace(f"[{letter}]", letter)
    return pattern
