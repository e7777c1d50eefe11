"""`pocchaos check` as a user sees it: the plan on stdout, everything that forbids the run on stderr."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCENARIO = """\
version: 1
name: small
seed: 4
target:
  url: http://127.0.0.1:9
  deadline: 2s
  request: {path: /ask, json: {q: "${input.text}"}}
upstreams:
  llm: {origin: {simulate: openai}}
tenants:
  - {name: acme, share: 50%}
  - {name: b, share: 50%}
inputs:
  - {file: q.jsonl, category: in_scope, share: 90%, assert: [{type: not-empty}]}
  - {generate: malformed, category: malformed, share: 10%}
load: {arrival: constant, rate: 20/s}
stages:
  - {name: baseline, duration: 60s, settle: 5s}
  - repeat: 2
    stages:
      - name: outage
        duration: 20s
        faults: [{upstream: llm, type: http_error, attributes: {status: 503, retry_after: 2s}}]
      - {name: rest, duration: 20s}
criteria:
  - {id: quality, stage: baseline, category: in_scope, metric: answered, at_least: 90%}
  - {id: graceful, stage: outage, category: in_scope, metric: graceful, at_least: 95%}
  - {id: polite, stage: baseline, category: malformed, metric: refused, at_least: 90%}
  - {id: recover, stage: rest, metric: time_to_recover, at_most: 6s}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [json.dumps({"text": f"question {k}"}) for k in range(120)]
    (tmp_path / "q.jsonl").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "small.yaml").write_text(SCENARIO, encoding="utf-8")
    return tmp_path


def check(folder: Path, *options: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pocchaos", "check", "small.yaml", *options]
    env = {**os.environ, **variables}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False)


def rewritten(folder: Path, old: str, new: str) -> Path:
    assert old in SCENARIO
    (folder / "small.yaml").write_text(SCENARIO.replace(old, new), encoding="utf-8")
    return folder


def test_the_plan_is_printed_whole_and_nothing_is_written(folder: Path) -> None:
    done = check(folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout  # no colours without a terminal
    assert done.stdout.startswith("small: 2,800 requests in 2 min 20 s, seed 4\n")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "baseline 1 0 s 60 s 5 to 58 s constant 20/s - 1,200" in lines
    assert "outage 2 100 s 120 s 100 to 118 s constant 20/s llm.http_error 400" in lines
    assert any(line.startswith("llm.http_error 1 llm http_error 60 to 80 s") and "2.0s" in line for line in lines)
    assert "category acme b all different inputs" in lines
    (quality,) = [line for line in lines if line.startswith("quality answered")]
    assert " 120 120 35 217 " in quality  # different inputs, n_eff, need, n for 80 %
    assert sorted(path.name for path in folder.iterdir()) == ["q.jsonl", "small.yaml"]


def test_another_seed_is_another_plan_of_the_same_length(folder: Path) -> None:
    first, second = check(folder, "--seed", "1").stdout, check(folder, "--seed", "2").stdout
    assert first != second
    assert first == check(folder, "--seed", "1").stdout
    assert second.startswith("small: 2,800 requests in 2 min 20 s, seed 2\n")


def test_a_criterion_that_cannot_pass_is_refused_with_its_line_below_the_plan(folder: Path) -> None:
    done = check(rewritten(folder, "answered, at_least: 90%", "answered, at_least: 99%"))
    assert done.returncode == 2
    assert "Criteria" in done.stdout
    assert done.stderr == (
        "small.yaml:26: criteria[0]: cannot pass: n_eff is at most 120, and 381 are needed even if nothing fails; "
        "add 261 inputs (or say `inputs: fixed`)\n"
        "1 problem; nothing was run\n"
    )


def test_an_input_file_that_is_not_there_is_told_with_the_line_that_names_it(folder: Path) -> None:
    done = check(rewritten(folder, "q.jsonl", "none.jsonl"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "small.yaml:14: inputs[0].file: none.jsonl: No such file or directory: the path is relative to the scenario "
        "file\n1 problem; nothing was run\n"
    )


def test_a_bill_is_refused_before_it_is_run_up(folder: Path) -> None:
    done = check(rewritten(folder, "{simulate: openai}", '"http://llm.example.com:8000"'))
    assert done.returncode == 2
    assert "small.yaml:9: upstreams.llm: about " in done.stderr
    assert "max_attempts" in done.stderr


def test_a_terminal_that_cannot_show_every_character_is_no_reason_to_fail(folder: Path) -> None:
    """Cron jobs and old containers have ASCII; ≥ and µ are then question marks."""
    done = check(folder, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "answered ? 90%" in done.stdout
    refused = check(rewritten(folder, "name: small", "name: späße\nnamme: ö"), PYTHONIOENCODING="ascii")
    assert refused.returncode == 2
    assert "is not one of the keys here" in refused.stderr


def test_a_plan_that_takes_a_while_says_so_before_it_does(folder: Path) -> None:
    done = check(rewritten(folder, "rate: 20/s", "rate: 2000/s"))
    assert (done.returncode, done.stderr) == (0, "· planning about 280,000 requests: this takes a while\n")


def test_a_plan_of_years_is_refused_at_once_with_its_figure(folder: Path) -> None:
    done = check(rewritten(folder, "rate: 20/s", "rate: 1000000/s"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "small.yaml:16: load: plans about 140,000,000 requests" in done.stderr
