"""Every toxic, with all its attributes and both streams, has its effect on a real connection."""

import socket
import time

import httpx
import pytest

from pocchaos.faults import Down
from pocchaos.toxiproxy import Proxies
from tests.toxiproxy.conftest import Link, toxic
from tests.toxiproxy.origins import (
    Seen,
    connected,
    echo,
    exactly,
    gift,
    round_trip,
    silent_for,
    sink,
    until_end,
    wait_until,
)

both_streams = pytest.mark.parametrize("stream", ["downstream", "upstream"])


def test_without_a_fault_the_proxy_is_clear(link: Link) -> None:
    address, _ = link(echo)
    with connected(address) as client:
        assert round_trip(client, b"x" * 100_000) < 1.0


@both_streams
def test_latency_makes_the_round_trip_longer_until_it_is_taken_off(link: Link, proxies: Proxies, stream: str) -> None:
    address, _ = link(echo)
    with connected(address) as client:
        round_trip(client)
        proxies.put_on("slow", toxic("latency", stream=stream, latency="300ms"))
        assert 0.3 <= round_trip(client) < 5.0
        proxies.take_off("slow")
        assert round_trip(client) < 0.2


def test_latency_varies_by_its_jitter(link: Link, proxies: Proxies) -> None:
    address, _ = link(echo)
    proxies.put_on("slow", toxic("latency", latency="100ms", jitter="80ms"))
    with connected(address) as client:
        trips = [round_trip(client) for _ in range(20)]
    assert min(trips) >= 0.020
    assert max(trips) - min(trips) > 0.030, "20 draws from ±80 ms all within 30 ms: about one in 10¹²"


def test_latencies_on_both_streams_add_up(link: Link, proxies: Proxies) -> None:
    address, _ = link(echo)
    proxies.put_on("there", toxic("latency", stream="upstream", latency="150ms"))
    proxies.put_on("back", toxic("latency", stream="downstream", latency="150ms"))
    with connected(address) as client:
        assert 0.3 <= round_trip(client) < 5.0


def test_bandwidth_limits_what_comes_down(link: Link, proxies: Proxies) -> None:
    address, _ = link(gift(b"x" * 30_000))
    proxies.put_on("thin", toxic("bandwidth", rate="40kB/s"))
    with connected(address) as client:
        began = time.monotonic()
        client.sendall(b"go")
        assert len(exactly(client, 30_000)) == 30_000
        assert 0.6 < time.monotonic() - began < 10.0


def test_bandwidth_limits_what_goes_up(link: Link, proxies: Proxies) -> None:
    address, origin = link(sink)
    proxies.put_on("thin", toxic("bandwidth", stream="upstream", rate="40kB/s"))
    with connected(address) as client:
        began = time.monotonic()
        client.sendall(b"x" * 30_000)
        wait_until(lambda: len(origin.only().data) == 30_000, "all bytes at the origin")
        assert 0.6 < time.monotonic() - began < 10.0


def test_slow_close_keeps_the_answer_quick_and_its_end_late(link: Link, proxies: Proxies) -> None:
    address, _ = link(gift(b"done"))
    proxies.put_on("lingering", toxic("slow_close", delay="1s"))
    with connected(address) as client:
        began = time.monotonic()
        client.sendall(b"go")
        assert exactly(client, 4) == b"done"
        assert time.monotonic() - began < 0.9
        assert until_end(client).ended_at - began >= 1.0


def test_slow_close_upstream_hides_our_closing_from_the_origin(link: Link, proxies: Proxies) -> None:
    address, origin = link(sink)
    proxies.put_on("lingering", toxic("slow_close", stream="upstream", delay="400ms"))
    with connected(address) as client:
        client.sendall(b"x")
        wait_until(lambda: origin.only().data == b"x", "the byte at the origin")
        closed = time.monotonic()
    wait_until(lambda: origin.only().ended != "", "the end at the origin")
    assert origin.only().ended_at - closed >= 0.4


@both_streams
def test_timeout_drops_everything_and_then_closes(link: Link, proxies: Proxies, stream: str) -> None:
    address, origin = link(echo)
    proxies.put_on("gone", toxic("timeout", stream=stream, timeout="400ms"))
    with connected(address) as client:
        began = time.monotonic()
        client.sendall(b"hello")
        seen = until_end(client)
    assert seen.data == b""
    assert 0.4 <= seen.ended_at - began < 1.5
    if stream == "upstream":
        assert origin.only().data == b"", "stopped before the origin"
    else:
        assert origin.only().data == b"hello"


@both_streams
def test_timeout_of_zero_holds_until_it_is_taken_off_and_then_closes(link: Link, proxies: Proxies, stream: str) -> None:
    address, _ = link(echo)
    with connected(address) as client:
        round_trip(client)
        proxies.put_on("gone", toxic("timeout", stream=stream, timeout="0s"))
        client.sendall(b"hello")
        assert silent_for(client, 0.5)
        proxies.take_off("gone")
        assert until_end(client).data == b"", "what was dropped does not come back, and the connection ends"
    with connected(address) as client:
        round_trip(client)


@both_streams
@pytest.mark.parametrize("after", ["0s", "300ms"])
def test_reset_peer_resets_a_new_connection_once_bytes_flow(
    link: Link, proxies: Proxies, stream: str, after: str
) -> None:
    address, _ = link(echo)
    proxies.put_on("reset", toxic("reset_peer", stream=stream, timeout=after))
    with connected(address) as client:
        began = time.monotonic()
        client.sendall(b"hello")
        seen = until_end(client)
    assert (seen.data, seen.ended) == (b"", "rst")
    assert seen.ended_at - began >= (0.3 if after == "300ms" else 0.0)


def test_slicer_cuts_what_comes_down_into_pieces_with_pauses(link: Link, proxies: Proxies) -> None:
    address, _ = link(gift(b"x" * 800))
    proxies.put_on("sliced", toxic("slicer", average_size="100B", delay="20ms"))
    with connected(address) as client:
        client.sendall(b"go")
        seen = until_end(client)
    assert len(seen.data) == 800
    assert len(seen.pieces) >= 6, "eight pieces of 100 bytes, give or take two that arrive as one"
    assert seen.at[-1] - seen.at[0] >= 0.1


def test_slicer_cuts_what_goes_up_into_pieces_that_vary(link: Link, proxies: Proxies) -> None:
    address, origin = link(sink)
    proxies.put_on(
        "sliced", toxic("slicer", stream="upstream", average_size="100B", size_variation="50B", delay="10ms")
    )
    with connected(address) as client:
        client.sendall(b"x" * 2_000)
        wait_until(lambda: len(origin.only().data) == 2_000, "all bytes at the origin")
    sizes = [len(piece) for piece in origin.only().pieces]
    assert len(sizes) >= 10
    assert len(set(sizes)) > 3


@both_streams
def test_limit_data_lets_so_many_bytes_through_and_closes(link: Link, proxies: Proxies, stream: str) -> None:
    address, origin = link(echo)
    proxies.put_on("cut", toxic("limit_data", stream=stream, bytes="100B"))
    with connected(address) as client:
        client.sendall(b"x" * 250)
        seen = until_end(client)
    if stream == "downstream":
        assert len(seen.data) == 100
    wait_until(lambda: origin.only().ended != "", "the end at the origin")
    assert len(origin.only().data) == (100 if stream == "upstream" else 250)


def test_limit_data_counts_from_when_it_was_put_on(link: Link, proxies: Proxies) -> None:
    address, _ = link(echo)
    with connected(address) as client:
        round_trip(client, b"x" * 500)
        proxies.put_on("cut", toxic("limit_data", bytes="100B"))
        round_trip(client, b"x" * 90)
        client.sendall(b"x" * 50)
        assert len(until_end(client).data) == 10


def test_down_drops_live_connections_refuses_new_ones_and_comes_back(link: Link, proxies: Proxies) -> None:
    address, _ = link(echo)
    with connected(address) as client:
        round_trip(client)
        assert proxies.put_on("outage", Down(upstream="link"))["enabled"] is False
        assert until_end(client).ended in {"fin", "rst"}
    with pytest.raises(ConnectionRefusedError), connected(address):
        pass
    assert proxies.take_off("outage")["enabled"] is True
    with connected(address) as client:
        round_trip(client)


def test_toxicity_is_drawn_per_connection(link: Link, proxies: Proxies) -> None:
    """Half of the connections are slow, whole; which is why 30 % means nothing per request behind a pool."""
    address, _ = link(echo)
    proxies.put_on("some", toxic("latency", toxicity="50%", latency="50ms"))
    slow = 0
    for _ in range(40):
        with connected(address) as client:
            trips = [round_trip(client) >= 0.05 for _ in range(2)]
        slow += trips[0]
    assert 5 <= slow <= 35, "40 fair draws lie outside once in a million"


def test_toxicity_of_zero_touches_nothing(link: Link, proxies: Proxies) -> None:
    address, _ = link(echo)
    proxies.put_on("none", toxic("timeout", toxicity="0%"))
    with connected(address) as client:
        assert round_trip(client) < 1.0


def test_a_keep_alive_http_client_feels_the_latency_on_the_connection_it_holds(link: Link, proxies: Proxies) -> None:
    def http(connection: socket.socket, seen: Seen) -> None:
        del seen
        while connection.recv(65_536):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    address, _ = link(http)
    with httpx.Client(base_url=f"http://{address}", trust_env=False) as client:
        assert client.get("/").text == "ok"
        proxies.put_on("slow", toxic("latency", latency="250ms"))
        began = time.monotonic()
        assert client.get("/").text == "ok"
        assert time.monotonic() - began >= 0.25
