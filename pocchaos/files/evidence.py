"""The evidence of a run: what the recorder appends, and the columns that judging reads.

Samples travel and are logged in batches, one JSON line each (`samples.jsonl`); after the run `compact` makes
columns of them (`samples.parquet`, `answers.parquet`). Readers take whichever is there and give the same frames.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import polars as pl

from pocchaos.files.batch import Batch, columns_of, contents_of, encode, parse
from pocchaos.files.log import JsonLines, read_lines, read_records
from pocchaos.model.errors import RunDirectoryError
from pocchaos.model.evidence import Content, Mark
from pocchaos.model.units import Bytes

SAMPLE_COLUMNS: dict[str, Any] = {
    "request": pl.Int64,
    "step": pl.String,
    "worker": pl.Int64,
    "due": pl.Int64,
    "start": pl.Int64,
    "first_byte": pl.Int64,
    "first_token": pl.Int64,
    "last_token": pl.Int64,
    "end": pl.Int64,
    "tokens": pl.Int64,
    "gap_max": pl.Int64,
    "how": pl.String,
    "error": pl.String,
    "status": pl.Int64,
    "headers": pl.String,  # a JSON object
    "size": pl.Int64,
    "stream": pl.String,
    "finish": pl.String,
    "content": pl.String,
    "foreign": pl.List(pl.String),
    "own": pl.List(pl.String),
    "secrets": pl.List(pl.Int64),
}

CONTENT_COLUMNS: dict[str, Any] = {
    "hash": pl.String,
    "media": pl.String,
    "body": pl.String,
    "answer": pl.String,
    "whole": pl.Boolean,
    "parsed": pl.Boolean,
}

ATTEMPT_COLUMNS: dict[str, Any] = {
    "upstream": pl.String,
    "number": pl.Int64,
    "arrived": pl.Int64,
    "ended": pl.Int64,
    "method": pl.String,
    "path": pl.String,
    "join": pl.String,
    "connection": pl.Int64,
    "status": pl.Int64,
    "received": pl.Int64,
    "sent": pl.Int64,
    "faults": pl.List(pl.String),
    "eligible": pl.List(pl.String),
    "how": pl.String,
    "retry_after": pl.Float64,
}

_CHUNK = 50_000  # samples decoded before they become columns: bounds the memory of a reader
_SAMPLED = 16  # beyond `keep`, one different answer in so many is still kept


class SampleLog:
    """The write-ahead log of samples. Beyond `keep` bytes of answers only one in sixteen is kept, up to twice that."""

    def __init__(self, folder: Path, *, keep: Bytes, seed: int) -> None:
        self._log = JsonLines(folder / "samples.jsonl")
        self._keep = keep
        self._chosen = seed % _SAMPLED
        self._kept = 0

    def write(self, batch: Batch, line: bytes) -> None:
        """Append a batch, as it came unless its answers no longer fit."""
        contents = tuple(self._capped(content) for content in batch.contents)
        same = all(a is b for a, b in zip(contents, batch.contents, strict=True))
        self._log.append_line(line if same else encode(replace(batch, contents=contents)))

    def close(self) -> None:
        """Close the log."""
        self._log.close()

    def _capped(self, content: Content) -> Content:
        size = len(content.body) + len(content.answer or "")
        if self._kept + size > self._keep and (
            int(content.hash[:8], 16) % _SAMPLED != self._chosen or self._kept + size > 2 * self._keep
        ):
            return replace(content, body="", answer=None, whole=False)
        self._kept += size
        return content


def compact(folder: Path) -> None:
    """Make columns of the write-ahead log; the log is removed once they are safely there."""
    samples, contents = _from_log(folder / "samples.jsonl")
    for name, frame in (("answers", contents), ("samples", samples)):
        beside = folder / f"{name}.parquet.new"
        frame.write_parquet(beside, compression="zstd")
        beside.replace(folder / f"{name}.parquet")
    (folder / "samples.jsonl").unlink(missing_ok=True)


def read_samples(folder: Path) -> pl.DataFrame:
    """Every sample once, in order of request number and step."""
    return _columns(folder, "samples")


def scan_samples(folder: Path) -> pl.LazyFrame:
    """The same, column by column as they are asked for: a million samples are never all in memory as text."""
    path = folder / "samples.parquet"
    return pl.scan_parquet(path) if path.exists() else read_samples(folder).lazy()


def read_contents(folder: Path) -> pl.DataFrame:
    """Every different answer once, by its hash."""
    return _columns(folder, "answers")


def read_attempts(folder: Path, origin: int) -> pl.DataFrame:
    """What the stand saw, its absolute times turned into microseconds since the run's origin."""
    lines = b"".join(read_lines(folder / "attempts.jsonl"))
    try:
        frame = pl.read_ndjson(lines, schema=ATTEMPT_COLUMNS) if lines else pl.DataFrame(schema=ATTEMPT_COLUMNS)
    except pl.exceptions.PolarsError:  # read line by line, the damaged one is named
        rows = list(read_records(folder / "attempts.jsonl"))
        frame = pl.DataFrame(rows, schema=ATTEMPT_COLUMNS, orient="row", strict=False)
    return frame.with_columns(pl.col("arrived") - origin, pl.col("ended") - origin).sort("arrived", "number")


def read_marks(folder: Path) -> tuple[Mark, ...]:
    """Every mark, in the order in which they were written."""
    return tuple(_mark(record, folder) for record in read_records(folder / "marks.jsonl"))


def mark_record(mark: Mark) -> dict[str, Any]:
    """A mark as a line of `marks.jsonl`."""
    return {key: value for key, value in asdict(mark).items() if value not in (None, {})}


def _mark(record: dict[str, Any], folder: Path) -> Mark:
    try:
        return Mark(**record)
    except TypeError as error:
        raise RunDirectoryError(f"{folder / 'marks.jsonl'}: a mark of another version ({error})") from None


def _columns(folder: Path, name: str) -> pl.DataFrame:
    if (folder / f"{name}.parquet").exists():
        try:
            return pl.read_parquet(folder / f"{name}.parquet")
        except (pl.exceptions.PolarsError, OSError) as error:
            raise RunDirectoryError(
                f"{folder / name}.parquet cannot be read ({error}): the copy is not whole"
            ) from None
    samples, contents = _from_log(folder / "samples.jsonl")
    return samples if name == "samples" else contents


def _from_log(path: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    contents: dict[str, Content] = {}
    samples = [_sample_frame(columns) for columns in _in_chunks(_batches(path), contents)]
    whole = pl.concat(samples) if samples else pl.DataFrame(schema=SAMPLE_COLUMNS)
    told = sorted(contents.values(), key=lambda content: content.hash)
    columns = {name: [getattr(content, name) for content in told] for name in CONTENT_COLUMNS}
    return whole.sort("request", "step", "worker"), pl.DataFrame(columns, schema=CONTENT_COLUMNS)


def _batches(path: Path) -> Iterator[dict[str, Any]]:
    """Each batch once: one that was sent again because its acknowledgement was lost is left out."""
    seen: set[tuple[int, int]] = set()
    for number, line in enumerate(read_lines(path), start=1):
        try:
            batch = parse(line)
            key = (batch["worker"], batch["batch"])
        except (ValueError, KeyError, TypeError) as error:
            raise RunDirectoryError(
                f"{path}:{number}: this batch is damaged ({error}); the run cannot be judged"
            ) from None
        if key not in seen:
            seen.add(key)
            yield batch


def _in_chunks(batches: Iterable[dict[str, Any]], contents: dict[str, Content]) -> Iterator[dict[str, list[Any]]]:
    columns: dict[str, list[Any]] = {name: [] for name in SAMPLE_COLUMNS}
    for batch in batches:
        for name, values in columns_of(batch).items():
            columns[name].extend(values)
        for content in contents_of(batch):
            if content.hash not in contents or content.whole:
                contents[content.hash] = content
        if len(columns["request"]) >= _CHUNK:
            yield columns
            columns = {name: [] for name in SAMPLE_COLUMNS}
    if columns["request"]:
        yield columns


def _sample_frame(columns: dict[str, list[Any]]) -> pl.DataFrame:
    told = {**columns, "headers": [json.dumps(dict(sorted(headers.items()))) for headers in columns["headers"]]}
    return pl.DataFrame(told, schema=SAMPLE_COLUMNS, strict=False)
