"""An event stream means the same however it is cut into pieces."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from pocchaos.exchange.sse import Event, Events

STREAM = (
    "\ufeffdata: één\n\ndata:zwei\r\ndata: zeilen\r\n\r\n: a comment\rdata: drei\r\r"
    'event: error\nid: 7\nretry: 10\ndata: {"x":"🦉"}\n\ndata\n\ndata\ndata\n\n'
    "event: nothing\n\n:\n\ndata: unfinished\n"
).encode()
EVENTS = [
    Event("één"),
    Event("zwei\nzeilen"),
    Event("drei"),
    Event('{"x":"🦉"}', "error"),
    Event(""),
    Event("\n"),
]


def parsed(pieces: list[bytes], limit: int = 1 << 20) -> list[Event]:
    events = Events(limit)
    return [event for piece in pieces for event in events.feed(piece)]


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    bounds = [0, *sorted(places), len(stream)]
    return [stream[a:b] for a, b in itertools.pairwise(bounds)]


def test_every_line_end_comment_and_field_of_the_standard() -> None:
    assert parsed([STREAM]) == EVENTS


@given(st.lists(st.integers(0, len(STREAM)), max_size=40))
def test_a_stream_cut_anywhere_gives_the_same_events(places: list[int]) -> None:
    """Also inside a character and between CR and LF."""
    assert parsed(cut(STREAM, places)) == EVENTS


def test_a_stream_byte_by_byte_gives_the_same_events() -> None:
    assert parsed([bytes([byte]) for byte in STREAM]) == EVENTS


LINES = st.lists(st.sampled_from(["data: a", "data:b ", "data", "", ": c", "event: e", "x", "data: é"]), max_size=12)


@given(LINES, st.sampled_from(["\n", "\r", "\r\n"]), st.data())
def test_the_line_end_makes_no_difference(lines: list[str], end: str, data: st.DataObject) -> None:
    plain = "".join(line + "\n" for line in lines).encode()
    other = "".join(line + end for line in lines).encode()
    places = data.draw(st.lists(st.integers(0, len(other)), max_size=6))
    assert parsed(cut(other, places)) == parsed([plain])


def test_an_event_comes_as_soon_as_its_blank_line_does() -> None:
    """A CR that ends a stream's event must not wait for an LF that may never come."""
    events = Events()
    assert events.feed(b"data: now\r\r") == [Event("now")]
    assert events.feed(b"\ndata: next\n\n") == [Event("next")]


@given(st.lists(st.integers(0, 400), max_size=8))
def test_an_event_without_end_stays_bounded_and_says_that_it_is_cut(places: list[int]) -> None:
    stream = b"data: " + b"x" * 400 + b"\n\ndata: ok\n\n"
    first, second = parsed(cut(stream, places), limit=50)
    assert not first.whole
    assert len(first.data) <= 50
    assert second == Event("ok")
