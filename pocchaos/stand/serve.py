"""The stand's own process: listeners up, commands down the pipe, everything flushed at the end.

Down its stdin come the spec and then commands, one JSON line each; up its stdout go `ready` and one answer a
command. The end of stdin means that the parent has gone: the stand then goes too.
"""

import asyncio
import ctypes
import gc
import json
import os
import resource
import signal
import sys
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Annotated, Any, Final

import structlog
from pydantic import Field, TypeAdapter

from pocchaos.faults import AnyStandFault, StandFault
from pocchaos.stand.attempt import Upstream
from pocchaos.stand.clock import now_us
from pocchaos.stand.listener import HttpListener
from pocchaos.stand.log import AttemptLog
from pocchaos.stand.origins.base import Origin
from pocchaos.stand.origins.forward import Forwarding
from pocchaos.stand.origins.openai import SimulatedOpenAI
from pocchaos.stand.relay import Relay
from pocchaos.stand.spec import StandSpec, UpstreamSpec, load
from pocchaos.stand.traffic import Tally

LONGEST_LINE: Final = 256 * 1024 * 1024  # bytes: the spec names the tenant of every request
_PR_SET_PDEATHSIG: Final = 1
_FAULT: Final[TypeAdapter[AnyStandFault]] = TypeAdapter(Annotated[AnyStandFault, Field(discriminator="type")])

log = structlog.get_logger("stand")


class Listeners:
    """Every upstream of the stand by name, and what can be asked of them."""

    def __init__(self, spec: StandSpec, attempts: AttemptLog) -> None:
        numbers = count(1)

        def number() -> int:
            return next(numbers)

        self._windows: dict[str, str] = {}  # window key → upstream
        self._all: dict[str, HttpListener | Relay] = {}
        for name, one in spec.upstreams.items():
            if isinstance(one.origin, str) and one.origin.startswith("tcp://"):
                if one.relay:
                    self._all[name] = Relay(
                        name, one.origin, max_attempts=one.max_attempts, log=attempts, number=number
                    )
                continue
            upstream = Upstream(
                name=name,
                origin=origin_of(name, one, spec.seed),
                max_attempts=one.max_attempts,
                tally=Tally(),
                log=attempts,
            )
            self._all[name] = HttpListener(upstream, spec, number=number)

    async def listen(self) -> Mapping[str, tuple[str, int]]:
        """Start them all; their addresses."""
        return {name: await listener.listen() for name, listener in self._all.items()}

    async def close(self) -> None:
        """End them all."""
        for listener in self._all.values():
            await listener.close()

    def obey(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        """Carry out one command; what to answer."""
        match told["do"]:
            case "put_on":
                return self._put_on(told["window"], _FAULT.validate_python(told["fault"]), told["planned"])
            case "take_off":
                return self._take_off(told["window"])
            case "traffic":
                return {"traffic": {name: _row(listener.tally) for name, listener in self._all.items()}}
            case other:
                return {"error": f"unknown command {other!r}"}

    def _put_on(self, window: str, fault: StandFault, planned: int) -> Mapping[str, Any]:
        listener = self._all.get(fault.upstream)
        if not isinstance(listener, HttpListener):
            return {"error": f"`{fault.kind}` works on HTTP upstreams; `{fault.upstream}` is none of the stand's"}
        listener.faults.put_on(window, fault, at=now_us(), planned=planned)
        self._windows[window] = fault.upstream
        return {"at": now_us()}

    def _take_off(self, window: str) -> Mapping[str, Any]:
        listener = self._all.get(self._windows.pop(window, ""))
        if not isinstance(listener, HttpListener) or not listener.faults.take_off(window):
            return {"error": f"`{window}` is not on"}
        return {"at": now_us()}


def origin_of(name: str, told: UpstreamSpec, seed: int) -> Origin:
    """Where an HTTP upstream's replies come from."""
    if isinstance(told.origin, str):
        return Forwarding(told.origin)
    return SimulatedOpenAI(told.origin, upstream=name, seed=seed)


def main() -> int:
    """Serve until told to stop, or until the parent has gone; 0 if everything was flushed."""
    if sys.platform == "linux":  # elsewhere the end of stdin alone tells that the parent has gone
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    return asyncio.run(_serve(Path(sys.argv[1])))


async def _serve(attempts: Path) -> int:
    loop = asyncio.get_running_loop()
    ending = asyncio.Event()
    failures: list[BaseException] = []

    def failed(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, OSError):  # a connection's own trouble, or no file descriptors for one more
            log.warning(context["message"], why=str(error))
            return
        log.error(context["message"], exc_info=error)
        failures.append(error or RuntimeError(context["message"]))
        ending.set()

    loop.set_exception_handler(failed)
    loop.add_signal_handler(signal.SIGTERM, ending.set)
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    first = await reader.readline()
    if not first:
        return 0
    spec = load(first)
    with AttemptLog(attempts, secrets=spec.secrets) as written:
        listeners = Listeners(spec, written)
        _say({"ready": await listeners.listen()})
        gc.freeze()  # what lives for the whole run need not be looked at again and again
        stopper = await _obey_until(ending, reader, listeners)
        await listeners.close()
    if stopper is not None:
        _say({"id": stopper, "stopped": True})
    return 1 if failures else 0


async def _obey_until(ending: asyncio.Event, reader: asyncio.StreamReader, listeners: Listeners) -> int | None:
    """Carry out commands until `ending`, the parent's end, or `stop`; the id of that `stop`."""
    ended = asyncio.create_task(ending.wait())
    while True:
        line = asyncio.create_task(reader.readline())
        await asyncio.wait({line, ended}, return_when=asyncio.FIRST_COMPLETED)
        if not line.done():
            line.cancel()
            return None
        if ended.done() or not line.result():
            ended.cancel()
            return None
        told = json.loads(line.result())
        if told["do"] == "stop":
            ended.cancel()
            stop: int = told["id"]
            return stop
        _say({"id": told["id"], **listeners.obey(told)})


def _say(what: Mapping[str, Any]) -> None:
    line = json.dumps(what).encode() + b"\n"
    try:
        while line:
            line = line[os.write(1, line) :]
    except BrokenPipeError:
        return  # the parent has gone; the end of stdin tells so as well


def _row(tally: Tally) -> Mapping[str, int]:
    now = tally.now()
    return {name: getattr(now, name) for name in now.__slots__}
