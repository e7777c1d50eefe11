"""The target as a process: started if the scenario says how, proved ready, asked for its version, stopped."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import jmespath

from pocchaos.exchange.template import render
from pocchaos.model.errors import TargetNotReadyError
from pocchaos.model.units import Seconds
from pocchaos.scenario.language import Start, Target, VersionCall

READY_WITHIN = Seconds(60.0)
STOP_WITHIN = Seconds(30.0)
_POLL = Seconds(0.1)

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class RunningTarget:
    """A target that answers at `url`; `process` is None where it was running already."""

    url: str
    process: subprocess.Popen[bytes] | None
    detached: bool  # its start command ended with 0 and it has a stop: only `ready` tells whether it lives

    def exited(self) -> int | None:
        """The exit code of a target that we started and that has gone; None while it lives or cannot be known."""
        if self.process is None or self.detached:
            return None
        return self.process.poll()


@contextmanager
def running(
    target: Target, *, folder: Path, names: Mapping[str, Mapping[str, object]], log: Path, say: Say
) -> Iterator[RunningTarget]:
    """The target, ready to be asked; whatever was started is stopped on the way out.

    Raises TargetNotReadyError, with the last lines that it printed, where it never becomes ready.
    """
    url = str(render(target.url, names)).rstrip("/")
    if target.start is None:
        _wait_ready(target, url, process=None, log=None)
        yield RunningTarget(url=url, process=None, detached=False)
        return
    command = [str(part) for part in render(list(target.start.command), names)]
    say(f"starting the target: {' '.join(command)}")
    process = _start(target.start, command, folder, names, log)
    try:
        detached = _wait_ready(target, url, process=process, log=log)
        yield RunningTarget(url=url, process=process, detached=detached)
    finally:
        _stop(target.start, process, folder, names, log)


def ask_version(target: Target, url: str, names: Mapping[str, Mapping[str, object]]) -> str | None:
    """What was tested, as the scenario says or as the target answers; None where it does not say."""
    if not isinstance(target.version, VersionCall):
        return None if target.version is None else str(render(target.version, names))
    try:
        reply = httpx.get(f"{url}{target.version.get}", timeout=5.0, trust_env=False)
        found = jmespath.search(target.version.path, reply.json())
    except (httpx.HTTPError, ValueError):
        return None
    return found if isinstance(found, str) else json.dumps(found)


def _start(
    start: Start, command: list[str], folder: Path, names: Mapping[str, Mapping[str, object]], log: Path
) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, **{key: str(value) for key, value in render(dict(start.env), names).items()}}
    try:
        with log.open("ab") as output:
            return subprocess.Popen(
                command,
                cwd=folder / (start.cwd or "."),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # its own group: stopped as a whole, and not by our terminal's Ctrl-C
            )
    except OSError as error:
        raise TargetNotReadyError(
            f"target.start.command: {command[0]!r} cannot be started ({error.strerror}): "
            "is it on PATH, and is target.start.cwd right?"
        ) from None


def _wait_ready(target: Target, url: str, *, process: "subprocess.Popen[bytes] | None", log: Path | None) -> bool:
    """Poll `ready` until 2xx; returns whether the start command has ended and left a detached target behind."""
    until = time.monotonic() + READY_WITHIN
    last = "no answer yet"
    while time.monotonic() < until:
        code = process.poll() if process else None
        if code is not None and (code != 0 or target.start is None or target.start.stop is None):
            raise TargetNotReadyError(f"the target ended with exit code {code} before it was ready{_tail(log)}")
        try:
            status = httpx.get(f"{url}{target.ready}", timeout=2.0, trust_env=False).status_code
        except httpx.HTTPError as error:
            last = str(error) or type(error).__name__
        else:
            if 200 <= status < 300:
                return code is not None
            last = f"status {status}"
        time.sleep(_POLL)
    raise TargetNotReadyError(
        f"{url}{target.ready} did not answer 2xx within {READY_WITHIN:.0f} s (last: {last}): "
        f"is target.ready the right path, and target.url the right address?{_tail(log)}"
    )


def _stop(
    start: Start,
    process: "subprocess.Popen[bytes]",
    folder: Path,
    names: Mapping[str, Mapping[str, object]],
    log: Path,
) -> None:
    if start.stop is not None:
        with log.open("ab") as output:
            try:
                subprocess.run(
                    [str(part) for part in render(list(start.stop), names)],
                    cwd=folder / (start.cwd or "."),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    timeout=STOP_WITHIN,
                    check=False,
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                output.write(f"\npocchaos: target.start.stop did not end well: {error}\n".encode())
    _end_group(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_WITHIN)
    _end_group(process, signal.SIGKILL)  # also what the leader left behind in its group
    process.wait()


def _end_group(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _tail(log: Path | None, lines: int = 15) -> str:
    if log is None or not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 8_192))
        told = file.read().decode(errors="replace").splitlines()[-lines:]
    return "\nthe last lines that it printed:\n  " + "\n  ".join(told) if told else "\nit printed nothing"
