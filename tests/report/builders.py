"""A judged run to render, in the words of the report; hostile words where somebody else's text can stand."""

from dataclasses import replace
from typing import Any

from pocchaos.model.verdict import (
    Bite,
    Exemplar,
    JudgedRun,
    Judgement,
    OutcomeCount,
    Percentiles,
    StageSummary,
    Timeline,
    Verdict,
)

HOSTILE = (
    "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">\x1b[31m\u202e&|`"
)


def judged(**changes: Any) -> JudgedRun:
    """A run of 40 s with an outage from 20 s to 30 s, one criterion of each verdict."""
    passed = Judgement(
        id="quality",
        claim="at least 95 % answered in good weather",
        verdict=Verdict.PASS,
        metric="answered",
        scope={"stage": ["baseline"], "category": ["in_scope"]},
        figure=0.995,
        interval=(0.972, 0.999),
        limit=0.95,
        sense="at_least",
        n=380,
        n_eff=150.0,
        why="the whole interval is on the good side",
    )
    failed = replace(
        passed,
        id="no-hang",
        claim="",
        verdict=Verdict.FAIL,
        metric="hung",
        scope={"stage": ["outage"]},
        figure=0.31,
        interval=(0.25, 0.37),
        limit=0.01,
        sense="at_most",
        n=200,
        n_eff=200.0,
        why="the whole interval is on the bad side",
        evidence=(401, 402),
    )
    open_ = replace(
        failed,
        id="recover",
        verdict=Verdict.INCONCLUSIVE,
        metric="time_to_recover",
        unit="seconds",
        figure=float("inf"),
        interval=(4.0, float("inf")),
        limit=8.0,
        evidence=(),
        why="the series is too short",
        remedy="make recovery 12 s longer",
    )
    times = tuple(float(second) for second in range(40))
    run = JudgedRun(
        verdict=Verdict.FAIL,
        exit_code=1,
        scenario="llm-outage",
        run="3f9a2b1c04",
        why="no-hang failed",
        criteria=(passed, failed, open_),
        faults=(
            Bite(
                id="llm.stall",
                window="llm.stall@1",
                cycle=0,
                upstream="llm",
                type="stall",
                stage="outage",
                planned=(20.0, 30.0),
                confirmed=(20.002, 30.004),
                spans=((20.002, 30.004),),
                visible=True,
                bitten=True,
                why="63 of 63 eligible attempts were held",
                predicted=200.0,
                arrived=63,
                eligible=63,
                marked=63,
            ),
        ),
        stages=(
            _stage("baseline", 0, 0.0, 20.0, {"answered": 380}, ()),
            _stage("outage", 1, 20.0, 30.0, {"degraded": 138, "hung": 62}, ("llm.stall",)),
            _stage("recovery", 2, 30.0, 40.0, {"answered": 198, "degraded": 2}, ()),
        ),
        timeline=Timeline(
            bucket=1.0,
            start=times,
            offered=(20.0,) * 40,
            achieved=(20.0,) * 40,
            p50=tuple(0.4 + 0.01 * (k % 5) for k in range(40)),
            p95=tuple(1.9 if 20 <= k < 30 else 0.8 for k in range(40)),
            p99=tuple(None if k == 25 else 1.1 for k in range(40)),
            slowest=(3.0,) * 40,
            outcomes={
                "answered": tuple(0 if 20 <= k < 30 else 20 for k in range(40)),
                "degraded": tuple(14 if 20 <= k < 30 else 0 for k in range(40)),
                "hung": tuple(6 if 20 <= k < 30 else 0 for k in range(40)),
            },
        ),
        outcomes=(
            OutcomeCount(
                stage="baseline", category="in_scope", outcome="answered", count=380, n=380, interval=(0.99, 1.0)
            ),
            OutcomeCount(
                stage="outage", category="in_scope", outcome="degraded", count=138, n=200, interval=(0.62, 0.75)
            ),
            OutcomeCount(stage="outage", category="in_scope", outcome="hung", count=62, n=200, interval=(0.25, 0.38)),
        ),
        percentiles=(
            Percentiles(stage="baseline", n=380, curve=((0.5, 0.41), (0.9, 0.7), (0.95, 0.8), (0.99, 1.1))),
            Percentiles(stage="outage", n=138, curve=((0.5, 1.2), (0.9, 1.8), (0.95, 1.9))),
        ),
        exemplars=(
            Exemplar(
                request=401,
                request_id="3f9a2b1c04-401",
                stage="outage",
                tenant="acme",
                category="in_scope",
                input="q17",
                outcome="hung",
                response=3.0,
                status=None,
                error="no complete answer before the deadline",
                said=HOSTILE,
                question=HOSTILE,
            ),
        ),
        not_tested=("WebSocket, gRPC and HTTP/2 between target and stand", "misuse inputs: the scenario deals none"),
        notes=("lag p99 0.9 ms",),
        facts={
            "seed": 7,
            "started": "2026-11-24T10:15:00+00:00",
            "target_version": HOSTILE,
            "hashes": {"scenario": "ab" * 32},
            "versions": {"pocchaos": "0.1.0"},
        },
    )
    return replace(run, **changes)


def _stage(
    name: str, index: int, start: float, end: float, outcomes: dict[str, int], faults: tuple[str, ...]
) -> StageSummary:
    return StageSummary(
        name=name,
        index=index,
        cycle=0,
        planned=(start, end),
        window=(start, end - 3.0),
        requests=int((end - start) * 20),
        sent=int((end - start) * 20),
        outcomes=outcomes,
        latency={"p50": 0.4, "p95": 0.8, "p99": 1.1, "max": 3.0},
        faults=faults,
    )
