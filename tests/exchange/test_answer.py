"""What a response says, read as its bytes arrive."""

import gzip
import itertools
import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocchaos.exchange.answer import KEPT_LIMIT, READ_LIMIT, Facts, Reader
from pocchaos.exchange.redact import Redaction
from pocchaos.exchange.scan import Needles
from pocchaos.model.evidence import Content, StreamEnd

SSE = [("Content-Type", "text/event-stream; charset=utf-8")]
JSON = [("Content-Type", "application/json")]


@dataclass(frozen=True, kw_only=True)
class Rules:
    path: str | None = None
    stream: str = "none"
    delta: str | None = None
    done: str | None = None
    finish: str | None = None
    error: str | None = None


OPENAI = Rules(
    stream="sse",
    delta="choices[0].delta.content",
    done="[DONE]",
    finish="choices[0].finish_reason",
    error="error",
)


def read(
    reader: Reader, *pieces: bytes, headers: Any = JSON, status: int = 200, whole: bool = True, step: int = 10
) -> Facts:
    reading = reader.begin(status, headers)
    for number, piece in enumerate(pieces):
        reading.feed(piece, number * step)
    return reading.close(whole=whole)


def content(facts: Facts) -> Content:
    assert facts.content is not None
    return facts.content


def chunk(delta: dict[str, Any], **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": more.pop("finish", None)}
    event = {"id": "c1", "model": "m", "choices": [choice], **more}
    return b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n"


ROLE = chunk({"role": "assistant", "content": ""})
TOKENS = [chunk({"content": text}) for text in ("Grüß", " dich", ", Welt")]
STOP = chunk({}, finish="stop")
USAGE = b'data: {"id": "c1", "choices": [], "usage": {"total_tokens": 5}}\n\n'
DONE = b"data: [DONE]\n\n"


def test_the_answer_is_what_the_path_finds() -> None:
    told = content(read(Reader(Rules(path="data.answer")), b'{"data": {"answer": "42"}}'))
    assert (told.media, told.answer, told.parsed, told.whole) == ("json", "42", True, True)
    assert told.body == '{"data": {"answer": "42"}}'


def test_without_a_path_the_whole_body_is_the_answer() -> None:
    assert content(read(Reader(Rules()), b'{"a": 1}')).answer == '{"a": 1}'


def test_an_answer_that_is_no_text_is_given_as_json() -> None:
    assert content(read(Reader(Rules(path="a")), b'{"a": {"b": [1, null]}}')).answer == '{"b": [1, null]}'


@pytest.mark.parametrize("body", [b"<html>oops</html>", b'{"a": ', b"[" * 100_000, b'{"a": NaN}'])
def test_what_is_no_json_has_no_answer_and_says_so(body: bytes) -> None:
    told = content(read(Reader(Rules(path="a")), body))
    assert (told.media, told.answer, told.parsed) == ("text", None, False)


def test_an_empty_body_leaves_no_content() -> None:
    facts = read(Reader(Rules()))
    assert (facts.hash, facts.content, facts.size) == (None, None, 0)


def test_equal_answers_are_handed_out_once() -> None:
    """Ten thousand equal fallbacks are one content; each response still carries its hash and its sightings."""
    reader = Reader(Rules(), needles=Needles({"acme": {"doc": ["ac-1"]}}, ()))
    first, second = read(reader, b'"ac-1"'), read(reader, b'"ac', b'-1"')
    assert first.content is not None
    assert second.content is None
    assert (first.hash, first.hits) == (second.hash, second.hits)
    assert first.hits


def test_a_long_body_is_kept_up_to_the_cap_and_marked() -> None:
    told = content(read(Reader(Rules(path="a")), json.dumps({"a": "é" * KEPT_LIMIT}, ensure_ascii=False).encode()))
    assert not told.whole
    assert len(told.body.encode()) <= KEPT_LIMIT
    assert len((told.answer or "").encode()) <= KEPT_LIMIT


def test_a_body_beyond_the_reading_limit_is_scanned_to_its_end() -> None:
    """What is not parsed may not be judged, but a leak in it is a leak."""
    reader = Reader(Rules(), needles=Needles({"acme": {"doc": ["ac-12345"]}}, ()))
    facts = read(reader, b'"' + b"x" * READ_LIMIT, b"yyyac-1", b"2345" + b'z"')
    assert facts.size == READ_LIMIT + 14
    assert not content(facts).whole
    assert facts.hits


def test_secrets_are_replaced_before_the_cap_can_cut_one() -> None:
    reader = Reader(Rules(), redaction=Redaction({"KEY": "sesame-open-1"}))
    text = "x" * (KEPT_LIMIT - 6) + "sesame-open-1"
    told = content(read(reader, json.dumps(text).encode()))
    assert "sesame" not in told.body
    assert "sesame" not in (told.answer or "")
    assert "«secret:KEY»" in content(read(reader, b'{"k": "sesame-open-1"}')).body


def test_only_the_asked_headers_are_kept_redacted_and_in_lower_case() -> None:
    reader = Reader(Rules(), keep_headers=["X-Degraded"], redaction=Redaction({"KEY": "sesame-open-1"}))
    facts = read(
        reader,
        b"1",
        headers=[*JSON, ("X-DEGRADED", "sesame-open-1"), ("Retry-After", "3"), ("Date", "now"), ("x-degraded", "b")],
    )
    assert facts.headers == {
        "content-type": "application/json",
        "x-degraded": "«secret:KEY», b",
        "retry-after": "3",
    }


def test_a_canary_in_a_header_is_seen() -> None:
    reader = Reader(Rules(), needles=Needles({"acme": {"doc": ["ac-1"]}}, ()))
    assert reader.begin(200, JSON, b"HTTP/1.1 200 OK\r\nx-trace: ac-1\r\n\r\n").close(whole=True).hits


def test_a_coded_body_is_read_in_the_clear() -> None:
    zipped = gzip.compress(b'{"answer": "plain"}')
    facts = read(Reader(Rules(path="answer")), zipped[:9], zipped[9:], headers=[*JSON, ("Content-Encoding", "gzip")])
    assert content(facts).answer == "plain"
    assert facts.size == len(zipped)


def test_a_coded_body_that_is_no_such_code_is_read_as_it_is() -> None:
    facts = read(Reader(Rules()), b"plain after all", headers=[*JSON, ("Content-Encoding", "gzip")])
    assert content(facts).body == "plain after all"


def test_a_stream_has_its_tokens_its_text_and_its_end() -> None:
    facts = read(Reader(OPENAI), ROLE, *TOKENS, STOP, USAGE, DONE, headers=SSE)
    assert (facts.tokens, facts.first_token, facts.last_token, facts.gap_max) == (3, 10, 30, 10)
    assert (facts.stream, facts.finish) == (StreamEnd.DONE, "stop")
    assert content(facts).answer == "Grüß dich, Welt"
    assert content(facts).media == "stream"


def test_the_role_event_is_no_token() -> None:
    facts = read(Reader(OPENAI), ROLE, headers=SSE)
    assert (facts.tokens, facts.first_token, facts.gap_max) == (0, None, None)


def test_merged_events_read_like_one_body() -> None:
    """Markers such as `choices[0].delta.refusal` or `model == 'fallback'` hold over the whole stream."""
    pieces = [
        chunk({"role": "assistant", "content": "", "refusal": None}),
        chunk({"content": "No"}, degraded=True),
        chunk({"content": ", no", "refusal": "I can"}),
        chunk({"refusal": "not"}, model="fallback"),
        STOP.replace(b'"m"', b'"fallback"'),
        USAGE,
        DONE,
    ]
    merged = json.loads(content(read(Reader(OPENAI), *pieces, headers=SSE)).body)
    assert merged["choices"][0]["delta"] == {"role": "assistant", "content": "No, no", "refusal": "I cannot"}
    assert merged["choices"][0]["finish_reason"] == "stop"
    assert (merged["model"], merged["degraded"], merged["usage"]) == ("fallback", True, {"total_tokens": 5})


def test_a_stream_that_just_ends_is_not_done() -> None:
    assert read(Reader(OPENAI), *TOKENS, headers=SSE).stream == StreamEnd.ENDED


def test_a_stream_that_is_cut_off_says_so_and_keeps_what_came() -> None:
    facts = read(Reader(OPENAI), *TOKENS, headers=SSE, whole=False)
    assert facts.stream == StreamEnd.CUT
    assert content(facts).answer == "Grüß dich, Welt"


@pytest.mark.parametrize("event", [b'data: {"error": {"message": "gone"}}\n\n', b"event: error\ndata: {}\n\n"])
@pytest.mark.parametrize("after", [b"", DONE])
def test_an_error_event_ends_a_stream_honestly(event: bytes, after: bytes) -> None:
    assert read(Reader(OPENAI), TOKENS[0], event, after, headers=SSE, whole=False).stream == StreamEnd.ERROR


def test_an_event_that_is_no_json_makes_the_stream_unparseable() -> None:
    facts = read(Reader(OPENAI), TOKENS[0], b"data: {oops\n\n", DONE, headers=SSE)
    assert not content(facts).parsed


def test_an_empty_stream_is_unparseable() -> None:
    assert not content(read(Reader(OPENAI), b": nothing\n\n", headers=SSE)).parsed


def test_json_where_a_stream_was_promised_is_not_parsed_as_the_scenario_expects() -> None:
    facts = read(Reader(OPENAI), b'{"choices": []}', headers=JSON)
    assert facts.stream is None
    assert not content(facts).parsed


def test_an_error_body_in_place_of_a_stream_is_json() -> None:
    told = content(read(Reader(OPENAI), b'{"error": "busy"}', headers=JSON, status=503))
    assert (told.media, told.parsed) == ("json", True)


def test_plain_text_events_are_tokens_themselves() -> None:
    facts = read(
        Reader(Rules(stream="sse", done="end")), b"data: a\n\n", b"data: b\n\nevent: end\ndata:\n\n", headers=SSE
    )
    assert (facts.tokens, facts.stream) == (2, StreamEnd.DONE)
    assert content(facts).answer == "ab"


WHOLE = b"".join([ROLE, *TOKENS, STOP, USAGE, DONE])


@given(st.lists(st.integers(0, len(WHOLE)), max_size=25))
def test_a_stream_cut_anywhere_says_the_same(places: list[int]) -> None:
    bounds = [0, *sorted(places), len(WHOLE)]
    pieces = [WHOLE[a:b] for a, b in itertools.pairwise(bounds)]
    one, other = read(Reader(OPENAI), WHOLE, headers=SSE), read(Reader(OPENAI), *pieces, headers=SSE)
    assert one.content == other.content
    assert (one.hash, one.tokens, one.finish, one.stream) == (other.hash, other.tokens, other.finish, other.stream)


def test_a_canary_spread_over_deltas_is_seen() -> None:
    """No single event holds it; the reader of the answer sees it all the same."""
    reader = Reader(OPENAI, needles=Needles({"acme": {"doc": ["ac-12345"]}}, ()))
    assert read(reader, chunk({"content": "so ac-1"}), chunk({"content": "2345"}), DONE, headers=SSE).hits
