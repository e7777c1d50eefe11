"""An HTTP upstream's listener: connections in, attempts out; the faults that are on decide as each arrives."""

import asyncio
from collections.abc import Callable
from typing import Final

from pocchaos.model.evidence import Attempt
from pocchaos.stand.attempt import OpenAttempt, Upstream
from pocchaos.stand.clock import now_us, wall
from pocchaos.stand.connection import Connection
from pocchaos.stand.in_force import Arrival, FaultsInForce
from pocchaos.stand.incoming import Incoming
from pocchaos.stand.spec import StandSpec
from pocchaos.stand.traffic import Tally

BACKLOG: Final = 4_096  # a thousand callers may connect at once


class HttpListener:
    """One upstream, on a free port of the loopback."""

    def __init__(self, upstream: Upstream, spec: StandSpec, *, number: Callable[[], int]) -> None:
        self.faults = FaultsInForce(spec.seed)
        self._upstream, self._spec, self._number = upstream, spec, number
        self._join = spec.correlate.lower().encode("latin-1") if spec.correlate else None
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None

    @property
    def tally(self) -> Tally:
        """The counts."""
        return self._upstream.tally

    async def listen(self) -> tuple[str, int]:
        """Start; the address."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connect, "127.0.0.1", 0, backlog=BACKLOG)
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    async def close(self) -> None:
        """No more callers; open attempts are logged as open."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.stop()
        await self._upstream.origin.close()

    def _connect(self) -> Connection:
        tally = self._upstream.tally
        tally.connections += 1
        tally.open += 1
        ordinal = tally.connections
        connection = Connection(self._upstream.name, lambda incoming: self._arrived(incoming, ordinal), self._closed)
        self._connections.add(connection)
        return connection

    def _closed(self, connection: Connection) -> None:
        self._upstream.tally.open -= 1
        self._connections.discard(connection)

    def _arrived(self, incoming: Incoming, connection: int) -> OpenAttempt:
        at = now_us()
        tally = self._upstream.tally
        tally.attempts += 1
        join = incoming.header(self._join) if self._join is not None else None
        decision = self.faults.decide(
            Arrival(at=at, wall=wall(), method=incoming.method, path=incoming.path, tenant=self._spec.tenant(join))
        )
        facts = Attempt(
            upstream=self._upstream.name,
            number=self._number(),
            arrived=at,
            method=incoming.method,
            path=incoming.path,
            join=join,
            connection=connection,
        )
        return OpenAttempt(self._upstream, incoming, decision, facts=facts, ordinal=tally.attempts)
