"""The write-ahead log and the columns made of it say the same, whatever tore or was sent twice."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pocchaos.files.batch import Batch, encode
from pocchaos.files.evidence import (
    SampleLog,
    compact,
    mark_record,
    read_attempts,
    read_contents,
    read_marks,
    read_samples,
)
from pocchaos.files.log import JsonLines
from pocchaos.model.errors import RunDirectoryError
from pocchaos.model.evidence import Content, How, Mark, Sample, StreamEnd
from pocchaos.model.units import Bytes

SAMPLE = Sample(
    request=0,
    due=1_000,
    start=1_200,
    first_byte=5_000,
    end=9_000,
    how=How.COMPLETE,
    status=200,
    headers={"content-type": "application/json"},
    size=20,
    stream=StreamEnd.DONE,
    content="00ff00ff00ff00ff",
    foreign=("globex/profile",),
    secrets=(0,),
)
CONTENT = Content(hash="00ff00ff00ff00ff", media="json", body='{"answer": "yes"}', answer="yes")


def batch(number: int, *requests: int, worker: int = 0) -> Batch:
    return Batch(
        worker=worker,
        number=number,
        samples=tuple(replace(SAMPLE, request=request, worker=worker) for request in requests),
        contents=(CONTENT,) if number == 0 else (),
    )


def log(folder: Path, *batches: Batch, keep: int = 10_000) -> None:
    written = SampleLog(folder, keep=Bytes(keep), seed=0)
    for each in batches:
        written.write(each, encode(each))
    written.close()


def test_a_sample_comes_back_as_it_was_recorded(tmp_path: Path) -> None:
    log(tmp_path, batch(0, 0))
    row = read_samples(tmp_path).row(0, named=True)
    assert row["due"] == 1_000
    assert row["how"] == "complete"
    assert row["stream"] == "done"
    assert row["headers"] == '{"content-type": "application/json"}'
    assert row["foreign"] == ["globex/profile"]
    assert row["secrets"] == [0]
    assert row["first_token"] is None
    assert read_contents(tmp_path).row(0, named=True)["answer"] == "yes"


def test_columns_hold_the_same_as_the_log_that_they_were_made_of(tmp_path: Path) -> None:
    log(tmp_path, batch(0, 0, 1), batch(1, 2, 3))
    samples, contents = read_samples(tmp_path), read_contents(tmp_path)
    compact(tmp_path)
    assert not (tmp_path / "samples.jsonl").exists()
    assert_frame_equal(read_samples(tmp_path), samples)
    assert_frame_equal(read_contents(tmp_path), contents)


def test_a_batch_that_was_sent_twice_counts_once(tmp_path: Path) -> None:
    """Its acknowledgement was lost, so the worker sent it again; a second worker's batch of that number is another."""
    log(tmp_path, batch(0, 0), batch(1, 1), batch(1, 1), batch(1, 2, worker=1))
    assert read_samples(tmp_path)["request"].to_list() == [0, 1, 2]


def test_a_torn_tail_costs_only_the_torn_batch(tmp_path: Path) -> None:
    log(tmp_path, batch(0, 0, 1), batch(1, 2))
    whole = (tmp_path / "samples.jsonl").read_bytes()
    for cut in range(1, len(encode(batch(1, 2)))):
        (tmp_path / "samples.jsonl").write_bytes(whole[:-cut])
        assert read_samples(tmp_path)["request"].to_list() == [0, 1]


def test_damage_in_the_middle_is_named_and_never_skipped(tmp_path: Path) -> None:
    log(tmp_path, batch(0, 0), batch(1, 1))
    lines = (tmp_path / "samples.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "samples.jsonl").write_bytes(lines[0][:-20] + b"\n" + lines[1])
    with pytest.raises(RunDirectoryError, match=r"samples.jsonl:1: this batch is damaged"):
        read_samples(tmp_path)


def test_a_half_copied_column_file_is_named(tmp_path: Path) -> None:
    log(tmp_path, batch(0, 0))
    compact(tmp_path)
    content = (tmp_path / "samples.parquet").read_bytes()
    (tmp_path / "samples.parquet").write_bytes(content[: len(content) // 2])
    with pytest.raises(RunDirectoryError, match="the copy is not whole"):
        read_samples(tmp_path)


def test_answers_beyond_the_cap_are_sampled_and_say_that_they_are_not_whole(tmp_path: Path) -> None:
    """A sample is never lost to the cap; only what it said may be, and then nothing is judged on it."""
    hashes = [f"{number:08x}" + "0" * 8 for number in range(64)]
    contents = tuple(replace(CONTENT, hash=name, body="x" * 100, answer="") for name in hashes)
    log(tmp_path, replace(batch(0, 0), contents=contents), keep=1_000)
    kept = read_contents(tmp_path)
    assert len(kept) == len(contents)
    assert kept.filter(pl.col("whole"))["body"].str.len_chars().sum() <= 2_000
    assert kept.filter(~pl.col("whole"))["body"].to_list() == [""] * kept.filter(~pl.col("whole")).height
    assert len(read_samples(tmp_path)) == 1


def test_an_empty_run_has_empty_columns(tmp_path: Path) -> None:
    assert read_samples(tmp_path).height == 0
    compact(tmp_path)
    assert read_samples(tmp_path).columns[:2] == ["request", "step"]


def test_attempts_count_from_the_origin_of_the_run(tmp_path: Path) -> None:
    with JsonLines(tmp_path / "attempts.jsonl") as attempts:
        attempts.append({"upstream": "llm", "number": 2, "arrived": 5_000_700, "faults": ["llm.stall@1"]})
        attempts.append({"upstream": "llm", "number": 1, "arrived": 4_999_000, "ended": 5_000_100, "join": "r-1"})
    frame = read_attempts(tmp_path, 5_000_000)
    assert frame["arrived"].to_list() == [-1_000, 700]
    assert frame["ended"].to_list() == [100, None]
    assert frame["faults"].to_list() == [None, ["llm.stall@1"]]


def test_marks_come_back_in_their_order(tmp_path: Path) -> None:
    marks = (
        Mark(kind="stage", subject="baseline", at=10, planned=0),
        Mark(kind="fault_on", subject="llm.stall@1", at=30, planned=20, asked=21, confirmed=29, detail={"span": 0}),
    )
    with JsonLines(tmp_path / "marks.jsonl") as written:
        for mark in marks:
            written.append(mark_record(mark))
    assert read_marks(tmp_path) == marks


def test_the_columns_open_in_pandas_and_duckdb_with_one_line(tmp_path: Path) -> None:
    """The evidence is the user's: it must not need us."""
    import duckdb
    import pandas as pd

    log(tmp_path, batch(0, 0, 1))
    compact(tmp_path)
    assert len(pd.read_parquet(tmp_path / "samples.parquet")) == 2
    counted = duckdb.sql(f"select count(*) from '{tmp_path}/samples.parquet'")
    assert counted is not None
    assert counted.fetchall() == [(2,)]
