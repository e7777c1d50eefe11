"""The line that carries samples: what goes in comes out, and a torn line is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocchaos.files.batch import SAMPLE_FIELDS, Batch, columns_of, decode, encode, parse
from pocchaos.model.evidence import Content, How, Sample, StreamEnd

MOMENT = st.none() | st.integers(-(10**12), 10**12)
TEXT = st.text(max_size=30)
SAMPLES = st.builds(
    Sample,
    request=st.integers(-20, 10**9),
    step=st.just("step") | TEXT,
    worker=st.integers(0, 3),
    due=st.integers(-(10**9), 10**12),
    start=MOMENT,
    first_byte=MOMENT,
    first_token=MOMENT,
    last_token=MOMENT,
    end=MOMENT,
    tokens=st.integers(0, 5000),
    gap_max=MOMENT,
    how=st.sampled_from(How),
    error=st.none() | TEXT,
    status=st.none() | st.integers(100, 599),
    headers=st.dictionaries(TEXT, TEXT, max_size=3),
    size=st.integers(0, 10**8),
    stream=st.none() | st.sampled_from(StreamEnd),
    finish=st.none() | TEXT,
    content=st.none() | TEXT,
    foreign=st.lists(TEXT, max_size=2).map(tuple),
    own=st.lists(TEXT, max_size=2).map(tuple),
    secrets=st.lists(st.integers(0, 9), max_size=2).map(tuple),
)
CONTENTS = st.builds(
    Content,
    hash=TEXT,
    media=st.sampled_from(["json", "text", "stream", "binary"]),
    body=TEXT,
    answer=st.none() | TEXT,
    whole=st.booleans(),
    parsed=st.booleans(),
)
BATCHES = st.builds(
    Batch,
    worker=st.integers(0, 3),
    number=st.integers(0, 10**6),
    samples=st.lists(SAMPLES, max_size=6).map(tuple),
    contents=st.lists(CONTENTS, max_size=3).map(tuple),
)


@given(BATCHES)
def test_a_batch_comes_back_as_it_was(batch: Batch) -> None:
    assert decode(encode(batch)) == batch


@given(BATCHES)
def test_a_batch_is_one_line(batch: Batch) -> None:
    """The log is read line by line, whatever a model said."""
    line = encode(batch)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1


@given(BATCHES, st.data())
def test_a_torn_line_is_refused(batch: Batch, data: Any) -> None:
    """A crash may tear the last line: it must never be read as a shorter batch."""
    line = encode(batch)
    with pytest.raises(ValueError, match=r"."):
        decode(line[: data.draw(st.integers(0, len(line) - 2))])


@given(BATCHES)
def test_columns_hold_every_field_for_every_sample(batch: Batch) -> None:
    value = parse(encode(batch))
    columns = columns_of(value)
    assert tuple(columns) == SAMPLE_FIELDS
    assert {len(list(column)) for column in columns.values()} <= {len(batch.samples)}


def test_what_all_samples_leave_at_its_default_is_not_written() -> None:
    """Most samples have no canary, no error and the same headers: they should not pay for it."""
    samples = tuple(
        Sample(request=k, due=k, how=How.COMPLETE, status=200, headers={"content-type": "application/json"})
        for k in range(3)
    )
    value = json.loads(encode(Batch(worker=0, number=7, samples=samples)))
    assert set(value["samples"]) == {"request", "due", "how", "status"}
    assert value["header_sets"] == [{"content-type": "application/json"}]


def test_something_else_is_no_batch() -> None:
    with pytest.raises(ValueError, match="not a batch"):
        decode(b'{"done": true}')
