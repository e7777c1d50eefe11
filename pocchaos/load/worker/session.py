"""One Locust process from its first line to its last: prepare, say ready, go, deliver, say done."""

import ctypes
import gc
import logging
import os
import resource
import signal
import sys
from collections.abc import Mapping
from time import monotonic_ns
from typing import Any, ClassVar, Final

import gevent
from gevent.event import Event
from locust import User, task
from locust.env import Environment
from locust.exception import StopUser

from pocchaos.load.calls import Calls, reader_of
from pocchaos.load.spec import LoadSpec, decode_spec
from pocchaos.load.worker.commands import first_line, follow
from pocchaos.load.worker.connections import Connections
from pocchaos.load.worker.driver import Driver
from pocchaos.load.worker.outbox import EVERY, Outbox
from pocchaos.model.errors import PocchaosError
from pocchaos.model.evidence import How, Sample

ACKNOWLEDGED_WITHIN: Final = 20.0  # s that the parent has, at the end, for what it has not acknowledged
PARENT_GONE: Final = 3  # exit code
_DIE_WITH_PARENT: Final = 1  # PR_SET_PDEATHSIG

log = logging.getLogger("pocchaos.load")


class PlannedUser(User):
    """The one Locust user of a process: its task is the whole plan, sent by the open-model driver."""

    session: ClassVar["Session"]

    @task
    def plan(self) -> None:
        """Send the plan, then leave."""
        self.session.drive()
        raise StopUser


class Session:
    """Holds the parts together and keeps the one state that decides how the process ends."""

    def __init__(self, spec: LoadSpec, outbox: Outbox) -> None:
        calls = Calls(spec)
        calls.prepare_all()
        reader = reader_of(spec)
        self._outbox = outbox
        self._method, self._name = calls.method, calls.name
        self._stats: list[Sample] = []
        self._driver = Driver(
            spec,
            calls=calls,
            reader=reader,
            connections=Connections(calls.origin),
            outbox=outbox,
            told=self._stats.append,
        )
        user = type("PlannedUser", (PlannedUser,), {"session": self, "host": spec.url})
        self._environment = Environment(user_classes=[user])
        self._runner = self._environment.create_local_runner()
        self._origin_us: int | None = None
        self._began, self._finished = Event(), Event()
        self._failure: BaseException | None = None

    def obey(self, command: Mapping[str, Any]) -> None:
        """One line from the parent."""
        match command:
            case {"go": int(origin_us)}:
                self._origin_us = origin_us
                self._began.set()
            case {"ack": int(number)}:
                self._outbox.acknowledge(number)
            case {"stop": _}:
                self.stop()
            case _:
                log.warning("unknown command: %s", sorted(command))

    def stop(self) -> None:
        """Send nothing more; drain."""
        self._driver.stop()
        self._began.set()

    def drive(self) -> None:
        """The user's task."""
        try:
            if self._origin_us is not None:
                self._driver.run(self._origin_us)
        except BaseException as error:  # noqa: BLE001 - Locust would log it and go on
            self._failure = error
        finally:
            self._finished.set()

    def run(self) -> int:
        """From ready to done; the exit code."""
        self._outbox.say({"ready": {"pid": os.getpid(), "requests": self._driver.planned}})
        self._began.wait()
        gc.collect()
        gc.freeze()  # what was prepared stays: the collector need not walk it in the middle of a stage
        self._runner.start(1, spawn_rate=1)
        while not self._finished.wait(EVERY):
            self._deliver()
        self._deliver()
        total = self._environment.stats.total
        log.info("%s %s: %d requests, %d failures", self._method, self._name, total.num_requests, total.num_failures)
        delivered = self._outbox.settle(ACKNOWLEDGED_WITHIN)
        self._runner.quit()
        if self._failure is not None:
            log.error("the load failed", exc_info=self._failure)
            self._outbox.say({"failed": f"{type(self._failure).__name__}: {self._failure}"})
            return 1
        self._outbox.say({"done": self._state() | {"batches": self._outbox.numbered, "delivered": delivered}})
        return 0

    def _deliver(self) -> None:
        self._outbox.flush()
        self._outbox.say({"state": self._state()})
        self._count()

    def _state(self) -> dict[str, int]:
        driver, origin = self._driver, self._origin_us
        at = 0 if origin is None else monotonic_ns() // 1000 - origin
        counts = {name: getattr(driver, name) for name in ("sent", "ended", "missed", "in_flight")}
        return {"at": at, **counts}

    def _count(self) -> None:
        """Locust's own statistics, from the samples of this interval: away from the moments that are measured."""
        samples, self._stats[:] = list(self._stats), []
        fire = self._environment.events.request.fire
        for sample in samples:
            if sample.start is None or sample.end is None:
                continue
            failed = sample.how is not How.COMPLETE or (sample.status or 0) >= 400
            fire(  # type: ignore[no-untyped-call]
                request_type=self._method,
                name=self._name,
                response_time=(sample.end - sample.start) / 1000,
                response_length=sample.size,
                exception=RuntimeError(sample.error or f"status {sample.status}") if failed else None,
                context={},
            )


def main() -> int:
    """Read the spec, serve it, and end with 0; 1 where our own code failed, 3 where the parent has gone."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    _die_with_parent()
    _open_many_files()
    descriptor = os.dup(1)
    os.dup2(2, 1)  # whatever prints must not tear the protocol
    line, rest = first_line(0)
    if not line:
        return PARENT_GONE
    spec = decode_spec(line)
    outbox = Outbox(descriptor, spec.worker)
    try:
        session = Session(spec, outbox)
    except PocchaosError as error:
        outbox.say({"failed": str(error)})
        return 1
    gevent.signal_handler(signal.SIGTERM, session.stop)
    gevent.spawn(_follow, rest, session)
    return session.run()


def _follow(rest: bytes, session: Session) -> None:
    follow(0, rest, session.obey)
    os._exit(PARENT_GONE)  # nobody is left to tell: requests that nobody records must not go on


def _die_with_parent() -> None:
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(PARENT_GONE)


def _open_many_files() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
