"""The commands as a user meets them: repeatable, helpful, and nothing on stdout but what was asked for."""

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from pocchaos.cli import main
from pocchaos.files.rundir import RunDirectory
from tests.e2e.running import Ended, ran

pytestmark = pytest.mark.slow  # together: each starts a Python of its own

MADE = ("verdicts.json", "report.html", "report.md", "junit.xml", "latency.hlog")
VERBS = ("check", "run", "judge", "report", "samples", "schema", "recover", "doctor")
SCENARIOS = Path(__file__).parents[2] / "scenarios"


Told = tuple[int, str, str]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Told]]:
    """(exit code, stdout, stderr) of a command that ends at once, run in this process."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def run(*words: str) -> Told:
        with pytest.raises(SystemExit) as ended:
            main(words)
        out, err = capsys.readouterr()
        return int(str(ended.value.code)), out, err

    yield run
    for number, handler in before.items():
        signal.signal(number, handler)


def made(run: Path) -> dict[str, bytes]:
    return {name: (run / name).read_bytes() for name in MADE}


def test_judging_again_gives_the_same_bytes(good: Ended, tmp_path: Path) -> None:
    """Whoever gets the run directory can check the verdict without our word for it."""
    before = made(good.run)
    for name in MADE:
        (good.run / name).unlink()
    again = ran("judge", good.run, at=tmp_path)
    assert again.code == 0, again.told()
    assert made(good.run) == before
    (good.run / "report.html").unlink()
    reported = ran("report", good.run, at=tmp_path)
    assert reported.code == 0
    assert made(good.run) == before
    assert [Path(line).name for line in reported.out.splitlines()] == ["report.html", "report.md", "junit.xml"]
    assert reported.err == ""


def test_samples_is_a_table_of_every_request(good: Ended, tmp_path: Path) -> None:
    table = ran("samples", good.run, at=tmp_path)
    header, *rows = (line.split("\t") for line in table.out.splitlines())
    assert header == ["request", "due", "stage", "tenant", "category", "outcome", "status", "response", "how", "error"]
    assert [row[0] for row in rows] == [str(number) for number in range(-1, 150)]  # -1 proved the wiring
    assert {(row[6], row[8], row[9]) for row in rows} == {("200", "complete", "-")}
    assert table.err == ""


JUDGED = """request stage_index stage cycle tenant category input expect step outcome checked kept in_window due
    response service lag ttft tpot gap_max tokens bitten over_quota own foreign secrets"""
RECORDED = (
    "worker start first_byte first_token last_token end how error status headers size stream finish content answer"
)


def test_samples_as_json_lines_has_every_column(good: Ended, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in ran("samples", good.run, "--jsonl", at=tmp_path).out.splitlines()]
    assert len(rows) == 151
    assert {row["outcome"] for row in rows} == {"answered", "degraded"}
    for row in rows:
        assert list(row) == JUDGED.split() + RECORDED.split()
        assert (row["how"], row["status"], row["error"]) == ("complete", 200, None)
        assert row["request"] == -1 or row["due"] <= row["start"] <= row["first_byte"] <= row["end"]
        assert row["headers"]["content-type"] == "application/json"
        assert ("cached" in row["answer"]) == (row["outcome"] == "degraded")


def test_samples_shows_what_failed_and_no_escape_of_the_target(good: Ended, tmp_path: Path) -> None:
    """Whoever looks for the reason finds it, whatever a target put into it."""
    run = RunDirectory(Path(shutil.copytree(good.run, tmp_path / "run")))
    hurt = pl.when(pl.col("request") == 7)
    run.samples().with_columns(
        how=hurt.then(pl.lit("reset")).otherwise("how"),
        error=hurt.then(pl.lit("reset by \x1b[31mpeer\x9b")).otherwise("error"),
        status=hurt.then(None).otherwise("status"),
    ).write_parquet(run.path / "samples.parquet")
    (row,) = (line for line in ran("samples", run.path, at=tmp_path).out.splitlines() if line.startswith("7\t"))
    assert row.split("\t")[5:] == ["broken", "-", row.split("\t")[7], "reset", "reset by ·[31mpeer·"]
    told = ran("samples", run.path, "--jsonl", at=tmp_path).out
    assert not {"\x1b", "\x9b"} & set(told)
    assert json.loads(told.splitlines()[8])["error"] == "reset by \x1b[31mpeer\x9b"


def test_a_reader_that_has_seen_enough_is_no_error(good: Ended) -> None:
    """`pocchaos samples RUN | head -1`."""
    command = f"'{sys.executable}' -m pocchaos samples '{good.run}' --jsonl | head -1"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert ended.stdout.count("\n") == 1
    assert ended.stderr == ""


def test_what_a_run_prints_while_it_works_goes_to_stderr(good: Ended) -> None:
    assert "starting the target" in good.err
    assert "starting" not in good.out
    line = re.search(r"^\[ +([\d-]+) s\] baseline .* ([\d.]+)/s of ([\d.]+)/s .* s left$", good.err, re.MULTILINE)
    assert line is not None, good.err
    at, achieved, offered = map(float, line.groups())
    assert 1 <= at <= 3
    assert 25 <= offered <= 35
    assert achieved == pytest.approx(offered, rel=0.15)  # it is as it should be, so it reads so
    assert "GO" in good.out
    assert f"report: results/{good.run.name}/report.html" in good.out


def test_the_run_knows_which_toxiproxy_server_it_had(good: Ended) -> None:
    assert re.match(r"2\.\d+.* \(/.*toxiproxy-server.*\)$", good.facts["versions"]["toxiproxy-server"])


def test_the_schema_is_json_alone(told: Callable[..., Told]) -> None:
    code, out, err = told("schema")
    assert (code, err) == (0, "")
    assert json.loads(out)["$schema"].startswith("https://json-schema.org/")


def test_the_version_is_one_line(tmp_path: Path) -> None:
    ended = ran("--version", at=tmp_path)
    assert ended.out.startswith("pocchaos ")
    assert ended.out.count("\n") == 1
    installed = subprocess.run(
        [Path(sys.executable).with_name("pocchaos"), "--version"], capture_output=True, text=True, check=True
    )
    assert installed.stdout == ended.out


@pytest.mark.parametrize("verb", [*VERBS, ""])
def test_every_help_has_an_example(verb: str, told: Callable[..., Told]) -> None:
    code, out, err = told(*filter(None, [verb]), "--help")
    assert (code, err) == (0, "")
    assert f"Example: pocchaos {verb}" in out


MISTAKES = {
    "no such verb": (["frob"], "frob"),
    "no such option": (["judge", "--fast", "x"], "--fast"),
    "no scenario": (["run", "nowhere.yaml"], "nowhere.yaml is not a file"),
    "a folder": (["check", str(SCENARIOS)], "is not a file"),
    "no run": (["judge", "nowhere"], "nowhere is not a run directory"),
    "no run to report": (["report", str(SCENARIOS)], "is not a run directory"),
    "no run to list": (["samples", str(SCENARIOS)], "is not a run directory"),
    "seed": (["check", str(SCENARIOS / "steady_state.yaml"), "--seed", "x"], "'--seed'"),
    "setting": (["check", str(SCENARIOS / "steady_state.yaml"), "--set", "X=1"], "--set env.NAME=VALUE"),
    "size": (["run", str(SCENARIOS / "steady_state.yaml"), "--keep", "much"], "--keep"),
    "a parent": (["check", str(SCENARIOS / "reference.yaml")], "extended"),
    "results not writable": (["run", str(SCENARIOS / "steady_state.yaml"), "--out", "/proc/none"], "--out"),
}


@pytest.mark.parametrize(("words", "said"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_a_message_and_2(words: list[str], said: str, told: Callable[..., Told]) -> None:
    code, out, err = told(*words)
    assert (code, out) == (2, "")
    assert said in err
