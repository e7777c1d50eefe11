"""Where flights that have landed become samples: later, when no request or answer waits for the loop.

Extracting, scanning and redacting an answer can cost more than reading it, and when a target thaws, hundreds arrive at
once. With different answers of 8 kB, recording between them put a true p99 of 905 ms at 954 to 963 and held up what
was due (lag p99 18 to 32 ms); recording afterwards reads 916 to 917 (lag 2). Where answers are equal, and so known by
their hash, it makes no difference (both measured: benchmarks/frozen_server.py).
"""

from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Final

import gevent
from gevent.event import Event

from pocchaos.exchange.answer import Reader
from pocchaos.load.calls import sample_of
from pocchaos.load.spec import LoadSpec
from pocchaos.load.worker.flight import Flight
from pocchaos.load.worker.outbox import Outbox
from pocchaos.model.evidence import Sample

WAITING_MOST: Final = 512  # landed flights that may wait: beyond, the loop is never idle and each pays its own way
SLICE: Final = 0.001  # s of work before the loop is looked at again

Told = Callable[[Sample], None]


class Desk:
    """Turns landed flights into samples, in the order in which they landed."""

    def __init__(self, spec: LoadSpec, *, reader: Reader, outbox: Outbox, told: Told) -> None:
        self._spec, self._reader, self._outbox, self._told = spec, reader, outbox, told
        self._waiting: deque[tuple[int, int, Flight]] = deque()
        self._some = Event()
        self.recorded = 0

    def take(self, request: int, tenant: int, flight: Flight) -> None:
        """A flight of this tenant has landed."""
        self._waiting.append((request, tenant, flight))
        if len(self._waiting) > WAITING_MOST:
            self._record(*self._waiting.popleft())
        else:
            self._some.set()

    def work(self) -> None:
        """Record whatever waits, whenever the loop is idle; never returns."""
        while True:
            self._some.wait()
            self._some.clear()
            while self._waiting:
                gevent.idle()
                until = monotonic() + SLICE
                while self._waiting and monotonic() < until:
                    self._record(*self._waiting.popleft())

    def clear(self) -> None:
        """Record all that waits, now."""
        while self._waiting:
            self._record(*self._waiting.popleft())

    def _record(self, request: int, tenant: int, flight: Flight) -> None:
        facts = flight.facts()
        seen = self._reader.needles.sort(facts.hits, self._spec.tenants[tenant].name)
        sample = sample_of(
            facts,
            seen,
            request=request,
            worker=self._spec.worker,
            due=self._spec.plan.requests.due[request],
            start=flight.start,
            first_byte=flight.first_byte,
            end=flight.end,
            how=flight.how,
            error=flight.error,
            status=flight.status,
        )
        self.recorded += 1
        self._outbox.add(sample, facts.content)
        self._told(sample)
