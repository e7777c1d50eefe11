"""The stand as an HTTP server, byte by byte: what a caller may send, and what is refused."""

import asyncio
import json
import re
import socket
from collections.abc import Callable

import pytest

from pocchaos.scenario.language import Simulate
from tests.stand.running import FACT, QUESTION, Running, hear, one, post, talk, until

MODELS = b"GET /v1/models HTTP/1.1\r\nhost: llm\r\n"
Start = Callable[..., Running]


def bodies(heard: bytes) -> int:
    return heard.count(b'"object": "chat.completion"')


def test_a_connection_is_kept_for_the_next_request(one_stand: Running) -> None:
    with socket.create_connection(one_stand.address(), timeout=5) as sock:
        for _ in range(3):
            sock.sendall(post(QUESTION, headers="x-request-id: kept\r\n"))
            assert FACT.encode() in hear(sock, b'"usage"')
    rows = one_stand.attempts(3, join="kept")
    assert len({row["connection"] for row in rows}) == 1


def test_pipelined_requests_are_answered_in_order(one_stand: Running) -> None:
    heard = talk(one_stand.address(), post(QUESTION) + post(b"{}") + MODELS + b"connection: close\r\n\r\n")
    assert re.findall(rb"HTTP/1.1 (\d+)", heard) == [b"200", b"400", b"200"]


def test_many_pipelined_requests_are_all_answered(one_stand: Running) -> None:
    heard = talk(one_stand.address(), (MODELS + b"\r\n") * 100 + MODELS + b"connection: close\r\n\r\n")
    assert heard.count(b"HTTP/1.1 200 OK") == 101


def test_a_request_may_come_in_single_bytes(one_stand: Running) -> None:
    with socket.create_connection(one_stand.address(), timeout=5) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for position in range(len(post(QUESTION))):
            sock.sendall(post(QUESTION)[position : position + 1])
        assert FACT.encode() in hear(sock, b'"usage"')


def test_a_chunked_body_is_read(one_stand: Running) -> None:
    half = len(QUESTION) // 2
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (QUESTION[:half], QUESTION[half:]))
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: llm\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    assert FACT.encode() in talk(one_stand.address(), head + chunks + b"0\r\nx-trailer: 1\r\n\r\n")


def test_expect_100_continue_is_answered_before_the_body_comes(one_stand: Running) -> None:
    head, _, body = post(QUESTION, headers="expect: 100-continue\r\n").partition(b"\r\n\r\n")
    with socket.create_connection(one_stand.address(), timeout=5) as sock:
        sock.sendall(head + b"\r\n\r\n")
        assert hear(sock, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(body)
        assert FACT.encode() in hear(sock, b'"usage"')


def test_head_has_the_length_and_no_body(one_stand: Running) -> None:
    heard = talk(one_stand.address(), b"HEAD /v1/models HTTP/1.1\r\nhost: llm\r\nconnection: close\r\n\r\n")
    assert b"content-length: " in heard
    assert heard.endswith(b"\r\n\r\n")


def test_http_1_0_gets_a_stream_that_ends_with_the_connection(one_stand: Running) -> None:
    body = json.dumps({**json.loads(QUESTION), "stream": True}).encode()
    heard = talk(one_stand.address(), post(body).replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert b"transfer-encoding" not in heard
    assert b"connection: close" in heard
    assert heard.endswith(b"data: [DONE]\n\n")


def test_an_absolute_url_is_served_as_its_path(one_stand: Running) -> None:
    """The stand is no open proxy: whatever host is named, the scenario's origin answers."""
    asked = MODELS.replace(b"/v1/models", b"http://example.com/v1/models") + b"connection: close\r\n\r\n"
    assert b"gpt-4o-mini" in talk(one_stand.address(), asked)


REFUSED = [
    ("CONNECT example.com:443 HTTP/1.1\r\nhost: x\r\n\r\n", 501, "no proxy"),
    ("GET /v1/models HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n", 501, "websocket"),
    ("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd", 400, "Content-Length"),
    ("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400, "Encoding"),
    ("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n", 400, "Length"),
    ("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, "Transfer-Encoding"),
    ("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n", 501, "Transfer-Encoding"),
    ("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", 400, "not valid HTTP"),
    ("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -3\r\n\r\nabc", 400, "not valid HTTP"),
    ("GET / HTTP/1.1\r\nhost : x\r\n\r\n", 400, "not valid HTTP"),
    ("GET / HTTP/1.1\r\nhost: x\r\nexpect: miracles\r\n\r\n", 417, "miracles"),
    ("nonsense\r\n\r\n", 400, "not valid HTTP"),
    ("GET / HTTP/1.1\r\nhost: x\r\nx-long: " + "y" * 70_000, 431, "64 KiB"),
]


@pytest.mark.parametrize(("said", "status", "why"), REFUSED, ids=[f"{row[1]} {row[2]}" for row in REFUSED])
def test_what_is_not_served_is_refused_in_words_and_the_connection_closed(
    one_stand: Running, said: str, status: int, why: str
) -> None:
    heard = talk(one_stand.address(), said.encode())
    assert heard.startswith(b"HTTP/1.1 %d " % status)
    assert heard.count(b"HTTP/1.1") == 1
    assert b"connection: close" in heard
    assert why in json.loads(heard.partition(b"\r\n\r\n")[2])["error"]["message"]


def test_what_follows_a_refused_request_is_not_taken_for_another(one_stand: Running) -> None:
    smuggled = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
    heard = talk(one_stand.address(), smuggled + MODELS + b"x-request-id: smuggled\r\n\r\n")
    assert b"gpt-4o" not in heard
    assert not one_stand.attempts(join="smuggled")


def test_an_offer_of_h2c_is_passed_over(one_stand: Running) -> None:
    """Java's client makes it with every first request."""
    offer = "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"
    with socket.create_connection(one_stand.address(), timeout=5) as sock:
        sock.sendall(post(QUESTION, headers=offer))
        assert FACT.encode() in hear(sock, b'"usage"')
        sock.sendall(post(QUESTION))
        assert FACT.encode() in hear(sock, b'"usage"')


def test_a_body_that_has_to_be_read_whole_is_bounded(one_stand: Running) -> None:
    with socket.create_connection(one_stand.address(), timeout=5) as sock:
        sock.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\n\r\n")
        block = bytes(65_536)
        sent = 0
        sock.settimeout(0.01)
        heard = b""
        while not heard and sent < 99_000_000:
            try:
                sent += sock.send(block)
                heard = sock.recv(65_536)
            except TimeoutError:
                continue
    assert heard.startswith(b"HTTP/1.1 413 ")
    assert sent < 40_000_000


def test_a_tls_handshake_is_noted_with_the_remedy_and_is_no_attempt(stand: Running) -> None:
    """A base URL with https:// must not look like a wired upstream."""
    talk(stand.address(), b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    until(lambda: "use http://" in stand.log() or None)
    assert stand.stand.counts() == {"llm": 0}


def test_a_caller_that_hangs_up_is_noticed_at_once(start_stand: Start) -> None:
    """Not only when the reply is written: abandoned calls are evidence."""
    slow = {"simulate": "openai", "ttft": "60s"}

    stand = start_stand(upstreams=one(Simulate.model_validate(slow)))
    with socket.create_connection(stand.address(), timeout=5) as sock:
        sock.sendall(post(QUESTION))
        until(lambda: stand.stand.counts()["llm"] or None)
    (row,) = stand.attempts(1, within=1.0)
    assert (row["how"], row["status"], row["sent"]) == ("hung_up", None, 0)
    assert row["ended"] - row["arrived"] < 1_000_000
    until(lambda: stand.stand.traffic()["llm"].open == 0 or None)


def test_a_caller_that_resets_in_mid_stream_is_noticed(start_stand: Start) -> None:

    slow = Simulate.model_validate({"simulate": "openai", "ttft": "1ms", "tokens_per_second": 2})
    stand = start_stand(upstreams=one(slow))
    sock = socket.create_connection(stand.address(), timeout=5)
    sock.sendall(post(json.dumps({**json.loads(QUESTION), "stream": True}).encode()))
    hear(sock, b"Shipping")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sock.close()
    (row,) = stand.attempts(1, within=1.0)
    assert (row["how"], row["status"]) == ("hung_up", 200)
    assert row["sent"] > 100


def test_a_caller_that_reads_slowly_does_not_fill_our_memory(one_stand: Running) -> None:
    """Thousands of replies are asked for and not read; then all of them are."""
    with socket.create_connection(one_stand.address(), timeout=10) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        asked = 2_000
        sock.sendall((MODELS + b"\r\n") * (asked - 1) + MODELS + b"connection: close\r\n\r\n")
        heard = 0
        while more := sock.recv(65_536):
            heard += more.count(b"HTTP/1.1 200")
        assert heard >= asked - 20  # a status line may lie across two reads


def test_a_thousand_connections_at_once_are_all_served(start_stand: Start) -> None:

    stand = start_stand(upstreams=one(Simulate.model_validate({"simulate": "openai", "ttft": "300ms"})))
    host, port = stand.address()

    async def call() -> bytes:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(post(QUESTION, headers="connection: close\r\n"))
        heard = await reader.read()
        writer.close()
        await writer.wait_closed()
        return heard

    async def calls() -> list[bytes]:
        return await asyncio.gather(*(call() for _ in range(1_000)))

    assert sum(bodies(heard) for heard in asyncio.run(asyncio.wait_for(calls(), 60))) == 1_000
    rows = stand.attempts(1_000)
    assert sorted(row["number"] for row in rows) == list(range(1, 1_001))
    assert {row["how"] for row in rows} == {"complete"}


def test_attempts_above_the_cap_are_refused_and_noted(start_stand: Start) -> None:
    stand = start_stand(upstreams=one(max_attempts=2))
    heard = [talk(stand.address(), post(QUESTION, headers="connection: close\r\n")) for _ in range(4)]
    assert [reply.split()[1] for reply in heard] == [b"200", b"200", b"429", b"429"]
    assert b"max_attempts of `llm` (2) is used up" in heard[2]
    assert [row["how"] for row in stand.attempts(4)] == ["complete", "complete", "refused_by_cap", "refused_by_cap"]
    assert stand.log().count("max_attempts used up") == 1
    assert stand.stand.traffic()["llm"].refused_by_cap == 2


def test_secrets_are_cut_out_of_what_is_logged(start_stand: Start) -> None:
    stand = start_stand(correlate="x-request-id", secrets=("hush-hush-hush",))
    asked = b"GET /bot-hush-hush-hush/x?key=other HTTP/1.1\r\nhost: x\r\nx-request-id: a-hush-hush-hush\r\n"
    talk(stand.address(), asked + b"connection: close\r\n\r\n")
    (row,) = stand.attempts(1)
    assert (row["path"], row["join"]) == ("/bot-«redacted»/x", "a-«redacted»")
