"""What happened, before any claim: each stage, each failure mode, and the worst requests to look at."""

from collections.abc import Iterable, Mapping

import polars as pl

from pocchaos.judging.latency import quantiles
from pocchaos.judging.markers import NO_BODY, Body
from pocchaos.judging.table import Judged
from pocchaos.metrics.table import Span
from pocchaos.model.outcome import Outcome
from pocchaos.model.verdict import Exemplar, Judgement, OutcomeCount, StageSummary, Verdict
from pocchaos.scenario.plan import InputRow
from pocchaos.statistics.wilson import wilson

SHOWN_CHARACTERS = 300

_UNCOUNTED = (Outcome.LOST, Outcome.CANCELLED)


def stages(judged: Judged) -> tuple[StageSummary, ...]:
    """Each occurrence of a stage: its window, what happened in it, and its latency."""
    samples = judged.samples.lazy().filter(pl.col("stage_index") >= 0)
    inside = samples.filter(pl.col("in_window"))
    sent = samples.filter(pl.col("lag").is_not_null()).group_by("stage_index").len().collect()
    counts = inside.group_by("stage_index", "outcome").len().sort("outcome").collect()
    latency = {
        row.pop("stage_index"): {name: micros / 1e6 for name, micros in row.items()}
        for row in quantiles(inside, "stage_index").collect().to_dicts()
    }
    happened: dict[int, dict[str, int]] = {}
    for index, outcome, count in counts.iter_rows():
        happened.setdefault(index, {})[outcome] = count
    went = dict(sent.iter_rows())
    ids = {window.key: window.id for window in judged.plan.windows}
    return tuple(
        StageSummary(
            name=stage.name,
            index=stage.index,
            cycle=stage.cycle,
            planned=_seconds(stage.planned),
            window=_seconds(stage.window) if stage.window else None,
            requests=judged.table.planned.get(stage.index, 0),
            sent=went.get(stage.index, 0),
            outcomes=happened.get(stage.index, {}),
            latency=latency.get(stage.index, {}),
            faults=tuple(ids[key] for key in stage.windows),
        )
        for stage in judged.table.stages
    )


def outcomes(samples: pl.DataFrame) -> tuple[OutcomeCount, ...]:
    """The failure-mode table: stage × category × outcome over the judged windows, in order of appearance."""
    counts = (
        samples.lazy()
        .filter(pl.col("in_window"), ~pl.col("outcome").is_in([outcome.value for outcome in _UNCOUNTED]))
        .group_by("stage", "category", "outcome")
        .agg(count=pl.len(), first=pl.col("stage_index").min())
        .with_columns(n=pl.col("count").sum().over("stage", "category"))
        .sort("first", "stage", "category", "outcome")
        .collect()
    )
    return tuple(
        OutcomeCount(stage=stage, category=category, outcome=outcome, count=count, n=n, interval=wilson(count, n))
        for stage, category, outcome, count, n in counts.select(
            "stage", "category", "outcome", "count", "n"
        ).iter_rows()
    )


def exemplars(judged: Judged, criteria: Iterable[Judgement]) -> tuple[Exemplar, ...]:
    """The worst five requests per failed criterion, as the criterion names them, each request once."""
    wanted = list(dict.fromkeys(number for criterion in criteria for number in _evidence(criterion)))
    if not wanted:
        return ()
    raw = (
        judged.directory.scan_samples()
        .filter(pl.col("request").is_in(wanted))
        .select("request", "error", "status")
        .collect()
    )
    rows = judged.samples.filter(pl.col("request").is_in(wanted)).unique("request", keep="first")
    both = rows.join(raw.unique("request", keep="first"), on="request", how="left")
    by_request = {row["request"]: row for row in both.iter_rows(named=True)}
    return tuple(_exemplar(judged, by_request[number]) for number in wanted if number in by_request)


def _seconds(span: Span) -> tuple[float, float]:
    return span[0] / 1e6, span[1] / 1e6


def _evidence(criterion: Judgement) -> tuple[int, ...]:
    if criterion.verdict is not Verdict.FAIL:
        return ()
    inner = [number for one in criterion.each if one.verdict is Verdict.FAIL for number in one.evidence]
    return tuple(dict.fromkeys([*criterion.evidence, *inner]))[:5]


def _exemplar(judged: Judged, row: Mapping[str, object]) -> Exemplar:
    input_ = row["input"]
    known = judged.plan.inputs[input_] if isinstance(input_, int) and input_ >= 0 else None
    place = row["place"]
    return Exemplar(
        request=int(str(row["request"])),
        request_id=f"{judged.run}-{row['request']}",
        stage=str(row["stage"]),
        tenant=str(row["tenant"]),
        category=str(row["category"]),
        input=known.id if known else "",
        outcome=str(row["outcome"]),
        response=_number(row["response"]),
        status=status if isinstance(status := row["status"], int) else None,
        error=error if isinstance(error := row["error"], str) else None,
        said=_said(judged.bodies.read(place) if isinstance(place, int) else NO_BODY),
        question=_question(known),
    )


def _said(body: Body) -> str:
    return (body.answer or body.text)[:SHOWN_CHARACTERS]


def _question(row: InputRow | None) -> str:
    if row is None:
        return ""
    text = row.fields.get("text")
    shown = text if isinstance(text, str) else ", ".join(f"{key}: {value}" for key, value in row.fields.items())
    spoiled = f"[malformed: {row.mutation.kind}] " if row.mutation else ""
    return (spoiled + shown)[:SHOWN_CHARACTERS]


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
