"""Run directories to judge, in the words of the project: `answered(200)`, `hung(3)`, attempts, faults.

They are written through the same writers as a real run's, so that what is judged has been on disk.
"""

import json
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from pocchaos.assertions import Contains
from pocchaos.faults import AnyStandFault, AnyToxic, Down, Toxic
from pocchaos.files.batch import Batch, encode
from pocchaos.files.evidence import SampleLog, compact, mark_record
from pocchaos.files.log import JsonLines
from pocchaos.files.rundir import RunDirectory
from pocchaos.model.evidence import Attempt, Content, How, Mark, Sample
from pocchaos.model.units import Bytes
from pocchaos.scenario.plan import Edge, FaultWindow, InputRow, Plan, PlannedStage, Requests

RUN = "run1"
SECOND = 1_000_000
ORIGIN = 5_000 * SECOND  # absolute µs of the run's origin
STARTED = datetime(2026, 11, 24, 10, 0, 0, tzinfo=UTC)

INPUTS = (
    InputRow(
        id="q1",
        category="in_scope",
        expect="answer",
        fields={"text": "What is the capital of France?", "expected": "Paris"},
        asserts=(Contains(type="contains", value="${input.expected}"),),
    ),
    InputRow(id="off", category="off_topic", expect="refuse", fields={"text": "Sing me a song."}),
    InputRow(id="open", category="edge_case", expect="answer", fields={"text": "?"}),
)
GOOD, OFF_TOPIC, UNCHECKED = range(len(INPUTS))


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the target made of one request: the sample without its number and due time, and its content."""

    sample: Callable[[int, int], Sample]
    content: Content | None = None
    input: int = GOOD


def content(body: Any, *, answer: str | None = None, **changes: Any) -> Content:
    """A kept body; JSON unless it is text."""
    text = body if isinstance(body, str) else json.dumps(body)
    if answer is None and isinstance(body, dict):
        answer = body.get("answer")
    kept = Content(
        hash=blake2b(text.encode() + repr(changes).encode(), digest_size=16).hexdigest(),
        media="text" if isinstance(body, str) else "json",
        body=text,
        answer=answer,
        parsed=not isinstance(body, str),
    )
    return replace(kept, **changes)


def replied(
    status: int,
    body: Any = None,
    *,
    after: float = 0.1,
    input: int = GOOD,  # noqa: A002 - the project's own word
    headers: Mapping[str, str] | None = None,
    said: Content | None = None,
    **facts: Any,
) -> Reply:
    """A complete response after so many seconds."""
    told = said if said is not None else None if body is None else content(body)

    def sample(request: int, due: int) -> Sample:
        end = due + round(after * SECOND)
        known = {"how": How.COMPLETE, "first_byte": end, "status": status, "headers": headers or {}, **facts}
        return Sample(request=request, due=due, start=due, end=end, content=told.hash if told else None, **known)

    return Reply(sample=sample, content=told, input=input)


def answered(status: int = 200, *, after: float = 0.1, **facts: Any) -> Reply:
    """A good answer to the good input."""
    return replied(status, {"answer": "Paris, of course."}, after=after, **facts)


def hung(deadline: float = 3.0, **facts: Any) -> Reply:
    """Nothing came, and we hung up."""

    def sample(request: int, due: int) -> Sample:
        known = {"how": How.DEADLINE, **facts}
        return Sample(request=request, due=due, start=due, end=due + round(deadline * SECOND), **known)

    return Reply(sample=sample)


def ended(how: How, *, after: float = 0.01, input: int = GOOD, **facts: Any) -> Reply:  # noqa: A002
    """Broken off, or never sent."""

    def sample(request: int, due: int) -> Sample:
        start = None if how is How.NOT_SENT else due
        end = None if how in (How.NOT_SENT, How.UNFINISHED) else due + round(after * SECOND)
        return Sample(request=request, due=due, start=start, end=end, how=how, **facts)

    return Reply(sample=sample, input=input)


def scenario(**changes: Any) -> dict[str, Any]:
    """The scenario as YAML would say it: a target with every kind of marker, one upstream, no criteria."""
    target = {
        "url": "http://127.0.0.1:8080",
        "deadline": "3s",
        "request": {"path": "/ask", "json": {"question": "${input.text}"}},
        "answer": {"path": "answer"},
        "markers": {
            "fallback": {"header": "x-degraded"},
            "refusal": {"path": "refused"},
            "shed": {"header": "x-shed", "equals": "1"},
            "error": {"pattern": "^ERR "},
        },
        "correlate": {"header": "x-request-id"},
        **changes.pop("target", {}),
    }
    return {
        "version": 1,
        "name": "trial",
        "target": target,
        "upstreams": {"llm": {"origin": {"simulate": "openai"}}},
        "inputs": [{"file": "questions.jsonl", "category": "in_scope", "share": "100%"}],
        "load": {"arrival": "constant", "rate": "10/s"},
        "stages": [{"name": "baseline", "duration": "30s"}],
        **changes,
    }


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """One stage: how long it is, how the target replies in it, and which fault is on in it."""

    name: str
    lasts: float = 10.0
    replies: Sequence[Reply] = ()
    rate: float = 10.0
    fault: Down | AnyToxic | AnyStandFault | None = None
    spans: tuple[tuple[float, float], ...] = ()  # of the fault, s from the stage's start; default: all of it
    settle: float = 0.0
    confirmed: bool = True  # the fault's edges left their marks


def plan_of(stretches: Sequence[Stretch], inputs: tuple[InputRow, ...] = INPUTS) -> Plan:
    """Constant arrivals through these stages; each reply's own input is the one that is asked."""
    stages: list[PlannedStage] = []
    windows: list[FaultWindow] = []
    edges: list[Edge] = []
    columns: dict[str, list[int]] = {"due": [], "stage": [], "tenant": [], "input": []}
    at = 0
    for index, stretch in enumerate(stretches):
        end = at + round(stretch.lasts * SECOND)
        keys: tuple[str, ...] = ()
        if stretch.fault is not None:
            key = f"{stretch.fault.name}@{index}"
            spans = tuple((at + round(a * SECOND), at + round(b * SECOND)) for a, b in stretch.spans) or ((at, end),)
            windows.append(
                FaultWindow(
                    key=key,
                    id=stretch.fault.name,
                    cycle=sum(window.id == stretch.fault.name for window in windows),
                    stage=index,
                    fault=stretch.fault,
                    spans=spans,
                )
            )
            for span, (on, off) in enumerate(spans):
                edges += [
                    Edge(at=on, turn="on", window=key, span=span),
                    Edge(at=off, turn="off", window=key, span=span),
                ]
            keys = (key,)
        faults_next = index + 1 < len(stretches) and (stretch.fault != stretches[index + 1].fault)
        stages.append(
            PlannedStage(
                index=index,
                name=stretch.name,
                cycle=sum(stage.name == stretch.name for stage in stages),
                start=at,
                end=end,
                settle=round(stretch.settle * SECOND),
                windows=keys,
                own_load=False,
                guarded=faults_next,
            )
        )
        count = round(stretch.lasts * stretch.rate) if stretch.replies else 0
        for k in range(count):
            columns["due"].append(at + round(k / stretch.rate * SECOND))
            columns["stage"].append(index)
            columns["tenant"].append(0)
            columns["input"].append(stretch.replies[k % len(stretch.replies)].input)
        at = end
    return Plan(
        seed=1,
        stages=tuple(stages),
        windows=tuple(windows),
        edges=tuple(sorted(edges, key=lambda edge: (edge.at, edge.turn != "off"))),
        tenants=("default",),
        inputs=inputs,
        requests=Requests(
            due=array("q", columns["due"]),
            stage=array("i", columns["stage"]),
            tenant=array("i", columns["tenant"]),
            input=array("i", columns["input"]),
        ),
    )


def attempts_for(plan: Plan, stage: int, *, each: int = 1, upstream: str = "llm", **facts: Any) -> list[Attempt]:
    """`each` attempts a request of a stage, 10 ms after it is due, joined by its name."""
    return [
        Attempt(
            upstream=upstream,
            number=1,
            arrived=plan.requests.due[k] + 10_000 + nth,
            join=f"{RUN}-{k}",
            method="POST",
            path="/v1/chat/completions",
            **facts,
        )
        for k in range(len(plan.requests))
        if plan.requests.stage[k] == stage
        for nth in range(each)
    ]


def marks_of(plan: Plan, *, late: int = 5_000, read_back: Mapping[str, Any] | None = None) -> list[Mark]:
    """A mark for each edge: asked on time, confirmed `late` µs afterwards, with what the server would show."""
    windows = {window.key: window for window in plan.windows}
    return [
        Mark(
            kind=f"fault_{edge.turn}",
            subject=edge.window,
            at=edge.at + late,
            planned=edge.at,
            asked=edge.at,
            confirmed=edge.at + late,
            detail={
                "span": edge.span,
                "read_back": shown(windows[edge.window].fault) if read_back is None else read_back,
            },
        )
        for edge in plan.edges
    ]


def shown(fault: Down | AnyToxic | AnyStandFault) -> dict[str, Any]:
    """What toxiproxy-server shows of a fault that is on."""
    if isinstance(fault, Down):
        return {"proxy": fault.upstream, "enabled": False, "toxics": []}
    if isinstance(fault, Toxic):
        attributes = dict(fault.wire())
        return {"type": fault.kind, "stream": fault.stream, "toxicity": fault.toxicity, "attributes": attributes}
    return {}


def write_run(
    folder: Path,
    stretches: Sequence[Stretch],
    *,
    attempts: Callable[[Plan], Iterable[Attempt]] | None = None,
    marks: Sequence[Mark] | None = None,
    inputs: tuple[InputRow, ...] = INPUTS,
    facts: Mapping[str, Any] | None = None,
    extra: Sequence[tuple[Sample, Content | None]] = (),
    **said: Any,
) -> RunDirectory:
    """A run directory on disk: scenario, plan, samples, attempts, marks; `said` goes into the scenario."""
    plan = plan_of(stretches, inputs)
    run = RunDirectory.create(folder, scenario="trial", now=STARTED, token=RUN)
    run.write_scenario(json.dumps(scenario(**said)))
    run.write_plan(plan)
    run.write_facts(
        {
            "run": RUN,
            "scenario": "trial",
            "origin_us": ORIGIN,
            "started": STARTED.isoformat(),
            "stopped": "",
            **(facts or {}),
        }
    )
    samples, contents = [], {}
    starts = [list(plan.requests.stage).index(i) if i in plan.requests.stage else 0 for i in range(len(stretches))]
    for k in range(len(plan.requests)):
        stage = plan.requests.stage[k]
        replies = stretches[stage].replies
        reply = replies[(k - starts[stage]) % len(replies)]
        samples.append(reply.sample(k, plan.requests.due[k]))
        if reply.content:
            contents[reply.content.hash] = reply.content
    for sample, more in extra:
        samples.append(sample)
        if more:
            contents[more.hash] = more
    log = SampleLog(run.path, keep=Bytes(1 << 30), seed=1)
    batch = Batch(worker=0, number=1, samples=tuple(samples), contents=tuple(contents.values()))
    log.write(batch, encode(batch))
    log.close()
    compact(run.path)
    with JsonLines(run.path / "attempts.jsonl") as file:
        for number, attempt in enumerate(attempts(plan) if attempts else (), start=1):
            ended_at = None if attempt.ended is None else attempt.ended + ORIGIN
            file.append({**asdict(attempt), "number": number, "arrived": attempt.arrived + ORIGIN, "ended": ended_at})
    unconfirmed = {f"{s.fault.name}@{i}" for i, s in enumerate(stretches) if s.fault is not None and not s.confirmed}
    with JsonLines(run.path / "marks.jsonl") as file:
        for mark in marks if marks is not None else marks_of(plan):
            if mark.subject not in unconfirmed:
                file.append(mark_record(mark))
    return RunDirectory.open(run.path)
