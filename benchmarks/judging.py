"""Judging a million samples with 10,000 different answers: wall time and peak memory, in a fresh process.

    python benchmarks/judging.py [--samples 1000000] [--answers 10000] [--repeat 3]

The run directory is synthetic and whole: a plan of three stages, samples and answers in Parquet, marks, attempts for
one request in ten, six criteria. What is measured is what `pocchaos judge` does before any report: open, judge,
write verdicts.json.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from array import array
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

STAGES = (("baseline", 0.4), ("outage", 0.2), ("recovery", 0.4))
WORDS = ("the", "answer", "of", "a", "model", "is", "long", "about", "invoices", "orders", "refunds", "dates", "names")
CRITERIA = [
    {"id": "quality", "stage": "baseline", "metric": "answered", "at_least": "90%"},
    {"id": "graceful", "stage": "outage", "category": "in_scope", "metric": "graceful", "at_least": "90%"},
    {"id": "no-hang", "stage": "outage", "metric": "hung", "at_most": "5%"},
    {"id": "fast", "stage": "baseline", "metric": "latency.p95", "at_most": "3s"},
    {"id": "silent", "each": "category", "metric": "wrong", "at_most": "5%"},
    {"id": "retries", "fault": "llm.stall", "metric": "attempts_per_request", "at_most": "3"},
]


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--samples", type=int, default=1_000_000)
    arguments.add_argument("--answers", type=int, default=10_000)
    arguments.add_argument("--repeat", type=int, default=3)
    arguments.add_argument("--judge", type=Path)
    arguments.add_argument("--keep", type=Path, help="build the run directory there, and leave it")
    given = arguments.parse_args()
    if given.judge:
        measure(given.judge)
        return
    if given.keep:
        print(build(given.keep, given.samples, given.answers))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = build(Path(folder), given.samples, given.answers)
        figures = [fresh(path) for _ in range(given.repeat)]
    best = min(figures, key=lambda figure: figure["judge_s"])
    print(json.dumps({"samples": given.samples, "answers": given.answers, "best": best, "all": figures}, indent=1))


def fresh(path: Path) -> dict[str, float]:
    """One judgement in a process of its own."""
    command = [sys.executable, __file__, "--judge", str(path)]
    began = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {**json.loads(done.stdout), "process_s": round(time.perf_counter() - began, 2)}


def measure(path: Path) -> None:
    began = time.perf_counter()
    from pocchaos.files.rundir import RunDirectory
    from pocchaos.files.verdicts import dump_verdicts
    from pocchaos.judging import judge

    imported = time.perf_counter()
    before = peak_kib()
    cpu = time.process_time()
    judged = judge(RunDirectory.open(path))
    size = len(dump_verdicts(judged))
    ended = time.perf_counter()
    figures = {
        "cpu_s": round(time.process_time() - cpu, 2),
        "import_s": round(imported - began, 2),
        "judge_s": round(ended - imported, 2),
        "peak_MiB": round(peak_kib() / 1024),
        "imported_MiB": round(before / 1024),
        "verdicts_kB": round(size / 1000),
        "verdicts": {criterion.id: criterion.verdict.value for criterion in judged.criteria},
    }
    print(json.dumps(figures))


def peak_kib() -> int:
    """The most memory that was ever resident; not ru_maxrss, which a child inherits from whoever forked it."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


def build(folder: Path, samples: int, answers: int) -> Path:
    """A run directory as a recording leaves it, at 1,000 requests a second."""
    import polars as pl

    from pocchaos.assertions import ContainsAny
    from pocchaos.faults.stall import Stall
    from pocchaos.files.evidence import CONTENT_COLUMNS, SAMPLE_COLUMNS
    from pocchaos.files.rundir import RunDirectory
    from pocchaos.scenario.plan import Edge, FaultWindow, InputRow, Plan, PlannedStage, Requests

    rng = random.Random(7)
    length = samples * 1_000
    bounds, at = [], 0
    for name, share in STAGES:
        bounds.append((name, at, at + round(length * share)))
        at = bounds[-1][2]
    span = (bounds[1][1], bounds[1][2])
    window = FaultWindow(
        key="llm.stall@1", id="llm.stall", cycle=0, stage=1, fault=Stall(upstream="llm", type="stall"), spans=(span,)
    )
    inputs = tuple(
        InputRow(
            id=f"q{k}",
            category=("in_scope", "edge_case", "off_topic")[k % 10 // 8 + (k % 10 == 9)],
            expect="refuse" if k % 10 == 9 else "answer",
            fields={"text": f"question {k}", "expected": [f"fact {k % 50}", "refunds"]},
            asserts=() if k % 10 == 9 else (ContainsAny(type="contains-any", value="${input.expected}"),),
        )
        for k in range(500)
    )
    due = [k * 1_000 for k in range(samples)]
    stage = [0 if t < span[0] else 1 if t < span[1] else 2 for t in due]
    input_ = [rng.randrange(500) for _ in range(samples)]
    plan = Plan(
        seed=7,
        stages=tuple(
            PlannedStage(
                index=i, name=name, cycle=0, start=start, end=end, settle=0,
                windows=("llm.stall@1",) if i == 1 else (), own_load=False, guarded=i < 2,
            )
            for i, (name, start, end) in enumerate(bounds)
        ),
        windows=(window,),
        edges=(
            Edge(at=span[0], turn="on", window=window.key, span=0),
            Edge(at=span[1], turn="off", window=window.key, span=0),
        ),
        tenants=("acme", "globex"),
        inputs=inputs,
        requests=Requests(
            due=array("q", due),
            stage=array("i", stage),
            tenant=array("i", [k % 2 for k in range(samples)]),
            input=array("i", input_),
        ),
    )  # fmt: skip
    run = RunDirectory.create(folder, scenario="bench", now=datetime(2026, 11, 24, tzinfo=UTC), token="bench1")
    run.write_plan(plan)
    run.write_scenario(json.dumps(scenario()))
    run.write_facts(
        {"run": "bench1", "scenario": "bench", "origin_us": 0, "stopped": "", "started": "2026-11-24T00:00:00+00:00"}
    )

    bodies = []
    for k in range(answers):
        answer = f"fact {k % 50} " + " ".join(rng.choices(WORDS, k=90))
        body = {"answer": answer, "refused": k % 10 == 9, "sources": [f"doc-{k}", f"doc-{k + 1}"]}
        text = json.dumps(body)
        bodies.append((blake2b(text.encode(), digest_size=16).hexdigest(), "json", text, answer, True, True))
    pl.DataFrame(sorted(bodies), schema=CONTENT_COLUMNS, orient="row").write_parquet(run.path / "answers.parquet")
    of_input = [[body[0] for body in bodies[k::500]] for k in range(500)]
    took = [round(1e6 * rng.lognormvariate(-1.5, 0.6)) for _ in range(samples)]
    hangs = [s == 1 and rng.random() < 0.02 for s in stage]
    content = [None if h else rng.choice(of_input[input_[k]]) for k, h in enumerate(hangs)]
    degraded = [s == 1 and rng.random() < 0.6 for s in stage]
    headers = [
        json.dumps({"content-type": "application/json", **({"x-degraded": "cache"} if d else {})}) for d in degraded
    ]
    frame = pl.DataFrame(
        {
            "request": range(samples),
            "due": due,
            "content": content,
            "headers": headers,
            "took": took,
            "hangs": hangs,
        }
    ).with_columns(
        start=pl.col("due") + 500,
        end=pl.when("hangs")
        .then(pl.col("due") + 3_000_500)
        .otherwise(pl.col("due") + pl.min_horizontal("took", 2_900_000)),
        how=pl.when("hangs").then(pl.lit("deadline")).otherwise(pl.lit("complete")),
        status=pl.when("hangs").then(None).otherwise(200),
    )
    missing = {name: pl.lit(None, dtype=kind) for name, kind in SAMPLE_COLUMNS.items() if name not in frame.columns}
    missing |= {"step": pl.lit("step"), "worker": pl.lit(0), "tokens": pl.lit(0), "size": pl.lit(700)}
    missing |= {name: pl.lit([], dtype=SAMPLE_COLUMNS[name]) for name in ("foreign", "own", "secrets")}
    whole = frame.with_columns(**missing).select(pl.col(name).cast(kind) for name, kind in SAMPLE_COLUMNS.items())
    whole.write_parquet(run.path / "samples.parquet", compression="zstd")
    marks = [
        {
            "kind": f"fault_{e.turn}",
            "subject": e.window,
            "at": e.at,
            "planned": e.at,
            "asked": e.at,
            "confirmed": e.at + 3_000,
            "detail": {"span": 0},
        }
        for e in plan.edges
    ]
    (run.path / "marks.jsonl").write_text("".join(json.dumps(mark) + "\n" for mark in marks))
    with (run.path / "attempts.jsonl").open("w") as file:
        for k in range(0, samples, 10):
            met = [window.key] if stage[k] == 1 else []
            known = {"upstream": "llm", "number": k + 1, "arrived": due[k] + 5_000, "ended": due[k] + 90_000}
            http = {"method": "POST", "path": "/v1/chat/completions", "join": f"bench1-{k}", "status": 200}
            file.write(json.dumps({**known, **http, "faults": met, "eligible": met, "how": "complete"}) + "\n")
    return run.path


def scenario() -> dict[str, object]:
    return {
        "version": 1,
        "name": "bench",
        "target": {
            "url": "http://127.0.0.1:8080",
            "deadline": "3s",
            "request": {"path": "/ask", "json": {"question": "${input.text}"}},
            "answer": {"path": "answer"},
            "markers": {"fallback": {"header": "x-degraded"}, "refusal": {"path": "refused"}},
            "correlate": {"header": "x-request-id"},
        },
        "upstreams": {"llm": {"origin": {"simulate": "openai"}}},
        "tenants": [{"name": "acme", "share": "50%"}, {"name": "globex", "share": "50%"}],
        "inputs": [{"file": "questions.jsonl", "category": "in_scope", "share": "100%"}],
        "load": {"arrival": "constant", "rate": "1000/s"},
        "stages": [{"name": name, "duration": "400s"} for name, _ in STAGES],
        "criteria": CRITERIA,
    }


if __name__ == "__main__":
    main()
