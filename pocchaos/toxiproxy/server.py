"""A toxiproxy-server for one run: started, known to be ours, ended by its pid; or a shared one, left as it was."""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from pocchaos.files.processes import ourselves
from pocchaos.model.errors import InUseError, ToxiproxyError, ToxiproxyMissingError
from pocchaos.model.undo import Keeper, SharedServer
from pocchaos.model.units import Seconds
from pocchaos.toxiproxy import tether
from pocchaos.toxiproxy.adapter import ONE_TRY, ControlAPI
from pocchaos.toxiproxy.binary import find_server
from pocchaos.toxiproxy.ports import free_port
from pocchaos.toxiproxy.proxies import Proxies
from pocchaos.toxiproxy.release import OLDEST, is_new_enough, version_of
from pocchaos.toxiproxy.shared import lock, unlock

URL_VARIABLE = "POCCHAOS_TOXIPROXY_URL"

_LOOPBACK = "127.0.0.1"
_PORT_TRIES = 3
_STARTS_WITHIN = Seconds(15.0)
_STOPS_WITHIN = Seconds(2.0)

Say = Callable[[str], None]


@contextmanager
def start(
    *, log: Path, say: Say, run: str = "", keeper: Keeper | None = None, environ: Mapping[str, str] | None = None
) -> Iterator[Proxies]:
    """A toxiproxy-server for as long as the `with` lasts.

    Its own on a free loopback port, with its output appended to `log`; or the shared one of POCCHAOS_TOXIPROXY_URL,
    where what was made here is removed at the end and nothing else touched. `run` marks the names on the server,
    `keeper` learns of what must go from a shared one.
    Raises ToxiproxyMissingError where there is none to be had, ToxiproxyError where it does not start.
    """
    env = os.environ if environ is None else environ
    if url := env.get(URL_VARIABLE):
        with _shared(url, say=say, run=run, keeper=keeper) as proxies:
            yield proxies
    else:
        binary = find_server(say=say, environ=env)
        with _own(binary, log=log, run=run, environ=env) as proxies:
            yield proxies


@contextmanager
def _shared(url: str, *, say: Say, run: str, keeper: Keeper | None) -> Iterator[Proxies]:
    api, version = _reached(url, say=say)
    if keeper:
        keeper.note("server", SharedServer(host=api.host, port=api.port))
    try:
        lock(api, run, ourselves())
    except InUseError:
        if keeper:
            keeper.done("server")
        raise
    try:
        source = f"{version} (http://{api.host}:{api.port})"
        proxies = Proxies(api, run=run, source=source)
        try:
            yield proxies
        finally:
            try:
                proxies.take_everything_off()
            finally:
                proxies.remove_proxies()
    finally:
        unlock(api, run)
    if keeper:
        keeper.done("server")


def _reached(url: str, *, say: Say) -> tuple[ControlAPI, str]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 8474
    except ValueError:
        host = None
    if host is None or parts.scheme != "http":
        raise ToxiproxyMissingError(f"{URL_VARIABLE}={url} is not an address: write http://127.0.0.1:8474")
    api = ControlAPI(host, port)
    try:
        version = ControlAPI(host, port, patience=ONE_TRY).version()
    except ToxiproxyError as error:
        raise ToxiproxyMissingError(f"{URL_VARIABLE}={url}: {error}: start it there, or unset the variable") from error
    new_enough = is_new_enough(version)
    if new_enough is None:
        say(f"the toxiproxy-server at {url} calls itself {version!r}: pocchaos cannot tell whether it is new enough")
    elif not new_enough:
        raise ToxiproxyMissingError(
            f"{URL_VARIABLE}={url} is toxiproxy-server {version}; pocchaos needs {OLDEST[0]}.{OLDEST[1]} or newer"
        )
    return api, version


@contextmanager
def _own(binary: Path, *, log: Path, run: str, environ: Mapping[str, str]) -> Iterator[Proxies]:
    for left in reversed(range(_PORT_TRIES)):
        with _process(binary, port := free_port(_LOOPBACK), log=log, environ=environ) as (process, marker):
            if not _came_up(process, port, marker, log=log):
                if left:
                    continue
                raise ToxiproxyError(f"{binary} found no free port in {_PORT_TRIES} tries: see {log}")
            alive = partial(_check, process, log)
            api = ControlAPI(_LOOPBACK, port, gone=alive)
            told = api.version()
            yield Proxies(api, alive=alive, run=run, source=f"{version_of(binary, told) or told} ({binary})")
            return


@contextmanager
def _process(
    binary: Path, port: int, *, log: Path, environ: Mapping[str, str]
) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    """The server's process and the name of its marker: a proxy, switched off, that only our server has.

    The server lives on where its port is taken, and the one who answers there may then be another run's.
    """
    marker = f"pocchaos-marker-{secrets.token_hex(8)}"
    config = [{"name": marker, "listen": f"{_LOOPBACK}:0", "upstream": f"{_LOOPBACK}:9", "enabled": False}]
    command = [str(binary), "-host", _LOOPBACK, "-port", str(port), "-config", "/dev/stdin"]
    tethered = [sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), *command]
    with log.open("ab") as out:
        process = subprocess.Popen(
            tethered,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={"LOG_LEVEL": "warn", **environ},  # at `info` every connection is a line
            start_new_session=True,  # Ctrl-C is for us: we end it when the faults are off
        )
    try:
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(config).encode())
            process.stdin.close()
        except BrokenPipeError:
            pass  # it died at once: `_came_up` says so
        yield process, marker
    finally:
        _end(process)


def _came_up(process: "subprocess.Popen[bytes]", port: int, marker: str, *, log: Path) -> bool:
    """Wait until our server answers; False where the port turns out to be somebody else's."""
    api = ControlAPI(_LOOPBACK, port, patience=ONE_TRY)
    deadline = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < deadline:
        _check(process, log)
        try:
            if api.proxy(marker) is not None:
                api.delete_proxy(marker)
                return True
        except ToxiproxyError:
            time.sleep(0.02)
        else:
            return False
    raise ToxiproxyError(f"toxiproxy-server did not answer within {_STARTS_WITHIN:g} s{_tail(log)}")


def _check(process: "subprocess.Popen[bytes]", log: Path) -> None:
    if (status := process.poll()) is not None:
        raise ToxiproxyError(f"toxiproxy-server (pid {process.pid}) ended with status {status}{_tail(log)}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """SIGTERM, then SIGKILL: it waits up to 30 s for requests that hang."""
    process.terminate()
    try:
        process.wait(timeout=_STOPS_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
    return f"; the last lines of {log}:" + "".join(f"\n    {line}" for line in lines) if lines else f"; {log} is empty"
