"""What becomes of one request, against a real server that misbehaves."""

from collections.abc import Callable

import pytest

from pocchaos.load.spec import LoadSpec
from pocchaos.model.evidence import How, Sample, StreamEnd
from tests.load.conftest import LONG_ANSWER, OPENAI, Recording, Server, spec

Send = Callable[[LoadSpec], Recording]


@pytest.mark.parametrize(
    ("path", "how", "status", "said"),
    [
        ("/ok", How.COMPLETE, 200, None),
        ("/until-close", How.COMPLETE, 200, None),
        ("/reset", How.RESET, None, "reset"),
        ("/close", How.RESET, None, "closed before a response began"),
        ("/half-head", How.RESET, None, "closed before the headers ended"),
        ("/truncate", How.SHORT, 200, "closed before the body ended"),
        ("/cut-chunk", How.SHORT, 200, "closed before the body ended"),
        ("/bad-chunk", How.PROTOCOL, 200, "chunk size"),
        ("/garbage", How.PROTOCOL, None, "not HTTP"),
    ],
)
def test_how_an_exchange_ended(send: Send, server: Server, path: str, how: How, status: int | None, said: str) -> None:
    """Each is sent exactly once: a client that retries in secret would make the figures lie."""
    samples = send(spec(server.url, path, [0, 20, 40])).samples
    assert [(sample.how, sample.status) for sample in samples] == [(how, status)] * 3
    assert all(said in (sample.error or "") if said else sample.error is None for sample in samples)
    assert server.asked(path) == 3


def test_nobody_listens(send: Send, server: Server) -> None:
    samples = send(spec("http://127.0.0.1:1", "/ok", [0, 10])).samples
    assert [sample.how for sample in samples] == [How.REFUSED] * 2
    assert all(sample.end is not None and sample.first_byte is None for sample in samples)


@pytest.mark.parametrize("path", ["/never", "/drip"])
def test_the_deadline_is_for_the_whole_request(send: Send, server: Server, path: str) -> None:
    """Bytes that drip in for ever would escape a timeout between bytes."""
    (sample,) = send(spec(server.url, path, [0], deadline=0.5)).samples
    assert sample.how is How.DEADLINE
    assert sample.start is not None
    assert sample.end is not None
    assert 490_000 <= sample.end - sample.start <= 2_000_000
    assert (sample.first_byte is None) == (path == "/never")


def test_times_are_in_order_and_the_answer_is_kept_once(send: Send, server: Server) -> None:
    recording = send(spec(server.url, "/ok", [0, 10, 20, 30]))
    for sample in recording.samples:
        assert sample.start is not None
        assert sample.first_byte is not None
        assert sample.end is not None
        assert sample.due <= sample.start <= sample.first_byte <= sample.end
    assert [content.answer for content in recording.contents.values()] == ["42"]
    assert {sample.content for sample in recording.samples} == set(recording.contents)


def test_the_request_carries_the_tenants_token_the_input_and_its_id(send: Send, server: Server) -> None:
    one = spec(server.url, "/ok", [0])
    send(one)
    assert server.requests == [("/ok", b'{"q":"wann?"}')]


def test_a_long_body_is_read_whole_and_kept_in_part(send: Send, server: Server) -> None:
    recording = send(spec(server.url, "/long", [0]))
    (sample,) = recording.samples
    assert sample.size > len(LONG_ANSWER)
    assert sample.how is How.COMPLETE
    (content,) = recording.contents.values()
    assert not content.whole


def test_headers_that_markers_name_are_kept(send: Send, server: Server) -> None:
    (sample,) = send(spec(server.url, "/busy", [0], keep_headers=("x-degraded",))).samples
    assert sample.status == 503
    assert sample.headers == {"content-type": "application/json", "retry-after": "7", "x-degraded": "yes"}


def test_canaries_and_secrets_are_seen_in_headers_and_body(send: Send, server: Server) -> None:
    """Requests alternate between acme and globex: what is own for the one is foreign for the other."""
    acme, globex = send(spec(server.url, "/leak", [0, 20], secrets=("unseen-secret", "the-word-xyzzy"))).samples
    assert (acme.own, acme.foreign, acme.secrets) == (("document",), ("globex/document",), (1,))
    assert (globex.own, globex.foreign, globex.secrets) == (("document",), ("acme/document",), (1,))


def test_connections_are_kept_alive(send: Send, server: Server) -> None:
    samples = send(spec(server.url, "/ok", range(0, 1500, 50))).samples
    assert {sample.how for sample in samples} == {How.COMPLETE}
    assert server.connections < 15


def test_a_kept_connection_that_died_is_noticed_before_it_is_used(send: Send, server: Server) -> None:
    """There is no retry that could hide it, and no failure that the target had no part in."""
    samples = send(spec(server.url, "/closing", range(0, 400, 20))).samples
    assert {sample.how for sample in samples} == {How.COMPLETE}
    assert server.asked("/closing") == 20


def stream(send: Send, server: Server, path: str) -> tuple[Sample, Recording]:
    recording = send(spec(server.url, path, [0], answer=OPENAI))
    (sample,) = recording.samples
    return sample, recording


def test_a_stream_is_read_frame_by_frame(send: Send, server: Server) -> None:
    """Small frames must not wait for a block to fill: tokens are 50 ms apart, whole frames of 90 bytes."""
    sample, recording = stream(send, server, "/stream")
    assert (sample.how, sample.stream, sample.finish, sample.tokens) == (How.COMPLETE, StreamEnd.DONE, "stop", 3)
    assert sample.first_byte is not None
    assert sample.first_token is not None
    assert sample.last_token is not None
    assert sample.end is not None
    assert sample.gap_max is not None
    assert sample.first_token - sample.first_byte >= 45_000
    assert sample.last_token - sample.first_token >= 95_000
    assert sample.gap_max >= 45_000
    assert next(iter(recording.contents.values())).answer == "one two three"


def test_a_stream_that_is_done_is_complete_though_the_connection_stays_open(send: Send, server: Server) -> None:
    """Every client library leaves at `done`."""
    sample, _ = stream(send, server, "/lingering")
    assert (sample.how, sample.stream) == (How.COMPLETE, StreamEnd.DONE)


def test_a_stream_without_done_has_just_ended(send: Send, server: Server) -> None:
    sample, _ = stream(send, server, "/no-done")
    assert (sample.how, sample.stream) == (How.COMPLETE, StreamEnd.ENDED)


def test_a_stream_that_is_cut_keeps_its_tokens(send: Send, server: Server) -> None:
    sample, recording = stream(send, server, "/cut-stream")
    assert (sample.how, sample.stream, sample.tokens) == (How.SHORT, StreamEnd.CUT, 3)
    assert next(iter(recording.contents.values())).answer == "one two three"


def test_an_error_event_is_an_end_of_its_own(send: Send, server: Server) -> None:
    sample, _ = stream(send, server, "/error-event")
    assert (sample.how, sample.stream) == (How.COMPLETE, StreamEnd.ERROR)
