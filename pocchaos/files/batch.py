"""Batches: how samples and answers leave a Locust process, and the lines of the run's write-ahead log.

One batch is one line of compact JSON, in columns: `samples` maps a field of `Sample` to its values in order, and
a column that holds only the field's default is left out, so a million samples load without a million objects.
`headers` repeat, so their column holds positions in `header_sets`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from operator import attrgetter
from typing import Any, Final

from pocchaos.model.evidence import Content, How, Sample, StreamEnd

SAMPLE_FIELDS: Final = tuple(field.name for field in fields(Sample))
CONTENT_FIELDS: Final = tuple(field.name for field in fields(Content))
LISTED: Final = ("foreign", "own", "secrets")  # lists in JSON, tuples in a Sample

_DEFAULTS: Final[Mapping[str, Any]] = {
    field.name: field.default_factory() if field.default_factory is not MISSING else field.default
    for field in fields(Sample)
}
_row_of = attrgetter(*SAMPLE_FIELDS)
_content_of = attrgetter(*CONTENT_FIELDS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Samples that ended since the last batch, and the answers that were new; numbered from 0."""

    worker: int
    number: int
    samples: tuple[Sample, ...] = ()
    contents: tuple[Content, ...] = ()


def encode(batch: Batch) -> bytes:
    """The batch as one line of JSON, with its newline; half a surrogate pair, which no column can hold, becomes `?`."""
    value: dict[str, Any] = {"batch": batch.number, "worker": batch.worker, "n": len(batch.samples)}
    columns = dict(zip(SAMPLE_FIELDS, zip(*map(_row_of, batch.samples), strict=True), strict=False))
    if columns:
        value["header_sets"], columns["headers"] = _numbered(columns["headers"])
    value["samples"] = {name: column for name, column in columns.items() if not _is_default(name, column)}
    value["contents"] = [_content_of(content) for content in batch.contents]
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def decode(line: bytes) -> Batch:
    """The batch of one line; raises ValueError for a torn or foreign one."""
    value = parse(line)
    columns = columns_of(value)
    columns["how"] = map(How, columns["how"])
    columns["stream"] = (None if end is None else StreamEnd(end) for end in columns["stream"])
    for name in LISTED:
        columns[name] = map(tuple, columns[name])
    names = tuple(columns)
    return Batch(
        worker=value["worker"],
        number=value["batch"],
        samples=tuple(Sample(**dict(zip(names, row, strict=True))) for row in zip(*columns.values(), strict=True)),
        contents=tuple(contents_of(value)),
    )


def parse(line: bytes) -> dict[str, Any]:
    """The line's JSON object; raises ValueError where it is torn or no batch. For readers of the whole log."""
    value = json.loads(line)
    if not isinstance(value, dict) or not {"batch", "worker", "n", "samples", "contents"} <= value.keys():
        raise ValueError("not a batch of samples")
    return value


def columns_of(value: Mapping[str, Any]) -> dict[str, Iterable[Any]]:
    """Every field of `Sample`, in order, with the batch's values (`n` of them); headers as mappings."""
    found: dict[str, Iterable[Any]] = {}
    for name in SAMPLE_FIELDS:
        column = value["samples"].get(name)
        if name == "headers" and value["n"]:
            sets = value["header_sets"]
            found[name] = [sets[position] for position in column] if column else [sets[0]] * value["n"]
        else:
            found[name] = column if column is not None else [_DEFAULTS[name]] * value["n"]
    return found


def contents_of(value: Mapping[str, Any]) -> Iterable[Content]:
    """The answers of a parsed batch."""
    return (Content(**dict(zip(CONTENT_FIELDS, row, strict=True))) for row in value["contents"])


def _numbered(column: Sequence[Mapping[str, str]]) -> tuple[list[Mapping[str, str]], tuple[int, ...]]:
    """The distinct mappings, and the position of each value among them."""
    positions: dict[tuple[tuple[str, str], ...], int] = {}
    numbers = tuple(positions.setdefault(tuple(headers.items()), len(positions)) for headers in column)
    return [dict(items) for items in positions], numbers


def _is_default(name: str, column: Sequence[Any]) -> bool:
    """Whether leaving the column out says the same: all defaults, or all headers the first set."""
    default = 0 if name == "headers" else _DEFAULTS[name]
    return default is not MISSING and all(value == default for value in column)
