"""What a run does to its proxies: made, put under faults, read back, freed; and nothing of anybody else's touched."""

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pocchaos.faults import Down
from pocchaos.model.errors import PortTakenError, ToxiproxyError
from pocchaos.model.units import Seconds
from pocchaos.toxiproxy import Proxies
from pocchaos.toxiproxy.adapter import ControlAPI, Patience
from tests.toxiproxy.conftest import Link, toxic
from tests.toxiproxy.origins import connected, echo, round_trip


def test_what_was_put_on_is_told_as_the_server_shows_it(link: Link, proxies: Proxies) -> None:
    link(echo)
    read = proxies.put_on("link.slicer@3", toxic("slicer", stream="upstream", toxicity="30%", average_size="64B"))
    assert read["type"] == "slicer"
    assert read["stream"] == "upstream"
    assert read["toxicity"] == pytest.approx(0.3)
    assert read["attributes"] == {"average_size": 64, "size_variation": 0, "delay": 0}
    assert "link.slicer@3" in read["toxic"], "who looks at the server can tell what it is"
    assert proxies.on == ("link.slicer@3",)


def test_several_faults_on_one_proxy_are_taken_off_one_by_one(link: Link, proxies: Proxies) -> None:
    address, _ = link(echo)
    proxies.put_on("a", toxic("latency", latency="200ms"))
    proxies.put_on("b", toxic("latency", stream="upstream", latency="300ms"))
    off = proxies.take_off("a")
    assert len(off["toxics"]) == 1
    with connected(address) as client:
        assert 0.3 <= round_trip(client) < 0.5
    proxies.take_off("b")
    assert proxies.on == ()


def test_a_flapping_fault_uses_its_window_again_and_again(link: Link, proxies: Proxies) -> None:
    address, _ = link(echo)
    for _ in range(3):
        proxies.put_on("flap", Down(upstream="link"))
        proxies.take_off("flap")
        proxies.put_on("flap", toxic("latency", latency="10ms"))
        proxies.take_off("flap")
    with connected(address) as client:
        round_trip(client)


def test_everything_is_taken_off_at_once(link: Link, proxies: Proxies) -> None:
    address, _ = link(echo)
    proxies.put_on("down", Down(upstream="link"))
    proxies.put_on("gone", toxic("timeout"))
    proxies.put_on("slow", toxic("latency", stream="upstream", latency="5s"))
    proxies.take_everything_off()
    assert proxies.on == ()
    with connected(address) as client:
        assert round_trip(client) < 1.0


def test_a_second_outage_over_the_same_time_keeps_the_upstream_down(link: Link, proxies: Proxies) -> None:
    address, _ = link(echo)
    proxies.put_on("first", Down(upstream="link"))
    proxies.put_on("second", Down(upstream="link"))
    assert proxies.take_off("first")["enabled"] is False
    with pytest.raises(ConnectionRefusedError), connected(address):
        pass
    assert proxies.take_off("second")["enabled"] is True


def test_a_port_that_is_taken_is_the_users_to_free(proxies: Proxies) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(PortTakenError, match=rf"{listen}: address already in use: free it") as caught:
            proxies.create("llm", listen=listen, origin="127.0.0.1:9")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("listen", ["8080", "127.0.0.1", "127.0.0.1:http"])
def test_an_address_that_is_none_is_refused_with_an_example(proxies: Proxies, listen: str) -> None:
    with pytest.raises(PortTakenError, match=r"write host:port, such as 127\.0\.0\.1:0"):
        proxies.create("llm", listen=listen, origin="127.0.0.1:9")


def test_a_proxy_listens_where_the_scenario_says(proxies: Proxies) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert proxies.create("llm", listen=f"127.0.0.1:{port}", origin="127.0.0.1:9") == ("127.0.0.1", port)


def test_a_free_port_is_one_that_no_outgoing_connection_can_take_while_the_proxy_is_down(proxies: Proxies) -> None:
    ports = [proxies.create(f"u{n}", listen="127.0.0.1:0", origin="127.0.0.1:9").port for n in range(20)]
    first_ephemeral = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    assert max(ports) < first_ephemeral
    assert len(set(ports)) == 20


def test_an_outage_ends_though_somebody_held_the_port_for_a_while(link: Link, proxies: Proxies) -> None:
    """The port is free while the proxy is off: whoever takes it meanwhile may give it back in time."""
    address, _ = link(echo)
    proxies.put_on("outage", Down(upstream="link"))
    taken = socket.create_server(address)
    threading.Timer(0.3, taken.close).start()
    began = time.monotonic()
    assert proxies.take_off("outage")["enabled"] is True
    assert time.monotonic() - began >= 0.3
    with connected(address) as client:
        round_trip(client)


def test_an_outage_that_cannot_be_ended_is_said_in_bounded_time(proxies: Proxies) -> None:
    host, port = proxies.server.split(":")
    short = Patience(each=Seconds(1.0), whole=Seconds(0.5), pause=Seconds(0.02))
    impatient = Proxies(ControlAPI(host, int(port), patience=short), alive=lambda: None)
    address = impatient.create("link", listen="127.0.0.1:0", origin="127.0.0.1:9")
    impatient.put_on("outage", Down(upstream="link"))
    with socket.create_server(address), pytest.raises(ToxiproxyError, match=f"{address}: bind: address already in use"):
        impatient.take_off("outage")
    assert impatient.on == ("outage",)
    impatient.take_off("outage")


@pytest.mark.parametrize(
    "misuse",
    [
        lambda proxies: proxies.put_on("w", toxic("latency", latency="1ms")),
        lambda proxies: proxies.take_off("never put on"),
        lambda proxies: proxies.put_on("v", Down(upstream="lmm")),
        lambda proxies: proxies.create("link", listen="127.0.0.1:0", origin="127.0.0.1:9"),
    ],
    ids=["put on twice", "not on", "unknown upstream", "made twice"],
)
def test_misuse_is_refused_before_the_server_is_asked(
    link: Link, proxies: Proxies, misuse: Callable[[Proxies], object]
) -> None:
    link(echo)
    proxies.put_on("w", toxic("latency", latency="1ms"))
    with pytest.raises(ToxiproxyError):
        misuse(proxies)
    assert proxies.on == ("w",)


def test_names_with_odd_characters_go_through(proxies: Proxies) -> None:
    proxies.create("vector store/α", listen="127.0.0.1:0", origin="127.0.0.1:9")
    proxies.put_on("a/b ?c#1", Down(upstream="vector store/α"))
    proxies.take_off("a/b ?c#1")
