"""One outside command that takes a while: followed line by line, bounded, and ended with us."""

import os
import selectors
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_EVERY = 5.0  # seconds between two lines of progress
_KEPT = 12  # last lines shown where it fails


class StepError(Exception):
    """The command could not be started, failed, or took too long; `last_lines` is what it said at the end."""

    def __init__(self, message: str, last_lines: Sequence[str]) -> None:
        super().__init__(message)
        self.last_lines = tuple(last_lines)


def follow(
    command: Sequence[str],
    *,
    doing: str,
    count: str,
    cwd: Path,
    environ: Mapping[str, str],
    say: Callable[[str], None],
    patience: float,
) -> None:
    """Run the command, saying every few seconds how far it is; raises StepError.

    `count` names what a line of its output stands for. The process has a group of its own, so that the children of
    a compiler end with it when we are interrupted.
    """
    try:
        process = subprocess.Popen(
            list(command),
            cwd=cwd,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise StepError(f"{command[0]} cannot be started: {error.strerror or error}", ()) from error
    with process:
        try:
            last = _watch(process, doing=doing, count=count, say=say, patience=patience)
            status = process.wait(timeout=10)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if status != 0:
        raise StepError(f"{doing} ended with status {status}", last)


def _watch(
    process: "subprocess.Popen[bytes]", *, doing: str, count: str, say: Callable[[str], None], patience: float
) -> Sequence[str]:
    assert process.stdout is not None
    last: deque[str] = deque(maxlen=_KEPT)
    began = told = time.monotonic()
    seen, rest = 0, b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            ready = selector.select(timeout=1.0)
            now = time.monotonic()
            if ready:
                block = os.read(process.stdout.fileno(), 65_536)
                *lines, rest = (rest + block).split(b"\n")
                seen += len(lines)
                last.extend(line.decode("utf-8", "replace").rstrip() for line in lines)
                if not block:
                    last.extend([rest.decode("utf-8", "replace")] if rest else [])
                    return last
            if now - began > patience:
                raise StepError(f"{doing} took longer than {patience / 60:.0f} minutes", last)
            if now - told >= _EVERY:
                told = now
                say(f"  {doing}: {now - began:.0f} s, {seen} {count}")
