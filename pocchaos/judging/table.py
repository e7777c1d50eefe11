"""From a run directory to the judged table: joins, windows, outcomes, bite. All that follows reads the table."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from pocchaos.faults import Toxic, Visibility
from pocchaos.files.rundir import RunDirectory
from pocchaos.files.scenario import reread
from pocchaos.judging.bite import Evidence, prove
from pocchaos.judging.bodies import Bodies
from pocchaos.judging.checks import Checks
from pocchaos.judging.columns import NUMBERS, SEEN, coded, with_bodies, with_checks, with_outcomes, with_plan
from pocchaos.judging.edges import Turn, changing, confirmed, turns
from pocchaos.judging.markers import compile_markers
from pocchaos.metrics.table import ATTEMPTS, SAMPLES, FaultScope, Span, StageWindow, Table
from pocchaos.model.errors import RunDirectoryError
from pocchaos.model.outcome import Outcome
from pocchaos.scenario.language import Correlate, Scenario
from pocchaos.scenario.plan import FaultWindow, Plan
from pocchaos.scenario.windows import StageWindows, judged_windows

JOINED: Final = 0.99  # share of attempts with a known request from which a join counts as exact

_KNOWN_WITHOUT_BODY: Final = (Outcome.LOST, Outcome.CANCELLED, Outcome.LEAKED, Outcome.HUNG, Outcome.BROKEN)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """The table of a run, and what else the summaries and exemplars read."""

    run: str
    scenario: Scenario
    plan: Plan
    table: Table
    samples: pl.DataFrame  # columns of the table and, beside them, start, end, first_token, status, place
    bodies: Bodies
    directory: RunDirectory
    facts: Mapping[str, Any]  # of run.json
    notes: tuple[str, ...]


def build(run: RunDirectory) -> Judged:
    """Everything that is derived before the first criterion; raises RunDirectoryError where the run is damaged."""
    scenario, plan = _scenario(run), run.plan
    bodies = Bodies(run.contents())
    happened = {window.key: turns(window, run.marks) for window in plan.windows}
    windows = judged_windows(
        plan,
        scenario.target.deadline,
        {key: confirmed(edges) for key, edges in happened.items()},
        [wait for edges in happened.values() for wait in changing(edges)],
    )
    samples = _outcomes(run, scenario, plan, bodies)
    attempts = _attempts(run, plan)
    stages = _stages(plan, windows)
    ended = max(plan.end if not run.facts.get("stopped") else 0, _last(samples), _last_mark(run))
    evidence = Evidence(
        plan=plan,
        upstreams=scenario.upstreams,
        attempts=attempts,
        baseline=stages[0].window if stages else None,
        ended=ended,
        unused=frozenset(run.facts.get("unused") or ()),
    )
    exact, notes = _joins(scenario, attempts)
    faults = tuple(_scope(window, happened[window.key], windows, evidence) for window in plan.windows)
    samples = _timed(_named(_windowed(samples, stages, windows.changing), plan), _bitten(plan, happened, attempts, exact, ended))
    table = Table(
        samples=samples.select(pl.col(name).cast(kind) for name, kind in SAMPLES.items()),
        attempts=attempts.select(pl.col(name).cast(kind) for name, kind in ATTEMPTS.items()),
        stages=stages,
        faults=faults,
        deadline=scenario.target.deadline,
        planned=_planned(plan),
        upstreams=exact,
        stopped=str(run.facts.get("stopped") or ""),
        canary_surfaces={tenant.name: tuple(tenant.canaries) for tenant in scenario.tenants if tenant.canaries},
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


def _outcomes(run: RunDirectory, scenario: Scenario, plan: Plan, bodies: Bodies) -> pl.DataFrame:
    signs = compile_markers(scenario.target.markers)
    checks = Checks(plan.inputs, {tenant.name: tenant for tenant in scenario.tenants}, plan.tenants)
    try:
        recorded = coded(run.scan_samples(), bodies, signs)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise RunDirectoryError(f"{run.path}: the samples cannot be read ({error}): the copy is not whole") from None
    samples = with_plan(recorded, plan)
    decided = with_outcomes(with_checks(with_bodies(samples, bodies, signs), bodies, checks), scenario.target)
    certain = pl.col("outcome").is_in([known.value for known in _KNOWN_WITHOUT_BODY])
    return decided.select(
        *(*NUMBERS, *SEEN, "stage_index", "tenant_index", "input", "place", "outcome"),
        pl.col("step").cast(pl.String),
        kept=pl.col("kept") | certain,
        checked=pl.col("has_assertion"),
        expect=pl.when("refuse").then(pl.lit("refuse")).otherwise(pl.lit("answer")),
    )


def _windowed(samples: pl.DataFrame, stages: tuple[StageWindow, ...], changing: tuple[Span, ...]) -> pl.DataFrame:
    """Whether each sample was due inside the judged window of its stage, and while nothing was changing."""
    windows = pl.DataFrame(
        {
            "window_from": pl.Series([stage.window[0] if stage.window else None for stage in stages], dtype=pl.Int64),
            "window_to": pl.Series([stage.window[1] if stage.window else None for stage in stages], dtype=pl.Int64),
        }
    ).select(pl.all().gather(samples["stage_index"]))
    inside = pl.col("due").is_between("window_from", "window_to", closed="left").fill_null(value=False)
    in_change = pl.any_horizontal(
        pl.lit(value=False), *(pl.col("due").is_between(start, end, closed="left") for start, end in changing)
    )
    return samples.hstack(windows).with_columns(in_window=inside & ~in_change).drop("window_from", "window_to")


def _named(samples: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """The words of the plan beside its numbers; empty for what is outside the plan."""
    texts = pl.String
    words = (
        pl.Series("stage", [stage.name for stage in plan.stages], dtype=texts).gather(samples["stage_index"]),
        pl.Series("tenant", list(plan.tenants), dtype=texts).gather(samples["tenant_index"]),
        pl.Series("category", [row.category for row in plan.inputs], dtype=texts).gather(samples["input"]),
    )
    cycles = pl.Series("cycle", [stage.cycle for stage in plan.stages], dtype=pl.Int32).gather(samples["stage_index"])
    return samples.with_columns(*(word.fill_null("") for word in words), cycles.fill_null(0)).with_columns(
        pl.col("stage_index", "input").fill_null(-1)
    )


def _timed(samples: pl.DataFrame, bitten: pl.Series) -> pl.DataFrame:
    """Times in seconds, and which requests a fault touched."""
    streamed = pl.col("tokens") >= 2
    return samples.with_columns(
        response=(pl.col("end") - pl.col("due")) / 1e6,
        service=(pl.col("end") - pl.col("start")) / 1e6,
        lag=(pl.col("start") - pl.col("due")) / 1e6,
        ttft=(pl.col("first_token") - pl.col("due")) / 1e6,
        tpot=pl.when(streamed).then((pl.col("last_token") - pl.col("first_token")) / 1e6 / (pl.col("tokens") - 1)),
        gap_max=pl.when(streamed).then(pl.col("gap_max") / 1e6),
        bitten=pl.col("request").is_in(bitten.implode()),
        over_quota=pl.lit(value=False),  # quotas are refused when a scenario is read: none is known yet
    ).drop("tenant_index", "last_token")


def _attempts(run: RunDirectory, plan: Plan) -> pl.DataFrame:
    """What the stand saw, joined to the request whose name it carries, and to that request's tenant."""
    attempts = run.attempts()
    prefix = f"{run.run}-"
    number = pl.col("join").str.strip_prefix(prefix).cast(pl.Int64, strict=False)
    named = pl.when(pl.col("join").str.starts_with(prefix)).then(number)
    planned = pl.when(named.is_between(0, len(plan.requests) - 1)).then(named)
    joined = attempts.with_columns(request=planned)
    tenants = pl.Series("tenant", list(plan.tenants), dtype=pl.String)
    asking = pl.Series(plan.requests.tenant, dtype=pl.Int32).gather(joined["request"])
    return joined.with_columns(tenants.gather(asking))


def _joins(scenario: Scenario, attempts: pl.DataFrame) -> tuple[dict[str, bool], tuple[str, ...]]:
    """Which upstreams' attempts are joined exactly, and a note where the target loses the header."""
    exact: dict[str, bool] = {}
    notes: list[str] = []
    for name, upstream in scenario.upstreams.items():
        declared = isinstance(scenario.target.correlate, Correlate)
        over_http = not (isinstance(upstream.origin, str) and upstream.origin.startswith("tcp:"))
        here = attempts.filter(pl.col("upstream") == name, pl.col("arrived") >= 0)
        joined = len(here) - here["request"].null_count()
        exact[name] = declared and over_http and joined >= JOINED * len(here)
        if declared and over_http and not exact[name]:
            notes.append(
                f"{joined} of {len(here)} attempts at {name} carry the `correlate` header: "
                "they are counted by time instead of by request; let the target pass it on"
            )
    return exact, tuple(notes)


def _bitten(
    plan: Plan, happened: Mapping[str, tuple[Turn, ...]], attempts: pl.DataFrame, exact: Mapping[str, bool], ended: int
) -> pl.Series:
    """Requests with an exactly joined attempt that met a stand fault, or a visible toxic at toxicity 1 while on."""
    met = pl.col("faults").list.len() > 0
    for window in plan.windows:
        fault = window.fault
        if not isinstance(fault, Toxic) or fault.visibility is Visibility.BLIND or fault.toxicity < 1:
            continue
        for span in filter(None, (turn.certain(ended) for turn in happened[window.key])):
            met = met | ((pl.col("upstream") == fault.upstream) & pl.col("arrived").is_between(*span, closed="left"))
    joined = [name for name, yes in exact.items() if yes]
    return attempts.filter(met, pl.col("upstream").is_in(joined))["request"].drop_nulls().unique()


def _stages(plan: Plan, windows: StageWindows) -> tuple[StageWindow, ...]:
    return tuple(
        StageWindow(
            index=stage.index,
            name=stage.name,
            cycle=stage.cycle,
            planned=(stage.start, stage.end),
            window=windows.stages[stage.index],
            windows=stage.windows,
            baseline=stage.index == 0,
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
        visible=window.fault.visibility is Visibility.VISIBLE,
        bite=prove(window, happened, evidence),
    )


def _planned(plan: Plan) -> dict[int, int]:
    due = plan.requests.due
    return {stage.index: bisect_left(due, stage.end) - bisect_left(due, stage.start) for stage in plan.stages}


def _last(samples: pl.DataFrame) -> int:
    last = samples["end"].max()
    return last if isinstance(last, int) else 0


def _last_mark(run: RunDirectory) -> int:
    return max((mark.at for mark in run.marks), default=0)
