"""The open model: each request leaves at its planned moment, whatever became of those before it."""

from time import monotonic_ns
from typing import Final

import gevent
from gevent import GreenletExit
from gevent.event import Event
from gevent.lock import Semaphore
from greenlet import greenlet

from pocchaos.exchange.answer import Reader
from pocchaos.load.calls import Calls
from pocchaos.load.spec import LoadSpec
from pocchaos.load.worker.connections import Connections
from pocchaos.load.worker.desk import Desk, Told
from pocchaos.load.worker.flight import Flight
from pocchaos.load.worker.outbox import Outbox
from pocchaos.model.evidence import How, Sample

DRAIN_GRACE: Final = 0.5  # s beyond the last request's own deadline, so that it ends by that and not by us


class Stopped(BaseException):
    """Thrown into the dispatcher: nothing more is sent. Not an Exception, so that nothing on the way swallows it."""


class Driver:
    """Sends the plan of one spec and records every request of it; `run` returns when the last has ended."""

    def __init__(
        self, spec: LoadSpec, *, calls: Calls, reader: Reader, connections: Connections, outbox: Outbox, told: Told
    ) -> None:
        self._spec, self._calls, self._reader = spec, calls, reader
        self._connections, self._outbox = connections, outbox
        self._desk = Desk(spec, reader=reader, outbox=outbox, told=told)
        self._requests = spec.plan.requests
        self._flying: dict[int, greenlet] = {}
        self._places = Semaphore(spec.pool) if spec.full == "wait" else None
        self._dispatcher: greenlet | None = None
        self._landed = Event()
        self._origin_ns = 0
        self._failure: BaseException | None = None
        self.stopped = False
        self.sent = self.missed = 0

    @property
    def planned(self) -> int:
        """Requests of the plan."""
        return len(self._requests)

    @property
    def ended(self) -> int:
        """Requests that have ended and are recorded."""
        return self._desk.recorded

    @property
    def in_flight(self) -> int:
        """Requests that have left and not ended."""
        return len(self._flying)

    def clock(self) -> int:
        """µs since the run's origin."""
        return (monotonic_ns() - self._origin_ns) // 1000

    def run(self, origin_us: int) -> None:
        """Send everything that falls due, drain, and record; raises what went wrong in our own code."""
        self._origin_ns = origin_us * 1000
        self._dispatcher = gevent.getcurrent()
        working = gevent.spawn_raw(self._work)
        try:
            self._dispatch()
        except Stopped:
            self.stopped = True
        finally:
            self._dispatcher = None
        self._drain()
        gevent.kill(working)
        self._desk.clear()
        self._connections.close()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Send nothing more; what is in flight is drained."""
        self.stopped = True
        if self._dispatcher is not None:
            gevent.kill(self._dispatcher, Stopped)

    def _dispatch(self) -> None:
        due = self._requests.due
        if self.stopped:
            return
        for request in range(len(due)):
            ahead = due[request] - self.clock()
            if ahead > 0:
                gevent.sleep(ahead / 1e6)
            if self._places is not None:
                self._places.acquire()
            elif len(self._flying) >= self._spec.pool:
                self._miss(request)
                continue
            self.sent += 1
            self._flying[request] = gevent.spawn_raw(self._send, request)

    def _drain(self) -> None:
        until = self.clock() + (self._spec.deadline + DRAIN_GRACE) * 1e6
        while self._flying and self.clock() < until:
            self._landed.clear()
            self._landed.wait((until - self.clock()) / 1e6)
        for flying in list(self._flying.values()):
            gevent.kill(flying)
        gevent.sleep(0)  # each records itself as unfinished on its way out

    def _send(self, request: int) -> None:
        try:
            flight = Flight(self._reader, self.clock)
            tenant, row = self._requests.tenant[request], self._requests.input[request]
            flight.fly(self._connections, self._calls.message(tenant, row, request), self._spec.deadline)
            self._desk.take(request, tenant, flight)
        except BaseException as error:  # noqa: BLE001 - a fault of ours ends the run, it is not logged and forgotten
            self._fail(error)
        finally:
            del self._flying[request]
            if self._places is not None:
                self._places.release()
            if not self._flying:
                self._landed.set()

    def _work(self) -> None:
        try:
            self._desk.work()
        except GreenletExit:
            return
        except BaseException as error:  # noqa: BLE001 - as above
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error
        self.stop()

    def _miss(self, request: int) -> None:
        self.missed += 1
        self._outbox.add(
            Sample(
                request=request,
                worker=self._spec.worker,
                due=self._requests.due[request],
                how=How.NOT_SENT,
                error=f"all {self._spec.pool} places in flight were taken",
            )
        )
