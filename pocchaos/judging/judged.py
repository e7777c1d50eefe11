"""A run directory in, a judged run out: pure but for reading, so that the same evidence gives the same verdict."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import polars as pl

from pocchaos.files.hlog import write_hlog
from pocchaos.files.log import write_whole
from pocchaos.files.rundir import RunDirectory
from pocchaos.files.verdicts import dump_verdicts
from pocchaos.judging import summaries
from pocchaos.judging.criteria import judge_criteria
from pocchaos.judging.latency import curves, intervals
from pocchaos.judging.not_tested import not_tested
from pocchaos.judging.table import Judged, build
from pocchaos.judging.timeline import timeline
from pocchaos.model.verdict import JudgedRun, Judgement, Percentiles, Timeline, Verdict, worst

EXIT_CODES = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INCONCLUSIVE: 3}


def judge(run: RunDirectory) -> JudgedRun:
    """Judge a recorded run; raises RunDirectoryError where the directory cannot be read."""
    return judge_table(build(run))


def judge_and_keep(run: RunDirectory) -> JudgedRun:
    """Judge a run and write verdicts.json and latency.hlog into its directory."""
    found = build(run)
    judged = judge_table(found)
    write_whole(run.path / "verdicts.json", dump_verdicts(judged))
    write_whole(run.path / "latency.hlog", hlog(found))
    return judged


def hlog(found: Judged) -> bytes:
    """The latency.hlog of a run; its clock is that of the run's start, or the epoch where that is unknown."""
    started = found.facts.get("started")
    at = datetime.fromisoformat(started) if isinstance(started, str) else datetime.fromtimestamp(0, UTC)
    return write_hlog(intervals(found.samples, found.table), started=at)


def judge_table(found: Judged) -> JudgedRun:
    """Everything that a report says, from the table of a run."""
    table = found.table
    with ThreadPoolExecutor(max_workers=1) as beside:  # Polars draws the charts while Python weighs the criteria
        charts = beside.submit(_charts, found)
        criteria = judge_criteria(table, found.scenario.criteria)
    series, percentiles = charts.result()
    leaks = table.samples.filter((pl.col("foreign").list.len() > 0) | (pl.col("secrets").list.len() > 0)).height
    verdict, why = overall(criteria, stopped=table.stopped, empty=not len(table.samples), leaks=leaks)
    return JudgedRun(
        verdict=verdict,
        exit_code=EXIT_CODES[verdict],
        scenario=found.scenario.name,
        run=found.run,
        why=why,
        stopped=table.stopped,
        criteria=criteria,
        faults=tuple(fault.bite for fault in table.faults if fault.bite is not None),
        stages=summaries.stages(found),
        timeline=series,
        outcomes=summaries.outcomes(found.samples),
        percentiles=percentiles,
        exemplars=summaries.exemplars(found, criteria),
        not_tested=not_tested(found.scenario, found.plan, table),
        notes=found.notes,
        facts=found.facts,
    )


def _charts(found: Judged) -> tuple[Timeline, tuple[Percentiles, ...]]:
    """What is shown beside the verdicts, and never judged: it takes half a second of a million samples."""
    series = timeline(found.samples, found.plan, found.table)
    return series, curves(found.samples.filter(pl.col("in_window")), found.table)


def overall(criteria: tuple[Judgement, ...], *, stopped: str, empty: bool, leaks: int = 0) -> tuple[Verdict, str]:
    """The verdict on the whole and one sentence on why: no evidence is never a pass, and a leak always fails."""
    if leaks and not any(criterion.metric == "leaked" for criterion in criteria):
        seen = "1 response" if leaks == 1 else f"{leaks:,} responses"
        return Verdict.FAIL, f"leaked: a secret or another tenant's canary in {seen}, though no criterion asked"
    if not criteria:
        return Verdict.INCONCLUSIVE, "the scenario has no criteria: nothing was claimed, so nothing is proven"
    verdict = worst([criterion.verdict for criterion in criteria])
    names = ", ".join(criterion.id for criterion in criteria if criterion.verdict is verdict)
    if verdict is Verdict.FAIL:
        return verdict, f"failed: {names}"
    if empty:
        return Verdict.INCONCLUSIVE, "the run has no samples: no request was recorded"
    if stopped:
        return Verdict.INCONCLUSIVE, f"the run ended before its plan did: {stopped}"
    if verdict is Verdict.INCONCLUSIVE:
        return verdict, f"not decided: {names}"
    return verdict, f"all {len(criteria)} criteria hold"
