"""From a run directory to the judged table: joins, windows, outcomes, bite. All that follows reads the table."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import polars as pl

from pocchaos.faults import Visibility
from pocchaos.files.rundir import RunDirectory
from pocchaos.files.scenario import reread
from pocchaos.judging.attempts import bitten_requests, capped, exact_joins, joined_attempts, with_sightings
from pocchaos.judging.bite import prove
from pocchaos.judging.bodies import Bodies
from pocchaos.judging.checks import Checks
from pocchaos.judging.columns import planned
from pocchaos.judging.crossings import Evidence, Gone
from pocchaos.judging.edges import Turn, changing, confirmed, turns
from pocchaos.judging.markers import compile_markers
from pocchaos.judging.samples import Deciding, judged_samples
from pocchaos.metrics.table import ATTEMPTS, SAMPLES, FaultScope, StageWindow, Table
from pocchaos.model.errors import RunDirectoryError
from pocchaos.model.evidence import Mark
from pocchaos.model.units import show_seconds
from pocchaos.scenario.language import Scenario
from pocchaos.scenario.plan import FaultWindow, Plan
from pocchaos.scenario.windows import StageWindows, judged_windows


@dataclass(frozen=True, kw_only=True)
class Judged:
    """The table of a run, and what else the summaries and exemplars read."""

    run: str
    scenario: Scenario
    plan: Plan
    table: Table
    samples: pl.DataFrame  # columns of the table, and `place` of the body in `bodies`
    bodies: Bodies
    directory: RunDirectory
    facts: Mapping[str, Any]  # of run.json
    notes: tuple[str, ...]


def build(run: RunDirectory) -> Judged:
    """Everything that is derived before the first criterion; raises RunDirectoryError where the run is damaged."""
    with ThreadPoolExecutor(max_workers=1) as beside:  # Polars reads them while Python reads plan and bodies
        recorded = beside.submit(run.attempts)
        scenario, plan = _scenario(run), run.plan
        signs = compile_markers(scenario.target.markers)
        bodies = Bodies(run.contents(), signs)
    happened = {window.key: turns(window, run.marks) for window in plan.windows}
    windows = judged_windows(
        plan,
        scenario.target.deadline,
        {key: confirmed(edges) for key, edges in happened.items()},
        [wait for edges in happened.values() for wait in changing(edges)],
    )
    requests = planned(plan)
    attempts = joined_attempts(recorded.result(), run.run, requests, plan.tenants)
    stages = _stages(plan, windows)
    ended = max(
        plan.end if not run.facts.get("stopped") else 0, _last(run), max((mark.at for mark in run.marks), default=0)
    )
    gone = _gone(run.marks)
    evidence = Evidence(
        plan=plan,
        upstreams=scenario.upstreams,
        attempts=with_sightings(attempts, run.marks),
        baseline=stages[0].window if stages else None,
        ended=ended,
        unused=frozenset(run.facts.get("unused") or ()),
        gone=gone,
    )
    exact, notes = exact_joins(scenario, attempts)
    if gone is not None:
        notes = (f"the target ended with exit code {gone.code} at {show_seconds(gone.at / 1e6)}", *notes)
    faults = tuple(_scope(window, happened[window.key], windows, evidence) for window in plan.windows)
    deciding = Deciding(
        target=scenario.target,
        plan=plan,
        requests=requests,
        bodies=bodies,
        signs=signs,
        checks=Checks(plan.inputs, {tenant.name: tenant for tenant in scenario.tenants}, plan.tenants),
        stages=stages,
        changing=windows.changing,
        bitten=bitten_requests(plan, happened, attempts, exact, ended),
    )
    samples = _samples(run, deciding)
    table = Table(
        samples=samples.select(*SAMPLES),
        attempts=attempts.select(pl.col(name).cast(kind) for name, kind in ATTEMPTS.items()),
        stages=stages,
        faults=faults,
        changing=windows.changing,
        deadline=scenario.target.deadline,
        planned=_planned(plan),
        upstreams=exact,
        stopped=str(run.facts.get("stopped") or ""),
        canary_surfaces={tenant.name: tuple(tenant.canaries) for tenant in scenario.tenants if tenant.canaries},
        capped=capped(attempts, scenario),
        secrets=len(scenario.target.secrets),
    )
    return Judged(
        run=run.run,
        scenario=scenario,
        plan=plan,
        table=table,
        samples=samples,
        bodies=bodies,
        directory=run,
        facts=run.facts,
        notes=notes,
    )


def _scenario(run: RunDirectory) -> Scenario:
    """The scenario as it was run: what was secret is a placeholder, and no judgement looks at it."""
    secret = {name: f"«secret:{name}»" for name in run.facts.get("secret_env") or ()}
    return reread(run.scenario_text(), {**secret, **(run.facts.get("env") or {})}, str(run.path / "scenario.yaml"))


def _stages(plan: Plan, windows: StageWindows) -> tuple[StageWindow, ...]:
    return tuple(
        StageWindow(
            index=stage.index,
            name=stage.name,
            cycle=stage.cycle,
            planned=(stage.start, stage.end),
            window=windows.stages[stage.index],
            windows=stage.windows,
            baseline=stage.index == 0 or (stage.name == plan.stages[0].name and not stage.windows),
            own_load=stage.own_load,
        )
        for stage in plan.stages
    )


def _scope(window: FaultWindow, happened: tuple[Turn, ...], windows: StageWindows, evidence: Evidence) -> FaultScope:
    on, off = confirmed(happened)
    return FaultScope(
        key=window.key,
        id=window.id,
        cycle=window.cycle,
        upstream=window.fault.upstream,
        type=window.fault.kind,
        stage=window.stage,
        window=windows.faults[window.key],
        on=on,
        off=off,
        spans=tuple((turn.on, turn.off) for turn in happened if turn.on is not None and turn.off is not None),
        visible=window.fault.visibility is Visibility.VISIBLE,
        bite=prove(window, happened, evidence),
    )


def _gone(marks: Iterable[Mark]) -> Gone | None:
    """When the target ended by itself, if it did."""
    for mark in marks:
        if mark.kind == "target" and mark.subject == "exited":
            return Gone(at=mark.at, code=int(mark.detail.get("exit_code", -1)))
    return None


def _planned(plan: Plan) -> dict[int, int]:
    due = plan.requests.due
    return {stage.index: bisect_left(due, stage.end) - bisect_left(due, stage.start) for stage in plan.stages}


def _samples(run: RunDirectory, deciding: Deciding) -> pl.DataFrame:
    with _readable(run):
        return judged_samples(run.scan_samples(), deciding)


def _last(run: RunDirectory) -> int:
    with _readable(run):
        last = run.scan_samples().select(pl.col("end").max()).collect().item()
    return last if isinstance(last, int) else 0


@contextmanager
def _readable(run: RunDirectory) -> Iterator[None]:
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        raise RunDirectoryError(f"{run.path}: the samples cannot be read ({error}): the copy is not whole") from error
