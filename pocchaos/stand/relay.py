"""The counting relay for `tcp://`: bytes pass untouched, turns are counted as attempts.

A turn is the target's first bytes on a connection, or its first after bytes from the origin. The origin is dialled
at the target's first byte, or after 50 ms of silence, since some servers speak first.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

import structlog

from pocchaos.model.evidence import CAPPED, Attempt
from pocchaos.model.units import Seconds
from pocchaos.stand.clock import now_us
from pocchaos.stand.link import Caller, Link
from pocchaos.stand.listener import BACKLOG
from pocchaos.stand.log import AttemptLog
from pocchaos.stand.traffic import Tally

SWEEP_EVERY: Final = Seconds(0.25)

log = structlog.get_logger("stand")


class Relay:
    """One tcp upstream, on a free port of the loopback."""

    def __init__(
        self, name: str, origin: str, *, max_attempts: int | None, log: AttemptLog, number: Callable[[], int]
    ) -> None:
        parts = urlsplit(origin)
        if parts.hostname is None or parts.port is None:
            raise ValueError(f"{origin} is no tcp://host:port")
        self.name, self.host, self.port = name, parts.hostname, parts.port
        self.max_attempts, self.tally = max_attempts, Tally()
        self._log, self._number = log, number
        self._links: set[Link] = set()
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.TimerHandle | None = None

    async def listen(self) -> tuple[str, int]:
        """Start; the address."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Caller(Link(self)), "127.0.0.1", 0, backlog=BACKLOG)
        self._sweeper = loop.call_later(SWEEP_EVERY, self._sweep)
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    async def close(self) -> None:
        """No more callers; open turns are logged as open."""
        if self._server is not None:
            self._server.close()
        if self._sweeper is not None:
            self._sweeper.cancel()
        for link in list(self._links):
            link.stop()

    def opened(self, link: Link) -> int:
        """A caller connected; its ordinal."""
        self.tally.connections += 1
        self.tally.open += 1
        self._links.add(link)
        return self.tally.connections

    def closed(self, link: Link) -> None:
        """It is gone."""
        if link in self._links:
            self.tally.open -= 1
            self._links.discard(link)

    def turn(self, connection: int) -> Attempt | None:
        """A new turn; None where the cap is used up (which is logged)."""
        self.tally.attempts += 1
        at = now_us()
        attempt = Attempt(upstream=self.name, number=self._number(), arrived=at, connection=connection)
        if self.max_attempts is None or self.tally.attempts <= self.max_attempts:
            return attempt
        self.tally.refused_by_cap += 1
        if self.tally.refused_by_cap == 1:
            log.warning("max_attempts used up", upstream=self.name, max_attempts=self.max_attempts)
        self.ended(replace(attempt, ended=at, how=CAPPED))
        return None

    def ended(self, attempt: Attempt) -> None:
        """A turn is over."""
        self._log.write(attempt)

    def _sweep(self) -> None:
        now = now_us()
        for link in list(self._links):
            link.sweep(now)
        self._sweeper = asyncio.get_running_loop().call_later(SWEEP_EVERY, self._sweep)
