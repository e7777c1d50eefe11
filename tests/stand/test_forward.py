"""Forwarding to a real origin: bytes pass both ways, and what the origin does is what the target sees."""

import gzip
import json
import socket
import threading
from collections.abc import Callable
from random import Random

import pytest

from pocchaos.faults.http_error import HttpError
from pocchaos.faults.stall import Stall
from tests.stand.running import Running, hear, one, post, read_attempts, talk
from tests.stand.servers import RESET, answering, closed_port, serving

Start = Callable[..., Running]
CLOSE = "connection: close\r\n"


def forwarding(start_stand: Start, port: int, base: str = "", **more: object) -> Running:
    return start_stand(upstreams=one(f"http://127.0.0.1:{port}{base}", name="api", **more))


def test_method_target_headers_and_body_arrive_as_they_were_sent(start_stand: Start) -> None:
    heard: list[bytes] = []
    body = bytes(range(256))
    with answering(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n", heard) as port:
        stand = forwarding(start_stand, port)
        head = (
            b"PATCH /a%2Fb/c;d=e/../f?q=%C3%A4&x=a+b&x= HTTP/1.1\r\nHost: api.example\r\nAuthorization: Bearer tok\r\n"
            b"X-Odd: caf\xc3\xa9 \xff\r\nX-Twice: 1\r\nX-Twice: 2\r\nAccept-Encoding: gzip\r\n"
            b"Connection: close, x-hop\r\nX-Hop: gone\r\nTE: trailers\r\nKeep-Alive: timeout=5\r\n"
            b"Content-Length: 256\r\n\r\n"
        )
        assert talk(stand.address("api"), head + body).startswith(b"HTTP/1.1 204 ")
    line, *rest = heard[0].partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert line == b"PATCH /a%2Fb/c;d=e/../f?q=%C3%A4&x=a+b&x= HTTP/1.1"
    assert sorted(rest) == sorted(
        [
            b"Host: 127.0.0.1:%d" % port,
            b"Authorization: Bearer tok",
            b"X-Odd: caf\xc3\xa9 \xff",
            b"X-Twice: 1",
            b"X-Twice: 2",
            b"Accept-Encoding: gzip",
            b"Content-Length: 256",
        ]
    )
    assert heard[0].endswith(body)
    (row,) = stand.attempts(1)
    assert (row["method"], row["path"], row["status"]) == ("PATCH", "/a%2Fb/c;d=e/../f", 204)


def test_the_origins_path_stands_before_the_callers(start_stand: Start) -> None:
    heard: list[bytes] = []
    with answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", heard) as port:
        stand = forwarding(start_stand, port, "/api/")
        talk(stand.address("api"), b"GET /v1/x?y HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    assert heard[0].startswith(b"GET /api/v1/x?y HTTP/1.1\r\n")
    assert b"ransfer-" not in heard[0]


@pytest.mark.parametrize("status", [200, 301, 404, 429, 500, 529])
def test_the_reply_comes_back_as_it_is_redirects_and_compression_too(start_stand: Start, status: int) -> None:
    packed = gzip.compress(b"hello " * 100)
    reply = (
        b"HTTP/1.1 %d Whatever\r\nContent-Encoding: gzip\r\nLocation: /elsewhere\r\n"
        b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nRetry-After: 7\r\nX-Odd: \xff\r\nKeep-Alive: timeout=5\r\n"
        b"Connection: close\r\nContent-Length: %d\r\n\r\n%b"
    ) % (status, len(packed), packed)
    with answering(reply) as port:
        stand = forwarding(start_stand, port)
        heard = talk(stand.address("api"), b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    head, _, body = heard.partition(b"\r\n\r\n")
    assert body == packed
    assert head.split(b"\r\n")[0].startswith(b"HTTP/1.1 %d" % status)
    assert sorted(head.split(b"\r\n")[1:]) == sorted(
        [
            b"Content-Encoding: gzip",
            b"Location: /elsewhere",
            b"Set-Cookie: a=1",
            b"Set-Cookie: b=2",
            b"Retry-After: 7",
            b"X-Odd: \xff",
            b"content-length: %d" % len(packed),
            b"connection: close",
        ]
    )
    assert stand.attempts(1)[0]["retry_after"] == 7


def test_head_has_the_origins_length_and_no_body(start_stand: Start) -> None:
    with answering(b"HTTP/1.1 200 OK\r\ncontent-length: 12345\r\n\r\n") as port:
        stand = forwarding(start_stand, port)
        heard = talk(stand.address("api"), b"HEAD / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    assert b"content-length: 12345\r\n" in heard
    assert heard.endswith(b"\r\n\r\n")


def test_a_stream_is_passed_on_as_it_arrives(start_stand: Start) -> None:
    go = threading.Event()

    def stream(sock: socket.socket) -> None:
        hear(sock, b"\r\n\r\n")
        sock.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\nfirst \r\n")
        go.wait(10)
        sock.sendall(b"4\r\nlast\r\n0\r\n\r\n")

    with serving(stream) as port:
        stand = forwarding(start_stand, port)
        with socket.create_connection(stand.address("api"), timeout=5) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            hear(sock, b"first ")
            go.set()
            hear(sock, b"last\r\n0\r\n\r\n")


def test_an_upload_is_passed_on_as_it_arrives_and_whole(start_stand: Start) -> None:
    """Larger than what may be read whole: nothing of it is kept."""
    seen = threading.Event()
    body = Random(3).randbytes(20_000_000)
    got = bytearray()

    def take(sock: socket.socket) -> None:
        got.extend(hear(sock, b"\r\n\r\n").partition(b"\r\n\r\n")[2])
        while len(got) < len(body):
            got.extend(sock.recv(65_536))
            seen.set()
        sock.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

    with serving(take) as port:
        stand = forwarding(start_stand, port)
        with socket.create_connection(stand.address("api"), timeout=20) as sock:
            sock.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body[:100_000])
            assert seen.wait(10)
            sock.sendall(body[100_000:])
            hear(sock, b"ok")
    assert bytes(got) == body


def test_a_chunked_upload_stays_chunked(start_stand: Start) -> None:
    heard: list[bytes] = []
    with answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", heard) as port:
        stand = forwarding(start_stand, port)
        head = b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
        talk(stand.address("api"), head + b"5\r\nhello\r\n0\r\n\r\n")
    assert b"ransfer-" in heard[0]
    assert b"5\r\nhello\r\n0\r\n\r\n" in heard[0]


def test_an_unreachable_origin_is_a_502_in_words(start_stand: Start) -> None:
    stand = forwarding(start_stand, closed_port())
    heard = talk(stand.address("api"), post(b"{}", headers=CLOSE))
    assert heard.startswith(b"HTTP/1.1 502 ")
    assert "the origin of `api` cannot be reached" in json.loads(heard.partition(b"\r\n\r\n")[2])["error"]["message"]
    assert stand.attempts(1)[0]["how"] == "origin_error"


def test_an_origin_that_closes_without_a_word_is_a_502(start_stand: Start) -> None:
    with answering(b"") as port:
        stand = forwarding(start_stand, port)
        assert talk(stand.address("api"), post(b"{}", headers=CLOSE)).startswith(b"HTTP/1.1 502 ")
        assert stand.attempts(1)[0]["how"] == "origin_error"


def test_a_body_that_ends_short_at_the_origin_ends_short_for_the_target(start_stand: Start) -> None:
    with answering(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf") as port:
        stand = forwarding(start_stand, port)
        heard = talk(stand.address("api"), post(b"{}"))
    assert b"content-length: 100" in heard
    assert heard.endswith(b"\r\n\r\nhalf")
    assert stand.attempts(1)[0]["how"] == "origin_error"


def test_a_reset_in_the_origins_body_is_a_reset_for_the_target(start_stand: Start) -> None:
    heard = threading.Event()

    def reset(sock: socket.socket) -> None:
        hear(sock, b"{}")
        sock.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
        heard.wait(10)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    with serving(reset) as port:
        stand = forwarding(start_stand, port)
        with socket.create_connection(stand.address("api"), timeout=5) as sock:
            sock.sendall(post(b"{}"))
            hear(sock, b"half")
            heard.set()
            with pytest.raises(ConnectionResetError):
                sock.recv(100)
    assert stand.attempts(1)[0]["how"] == "origin_error"


def test_a_caller_that_hangs_up_ends_the_call_at_the_origin(start_stand: Start) -> None:
    """An abandoned call must not go on being billed by our doing."""
    came, gone = threading.Event(), threading.Event()

    def endless(sock: socket.socket) -> None:
        hear(sock, b"{}")
        came.set()
        try:
            while sock.recv(100):
                pass
        except ConnectionResetError:
            pass
        gone.set()

    with serving(endless) as port:
        stand = forwarding(start_stand, port)
        with socket.create_connection(stand.address("api"), timeout=5) as sock:
            sock.sendall(post(b"{}"))
            assert came.wait(5)
        assert stand.attempts(1, within=1.0)[0]["how"] == "hung_up"
        assert gone.wait(2)


def test_a_faulted_attempt_never_reaches_the_origin(start_stand: Start) -> None:
    heard: list[bytes] = []
    with answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", heard) as port:
        stand = forwarding(start_stand, port)
        stand.stand.put_on("e@1", HttpError(upstream="api"), (0, 1))
        assert talk(stand.address("api"), post(b"{}", headers=CLOSE)).startswith(b"HTTP/1.1 503 ")
        stand.stand.take_off("e@1")
        assert talk(stand.address("api"), post(b"{}", headers=CLOSE)).startswith(b"HTTP/1.1 200 ")
    assert len(heard) == 1


def test_the_origin_of_a_touched_attempt_is_asked_not_to_compress_and_no_other(start_stand: Start) -> None:
    """A fault that counts tokens or changes text needs them readable; what no fault touches passes as it was sent."""
    heard: list[bytes] = []
    late = Stall.model_validate({"upstream": "api", "first": 1, "attributes": {"after_tokens": 9}})
    events = b'data: {"choices":[{"delta":{"content":"w"}}]}\n\n'
    reply = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n" + events
    with answering(reply, heard) as port:
        stand = forwarding(start_stand, port)
        stand.stand.put_on("s@1", late, (0, 1))
        for _ in range(2):
            talk(stand.address("api"), post(b"{}", headers=CLOSE + "accept-encoding: gzip, br\r\n"))
    told = [[line for line in head.lower().split(b"\r\n") if line.startswith(b"accept-encoding")] for head in heard]
    assert told == [[b"accept-encoding: identity"], [b"accept-encoding: gzip, br"]]
    assert [row["faults"] for row in stand.attempts(2)] == [["s@1"], []]


def test_a_forwarded_stream_stalls_after_so_many_tokens_wherever_its_packets_end(start_stand: Start) -> None:
    events = [b'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n']
    events += [b'data: {"choices":[{"delta":{"content":"w%d"}}]}\n\n' % number for number in range(5)]
    body = b"".join(events) + b"data: [DONE]\n\n"
    reply = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n" + body
    with answering(reply) as port:
        stand = forwarding(start_stand, port)
        stand.stand.put_on("s@1", Stall.model_validate({"upstream": "api", "attributes": {"after_tokens": 2}}), (0, 1))
        with socket.create_connection(stand.address("api"), timeout=0.5) as sock:
            sock.sendall(post(b"{}"))
            heard = hear(sock, b"w1")
            with pytest.raises(TimeoutError):
                heard += sock.recv(1000)
        assert b"w2" not in heard
        assert stand.attempts(1)[0]["how"] == "held"


def test_a_proxy_of_the_environment_is_not_used(start_stand: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    with answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n") as port:
        stand = forwarding(start_stand, port)
        assert talk(stand.address("api"), post(b"{}", headers=CLOSE)).startswith(b"HTTP/1.1 200 ")


def test_connections_to_the_origin_are_pooled(start_stand: Start) -> None:
    connections: list[int] = []

    def serve(sock: socket.socket) -> None:
        connections.append(1)
        while True:
            hear(sock, b"{}")
            sock.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

    with serving(serve) as port:
        stand = forwarding(start_stand, port)
        for _ in range(5):
            talk(stand.address("api"), post(b"{}", headers=CLOSE))
        assert len(read_attempts(stand.folder / "attempts.jsonl")) <= 5
    assert len(connections) == 1
