"""The control API is not believed: what it set is read back, what it does not answer is bounded, and said loudly."""

import json
import socket
import time
from typing import Any

import pytest

from pocchaos.faults import AnyToxic, Down
from pocchaos.model.errors import ToxiproxyError
from pocchaos.model.units import Seconds
from pocchaos.toxiproxy import Proxies
from pocchaos.toxiproxy.adapter import ControlAPI, Patience
from tests.toxiproxy.conftest import toxic
from tests.toxiproxy.lying import Answer, Lie, control_api, honest
from tests.toxiproxy.origins import Origin, connected, gift

SHORT = Patience(each=Seconds(0.2), whole=Seconds(0.8), pause=Seconds(0.02))


def proxies_at(port: int) -> Proxies:
    proxies = Proxies(ControlAPI("127.0.0.1", port, patience=SHORT), alive=lambda: None, run="r1")
    proxies.create("link", listen="127.0.0.1:20001", origin="127.0.0.1:9")
    return proxies


def shows(**changed: Any) -> Lie:
    """A server that says yes to every toxic and then shows another one."""
    latency = {"name": "t", "type": "latency", "stream": "downstream", "toxicity": 1.0}
    latency["attributes"] = {"latency": 3000, "jitter": 0}
    truth = honest()

    def lie(method: str, path: str, body: Any) -> Answer | None:
        if "/toxics" in path:
            return 200, json.dumps(latency | changed).encode()
        return truth(method, path, body)

    return lie


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"attributes": {"latency": 2999, "jitter": 0}}, r"attributes.latency 2999 instead of 3000"),
        ({"attributes": {"latency": 3000}}, r"attributes.jitter None instead of 0"),
        ({"attributes": None}, r"attributes.latency None instead of 3000"),
        ({"stream": "upstream"}, r"stream 'upstream' instead of 'downstream'"),
        ({"type": "noop"}, r"type 'noop' instead of 'latency'"),
        ({"toxicity": 0.5}, r"toxicity 0.5 instead of 1.0"),
        ({"toxicity": None}, r"toxicity nan instead of 1.0"),
    ],
)
def test_a_toxic_that_reads_back_different_is_an_error_that_names_the_difference(
    changed: dict[str, Any], named: str
) -> None:
    with control_api(shows(**changed)) as (port, _):
        proxies = proxies_at(port)
        with pytest.raises(ToxiproxyError, match=named) as caught:
            proxies.put_on("slow", toxic("latency", latency="3s"))
        assert proxies.on == ("slow",), "nobody knows what is on there: it is still to be taken off"
    assert caught.value.exit_code == 4


def test_a_proxy_that_stays_on_is_no_outage() -> None:
    truth = honest()

    def stubborn(method: str, path: str, body: Any) -> Answer | None:
        return truth(method, path, {k: v for k, v in (body or {}).items() if k != "enabled"})

    with control_api(stubborn) as (port, _), pytest.raises(ToxiproxyError, match="reads back enabled"):
        proxies_at(port).put_on("outage", Down(upstream="link"))


@pytest.mark.parametrize("status", [500, 503, 403, 302])
def test_no_status_but_a_good_one_is_taken_for_done(status: int) -> None:
    truth = honest()

    def broken(method: str, path: str, body: Any) -> Answer | None:
        return (status, b'{"error": "no such luck"}') if "/toxics" in path else truth(method, path, body)

    with control_api(broken) as (port, _), pytest.raises(ToxiproxyError, match=rf"no such luck \(status {status}\)"):
        proxies_at(port).put_on("slow", toxic("latency", latency="3s"))


def test_an_answer_that_is_not_json_is_an_error_not_a_traceback() -> None:
    with (
        control_api(lambda *_: (200, b"<html>hello</html>")) as (port, _),
        pytest.raises(ToxiproxyError, match="answered something else: '<html>"),
    ):
        proxies_at(port)


def test_a_hang_while_a_fault_is_put_on_ends_in_bounded_time() -> None:
    truth = honest()

    def hangs(method: str, path: str, body: Any) -> Answer | None:
        return None if "/toxics" in path else truth(method, path, body)

    with control_api(hangs) as (port, _):
        proxies = proxies_at(port)
        began = time.monotonic()
        with pytest.raises(ToxiproxyError, match=r"no answer within 0.2 s .*\(\d tries in"):
            proxies.put_on("slow", toxic("latency", latency="3s"))
        assert time.monotonic() - began < 10.0


def hanging_on_removal(times: float) -> Lie:
    """A server that does not answer the first so many removals, and then has no such toxic any more."""
    left = [times]
    truth = honest()
    fault: AnyToxic = toxic("latency", latency="3s")

    def lie(method: str, path: str, body: Any) -> Answer | None:
        if "/toxics" not in path:
            return truth(method, path, body)
        if method != "DELETE":
            shown = {"type": "latency", "stream": "downstream", "toxicity": 1.0, "attributes": dict(fault.wire())}
            return 200, json.dumps({"name": "t"} | shown).encode()
        left[0] -= 1
        return None if left[0] >= 0 else (404, b'{"error": "toxic not found", "status": 404}')

    return lie


def test_a_removal_that_hangs_is_tried_again_and_gone_is_gone() -> None:
    with control_api(hanging_on_removal(1)) as (port, seen):
        proxies = proxies_at(port)
        proxies.put_on("slow", toxic("latency", latency="3s"))
        proxies.take_off("slow")
        assert proxies.on == ()
    assert sum(line.startswith("DELETE") for line in seen) == 2


def test_what_could_not_be_taken_off_is_named_loudly_and_the_rest_is_off() -> None:
    with control_api(hanging_on_removal(float("inf"))) as (port, _):
        proxies = proxies_at(port)
        proxies.put_on("slow", toxic("latency", latency="3s"))
        proxies.put_on("outage", Down(upstream="link"))
        began = time.monotonic()
        with pytest.raises(ToxiproxyError, match=r"STILL ON at 127.0.0.1:\d+: slow \(latency on pocchaos-r1-link\)"):
            proxies.take_everything_off()
        assert time.monotonic() - began < 10.0
        assert proxies.on == ("slow",)


def test_the_real_server_blocked_by_a_client_that_does_not_read_is_said_in_bounded_time(proxies: Proxies) -> None:
    """Toxiproxy cannot change the chain of a connection whose bytes nobody takes; small answers never come to that."""
    host, port = proxies.server.split(":")
    impatient = Proxies(ControlAPI(host, int(port), patience=SHORT), alive=lambda: None)
    origin = Origin(gift(b"x" * 30_000_000))
    try:
        address = impatient.create("link", listen="127.0.0.1:0", origin=origin.address)
        with connected(address) as client:
            client.sendall(b"go")
            assert origin.full(), "more than all buffers on the way can hold"
            began = time.monotonic()
            with pytest.raises(ToxiproxyError, match="a connection through it is not read from"):
                impatient.put_on("slow", toxic("latency", latency="1s"))
            with pytest.raises(ToxiproxyError, match=r"STILL ON at .*: slow \(latency on"):
                impatient.take_everything_off()
            assert time.monotonic() - began < 15.0
    finally:
        origin.close()


def test_a_server_that_is_gone_ends_in_bounded_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(ToxiproxyError, match="Connection refused"):
        ControlAPI("127.0.0.1", port, patience=SHORT).version()


def test_the_library_is_never_sent_through_an_http_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        control_api(lambda *_: (200, b'{"version": "from the proxy"}')) as (other, seen),
        control_api(honest()) as (port, _),
    ):
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{other}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert ControlAPI("127.0.0.1", port, patience=SHORT).version() == "2.12.0"
    assert seen == []


def test_two_servers_can_be_talked_to_in_one_process() -> None:
    """The library keeps one address for the whole process."""
    with control_api(lambda *_: (200, b'{"version": "1"}')) as (a, _), control_api(honest()) as (b, _):
        one, two = ControlAPI("127.0.0.1", a, patience=SHORT), ControlAPI("127.0.0.1", b, patience=SHORT)
        assert (one.version(), two.version(), one.version()) == ("1", "2.12.0", "1")
