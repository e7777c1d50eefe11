"""The counting relay: bytes pass untouched, turns and bytes are counted, closings are passed on."""

import socket
import threading
import time
from collections.abc import Callable
from random import Random

import pytest

from pocchaos.model.errors import StandError
from tests.stand.running import Running, hear, one, talk, until
from tests.stand.servers import RESET, closed_port, serving

Start = Callable[..., Running]


def echo(sock: socket.socket) -> None:
    while data := sock.recv(65_536):
        sock.sendall(data)


def relayed(start_stand: Start, port: int, **more: object) -> Running:
    return start_stand(upstreams=one(f"tcp://127.0.0.1:{port}", name="db", **more))


def test_a_turn_is_an_attempt_and_a_connection_is_not(start_stand: Start) -> None:
    with serving(echo) as port:
        stand = relayed(start_stand, port)
        with socket.create_connection(stand.address("db"), timeout=5) as sock:
            for word in (b"one", b"three", b"seven"):
                sock.sendall(word)
                assert hear(sock, word) == word
            assert stand.stand.counts() == {"db": 3}
        rows = stand.attempts(3)
    assert [(row["received"], row["sent"], row["how"], row["connection"]) for row in rows] == [
        (3, 3, "complete", 1),
        (5, 5, "complete", 1),
        (5, 5, "complete", 1),
    ]
    assert all(row["arrived"] <= row["ended"] for row in rows)
    until(lambda: stand.stand.traffic()["db"].open == 0 or None)
    traffic = stand.stand.traffic()["db"]
    assert (traffic.connections, traffic.received, traffic.sent) == (1, 13, 13)


def test_several_packets_before_an_answer_are_one_turn(start_stand: Start) -> None:
    def greedy(sock: socket.socket) -> None:
        hear(sock, b"end")
        sock.sendall(b"thanks")

    with serving(greedy) as port:
        stand = relayed(start_stand, port)
        with socket.create_connection(stand.address("db"), timeout=5) as sock:
            for part in (b"be", b"gin", b"end"):
                sock.sendall(part)
                until(lambda: stand.stand.traffic()["db"].received or None)
            hear(sock, b"thanks")
        (row,) = stand.attempts(1)
    assert (row["received"], row["sent"]) == (8, 6)


def test_an_answered_turn_on_an_idle_connection_is_soon_on_disk(start_stand: Start) -> None:
    """A pool keeps its connections for hours; the evidence must not wait for them."""
    with serving(echo) as port:
        stand = relayed(start_stand, port)
        with socket.create_connection(stand.address("db"), timeout=5) as sock:
            sock.sendall(b"ping")
            hear(sock, b"ping")
            assert stand.attempts(1, within=3.0)[0]["how"] == "complete"


def test_a_server_that_speaks_first_is_dialled_after_a_silence(start_stand: Start) -> None:
    def greet(sock: socket.socket) -> None:
        sock.sendall(b"220 hello\r\n")
        echo(sock)

    with serving(greet) as port:
        stand = relayed(start_stand, port)
        with socket.create_connection(stand.address("db"), timeout=5) as sock:
            assert hear(sock, b"hello\r\n") == b"220 hello\r\n"
            assert stand.stand.counts() == {"db": 0}
            sock.sendall(b"helo")
            hear(sock, b"helo")
            assert stand.stand.counts() == {"db": 1}


def test_the_origin_is_not_dialled_before_a_byte_or_a_silence(start_stand: Start) -> None:
    came = threading.Event()

    def note(sock: socket.socket) -> None:
        came.set()
        echo(sock)

    with serving(note) as port:
        stand = relayed(start_stand, port)
        began = time.monotonic()
        with socket.create_connection(stand.address("db"), timeout=5):
            assert came.wait(5)
            assert time.monotonic() - began >= 0.045


def test_an_unreachable_origin_closes_the_connection(start_stand: Start) -> None:
    stand = relayed(start_stand, closed_port())
    assert talk(stand.address("db"), b"ping") == b""
    (row,) = stand.attempts(1)
    assert (row["how"], row["received"], row["sent"]) == ("origin_error", 4, 0)
    assert "origin unreachable" in stand.log()


def test_a_caller_that_goes_before_the_answer_has_hung_up(start_stand: Start) -> None:
    def silent(sock: socket.socket) -> None:
        while sock.recv(65_536):
            pass

    with serving(silent) as port:
        stand = relayed(start_stand, port)
        with socket.create_connection(stand.address("db"), timeout=5) as sock:
            sock.sendall(b"ping")
            until(lambda: stand.stand.counts()["db"] or None)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        (row,) = stand.attempts(1)
    assert row["how"] == "hung_up"
    until(lambda: stand.stand.traffic()["db"].open == 0 or None)


def test_an_origin_that_goes_before_the_answer_is_its_error(start_stand: Start) -> None:
    def leave(sock: socket.socket) -> None:
        hear(sock, b"ping")

    with serving(leave) as port:
        stand = relayed(start_stand, port)
        assert talk(stand.address("db"), b"ping") == b""
        assert stand.attempts(1)[0]["how"] == "origin_error"


def test_a_half_closed_connection_still_gets_its_answer(start_stand: Start) -> None:
    def count(sock: socket.socket) -> None:
        heard = 0
        while data := sock.recv(65_536):
            heard += len(data)
        sock.sendall(b"%d" % heard)

    with serving(count) as port:
        stand = relayed(start_stand, port)
        assert talk(stand.address("db"), b"x" * 100_000, finish=True) == b"100000"
        assert stand.attempts(1)[0]["how"] == "complete"


def test_large_and_arbitrary_bytes_pass_both_ways_at_once(start_stand: Start) -> None:
    sent = Random(7).randbytes(8_000_000)
    with serving(echo) as port:
        stand = relayed(start_stand, port)
        with socket.create_connection(stand.address("db"), timeout=20) as sock:

            def say() -> None:
                sock.sendall(sent)
                sock.shutdown(socket.SHUT_WR)

            writer = threading.Thread(target=say)
            writer.start()
            heard = b"".join(iter(lambda: sock.recv(65_536), b""))
            writer.join(10)
    assert heard == sent


def test_turns_above_the_cap_close_the_connection(start_stand: Start) -> None:
    with serving(echo) as port:
        stand = relayed(start_stand, port, max_attempts=1)
        with socket.create_connection(stand.address("db"), timeout=5) as sock:
            sock.sendall(b"one")
            hear(sock, b"one")
            sock.sendall(b"two")
            assert sock.recv(100) == b""
        assert sorted(row["how"] for row in stand.attempts(2)) == ["complete", "refused_by_cap"]


def test_a_turn_that_is_open_at_the_end_is_logged_as_open(start_stand: Start) -> None:
    answer = threading.Event()

    def wait(sock: socket.socket) -> None:
        del sock
        answer.wait(10)

    with serving(wait) as port:
        stand = relayed(start_stand, port)
        with socket.create_connection(stand.address("db"), timeout=5) as sock:
            sock.sendall(b"ping")
            until(lambda: stand.stand.counts()["db"] or None)
            stand.stand.end()
        answer.set()
    (row,) = stand.attempts(1)
    assert (row["how"], row["ended"]) == ("open", None)


def test_without_the_relay_the_address_is_the_origins(start_stand: Start) -> None:
    stand = start_stand(upstreams={**one(), **one("tcp://127.0.0.1:5432", name="db", relay=False)})
    assert stand.address("db") == ("127.0.0.1", 5432)
    assert set(stand.stand.counts()) == {"llm"}


def test_an_unknown_upstream_has_no_address(stand: Running) -> None:
    with pytest.raises(StandError, match=r"`lmm` is no upstream of the stand \(llm\)"):
        stand.address("lmm")


def test_hundreds_of_connections_at_once_are_relayed(start_stand: Start) -> None:
    with serving(echo) as port:
        stand = relayed(start_stand, port)
        socks = [socket.create_connection(stand.address("db"), timeout=20) for _ in range(300)]
        try:
            for number, sock in enumerate(socks):
                sock.sendall(b"%05d" % number)
            for number, sock in enumerate(socks):
                assert hear(sock, b"%05d" % number)
        finally:
            for sock in socks:
                sock.close()
        assert len(stand.attempts(300)) == 300
