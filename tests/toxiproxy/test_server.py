"""A server of our own lives as long as the `with`, and no longer; a shared one is left as it was found."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pocchaos.faults import Down
from pocchaos.files.processes import ourselves
from pocchaos.model.errors import InUseError, ToxiproxyError, ToxiproxyMissingError
from pocchaos.toxiproxy import Proxies, start
from pocchaos.toxiproxy.adapter import ControlAPI
from pocchaos.toxiproxy.ports import free_port
from pocchaos.toxiproxy.shared import clear, lock
from tests.toxiproxy.conftest import toxic
from tests.toxiproxy.lying import Answer, control_api, honest
from tests.toxiproxy.origins import Origin, Seen, connected, wait_until


def ask(server: str, path: str) -> Any:
    with urllib.request.urlopen(f"http://{server}{path}", timeout=5) as answer:
        return json.load(answer)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def pid_of(server: str) -> int:
    """The process that was started with this server's port."""
    port = server.rpartition(":")[2]
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"-port" in words and words[words.index(b"-port") + 1] == port.encode() and b"-host" in words[:3]:
                return int(folder.name)
    raise AssertionError(f"no process serves {server}")


def test_it_ends_with_the_with_also_when_that_fails(tmp_path: Path, toxiproxy_server: Path) -> None:
    pids = []

    def interrupted() -> None:
        with start(log=tmp_path / "log", say=print) as proxies:
            pids.append(pid_of(proxies.server))
            assert alive(pids[0])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not alive(pids[0])


def test_which_server_it_is_can_be_told(proxies: Proxies) -> None:
    """Its version and the binary: figures are compared only between runs of the same."""
    assert re.fullmatch(r"2\.\d+\.\d+\S* \(/.*toxiproxy-server.*\)", proxies.source)


def test_its_own_server_shows_nothing_but_our_proxies(proxies: Proxies) -> None:
    assert ask(proxies.server, "/proxies") == {}
    proxies.create("llm", listen="127.0.0.1:0", origin="127.0.0.1:9")
    shown = ask(proxies.server, "/proxies")
    assert isinstance(shown, dict)
    assert len(shown) == 1


def test_a_server_that_dies_is_noticed(tmp_path: Path, toxiproxy_server: Path) -> None:
    with start(log=tmp_path / "log", say=print) as proxies:
        proxies.check_alive()
        os.kill(pid_of(proxies.server), signal.SIGKILL)
        noticed: list[str] = []

        def is_noticed() -> bool:
            try:
                proxies.check_alive()
            except ToxiproxyError as error:
                noticed.append(str(error))
            return bool(noticed)

        wait_until(is_noticed, "its end")
    assert "ended with status -9" in noticed[0]


def test_an_order_to_a_dead_server_tells_of_its_death_at_once(tmp_path: Path, toxiproxy_server: Path) -> None:
    with start(log=tmp_path / "log", say=print) as proxies:
        proxies.create("link", listen="127.0.0.1:0", origin="127.0.0.1:9")
        os.kill(pid_of(proxies.server), signal.SIGKILL)
        began = time.monotonic()
        with pytest.raises(ToxiproxyError, match=r"ended with status -9"):
            proxies.put_on("slow", toxic("latency", latency="1s"))
        assert time.monotonic() - began < 4.0


CHILD = """
import sys, time
from pathlib import Path
from pocchaos.toxiproxy import start
with start(log=Path(sys.argv[1]), say=print) as proxies:
    print(proxies.server, flush=True)
    time.sleep(60)
"""


def test_it_does_not_outlive_a_harness_that_is_killed(tmp_path: Path, toxiproxy_server: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True)
    with child:
        assert child.stdout is not None
        pid = pid_of(child.stdout.readline().strip())
        child.kill()
    wait_until(lambda: not alive(pid), "the server's end")


def test_ctrl_c_in_the_terminal_does_not_reach_it_before_us(proxies: Proxies) -> None:
    assert os.getpgid(pid_of(proxies.server)) != os.getpgid(0)


def test_two_runs_at_once_have_a_server_each(tmp_path: Path, toxiproxy_server: Path) -> None:
    with start(log=tmp_path / "a", say=print) as a, start(log=tmp_path / "b", say=print) as b:
        assert a.server != b.server


def test_a_binary_that_ends_at_once_is_told_with_its_last_words(tmp_path: Path) -> None:
    binary = tmp_path / "toxiproxy-server"
    binary.write_text(
        '#!/bin/sh\n[ "$1" = -version ] && { echo toxiproxy-server version 2.12.0; exit; }\necho alas\nexit 3\n'
    )
    binary.chmod(0o755)
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    with (
        pytest.raises(ToxiproxyError, match=r"ended with status 3; the last lines of .*log:\n    alas"),
        start(log=tmp_path / "log", say=print, environ=environ),
    ):
        pass


def test_the_proxies_of_docker_compose_are_accepted_by_the_server(tmp_path: Path, toxiproxy_server: Path) -> None:
    """They are for trying things by hand; a run makes its own."""
    definitions = Path(__file__).parents[2] / "proxies" / "toxiproxy.json"
    proxies = json.loads(definitions.read_text())
    for proxy in proxies:
        proxy["listen"] = "127.0.0.1:0"  # here, several runs of the tests may go on at once
    (tmp_path / "proxies.json").write_text(json.dumps(proxies))
    port = free_port("127.0.0.1")
    command = [str(toxiproxy_server), "-port", str(port), "-config", str(tmp_path / "proxies.json")]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        api = ControlAPI("127.0.0.1", port)
        assert all(api.proxy(proxy["name"]) for proxy in proxies)
    finally:
        server.terminate()
        server.wait(10)


class TestShared:
    """POCCHAOS_TOXIPROXY_URL: somebody else's server."""

    def test_only_what_we_made_is_removed(self, proxies: Proxies, tmp_path: Path) -> None:
        theirs = proxies.create("theirs", listen="127.0.0.1:0", origin="127.0.0.1:9")
        proxies.put_on("their fault", toxic("latency", latency="1s").model_copy(update={"upstream": "theirs"}))
        before = ask(proxies.server, "/proxies")
        environ = {"POCCHAOS_TOXIPROXY_URL": f"http://{proxies.server}"}
        with start(log=tmp_path / "unused", say=print, environ=environ) as ours:
            address = ours.create("theirs", listen="127.0.0.1:0", origin="127.0.0.1:9")
            ours.put_on("outage", Down(upstream="theirs"))
            assert address != theirs
            ours.check_alive()
        assert ask(proxies.server, "/proxies") == before
        with pytest.raises(ConnectionRefusedError), connected(address):
            pass

    def test_our_faults_go_though_the_run_failed(self, proxies: Proxies, tmp_path: Path) -> None:
        environ = {"POCCHAOS_TOXIPROXY_URL": f"http://{proxies.server}/"}

        def interrupted() -> None:
            with start(log=tmp_path / "unused", say=print, environ=environ) as ours:
                ours.create("llm", listen="127.0.0.1:0", origin="127.0.0.1:9")
                ours.put_on("outage", Down(upstream="llm"))
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert ask(proxies.server, "/proxies") == {}

    @pytest.mark.parametrize("url", ["127.0.0.1:8474", "https://127.0.0.1:8474", "http://", "http://127.0.0.1:x"])
    def test_an_address_that_is_none_is_refused_with_an_example(self, tmp_path: Path, url: str) -> None:
        environ = {"POCCHAOS_TOXIPROXY_URL": url}
        with (
            pytest.raises(ToxiproxyMissingError, match=r"write http://127\.0\.0\.1:8474"),
            start(log=tmp_path / "unused", say=print, environ=environ),
        ):
            pass

    def test_one_that_is_not_there_is_told_with_the_remedy(self, tmp_path: Path) -> None:
        environ = {"POCCHAOS_TOXIPROXY_URL": "http://127.0.0.1:9"}
        with (
            pytest.raises(ToxiproxyMissingError, match="start it there, or unset the variable"),
            start(log=tmp_path / "unused", say=print, environ=environ),
        ):
            pass

    @pytest.mark.parametrize(
        ("status", "content"),
        [
            (404, b"<!DOCTYPE html>\n<html>\n<title>\x1b[31mnot found</title>\n" + b"<p>\n" * 400),
            (200, b"<!DOCTYPE html>\n<html>\n<title>2.12 is out</title>\n"),
            (200, b"OK"),
            (200, b'{"status": "ok"}'),
            (200, b'{"version": {"number": "8.1.0"}}'),
            (200, b'{"version": "2.12.0\\n\\u001b[31m"}'),
            (302, b""),
        ],
    )
    def test_another_http_server_is_told_as_such_in_one_line(self, tmp_path: Path, status: int, content: bytes) -> None:
        with control_api(lambda *_: (status, content)) as (port, asked):
            environ = {"POCCHAOS_TOXIPROXY_URL": f"http://127.0.0.1:{port}"}
            with (
                pytest.raises(ToxiproxyMissingError, match=r"is no toxiproxy-server.* or unset the variable$") as told,
                start(log=tmp_path / "unused", say=print, environ=environ),
            ):
                pass
        assert str(told.value).isprintable()
        assert len(str(told.value)) < 350
        assert asked == ["GET /version"]

    def test_what_does_not_speak_http_is_told_in_one_line(self, tmp_path: Path) -> None:
        def banner(sock: socket.socket, _: Seen) -> None:
            sock.sendall(b"SSH-2.0-\x1b[31mOpenSSH\r\n")

        with closing(Origin(banner)) as other:
            environ = {"POCCHAOS_TOXIPROXY_URL": f"http://{other.address}"}
            with (
                pytest.raises(ToxiproxyMissingError, match=r"or unset the variable$") as told,
                start(log=tmp_path / "unused", say=print, environ=environ),
            ):
                pass
        assert str(told.value).isprintable()

    def test_an_old_one_is_refused(self, tmp_path: Path) -> None:
        with control_api(lambda *_: (200, b"2.5.0")) as (port, _):
            environ = {"POCCHAOS_TOXIPROXY_URL": f"http://127.0.0.1:{port}"}
            with (
                pytest.raises(ToxiproxyMissingError, match=r"is toxiproxy-server 2.5.0; pocchaos needs 2.9 or newer"),
                start(log=tmp_path / "unused", say=print, environ=environ),
            ):
                pass

    def test_one_that_cannot_tell_its_version_is_used_and_said_so(self, tmp_path: Path) -> None:
        said: list[str] = []
        others = honest()

        def unsure(method: str, path: str, body: Any) -> Answer | None:
            return (200, b'{"version": "git"}') if path == "/version" else others(method, path, body)

        with control_api(unsure) as (port, _):
            environ = {"POCCHAOS_TOXIPROXY_URL": f"http://127.0.0.1:{port}"}
            with start(log=tmp_path / "unused", say=said.append, environ=environ) as unsure_one:
                assert unsure_one.source == f"git (http://127.0.0.1:{port})"
        assert len(said) == 1
        assert "'git'" in said[0]

    def test_a_second_run_on_it_is_refused_with_the_owners_name(self, proxies: Proxies, tmp_path: Path) -> None:
        environ = {"POCCHAOS_TOXIPROXY_URL": f"http://{proxies.server}"}
        with start(log=tmp_path / "unused", say=print, run="first", environ=environ) as ours:
            ours.create("llm", listen="127.0.0.1:0", origin="127.0.0.1:9")
            before = ask(proxies.server, "/proxies")
            with (
                pytest.raises(InUseError, match=rf"in use by run first of \S+@\S+, process {os.getpid()}: wait for it"),
                start(log=tmp_path / "unused", say=print, run="second", environ=environ),
            ):
                pass
            assert ask(proxies.server, "/proxies") == before
        with start(log=tmp_path / "unused", say=print, run="second", environ=environ):
            pass

    def test_what_a_dead_run_left_on_it_is_cleared_and_nothing_else(self, proxies: Proxies, tmp_path: Path) -> None:
        proxies.create("theirs", listen="127.0.0.1:0", origin="127.0.0.1:9")
        before = ask(proxies.server, "/proxies")
        host, _, port = proxies.server.partition(":")
        api = ControlAPI(host, int(port))
        lock(api, "dead", ourselves())
        left = Proxies(api, alive=lambda: None, run="dead")
        left.create("llm", listen="127.0.0.1:0", origin="127.0.0.1:9")
        left.put_on("outage", Down(upstream="llm"))
        clear(host, int(port), run="other")
        assert len(ask(proxies.server, "/proxies")) == len(before) + 2
        assert clear(host, int(port), run="dead") == ("pocchaos-dead-llm",)
        assert ask(proxies.server, "/proxies") == before
