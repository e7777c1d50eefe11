"""Connections to the proxies whose counting relay is left out (`relay: false`), looked at once a second."""

from collections.abc import Callable, Mapping
from typing import Final

from pocchaos.model.evidence import Mark
from pocchaos.toxiproxy.connections import connected, lingering

EVERY: Final = 1_000_000  # µs


class Sightings:
    """Looks at these ports; `ports` are those of the proxies, by upstream. They say nothing of bytes or calls."""

    def __init__(self, ports: Mapping[str, int], counts: Callable[[], Mapping[str, int]]) -> None:
        self._ports, self._counts = ports, counts
        self._next = 0
        self._standing = dict.fromkeys(ports, 0)

    def counts(self) -> Mapping[str, int]:
        """Attempts at the stand; for an upstream without a relay a number that grows while the target is connected.

        A pool that was filled at the start stands all the time, and a connection for each call has gone when it is
        looked for: so each look at which one stands counts, and each that lingers.
        """
        for name, port in self._ports.items():
            self._standing[name] += connected(port) > 0
        ended = {name: self._standing[name] + lingering(port) for name, port in self._ports.items()}
        return {**self._counts(), **ended}

    def look(self, now: int, write: Callable[[Mark], None]) -> None:
        """Leave a mark for each, if a second has passed; `now` in µs since the run's origin."""
        if not self._ports or now < self._next:
            return
        self._next = now - now % EVERY + EVERY
        for name, port in self._ports.items():
            write(Mark(kind="connections", subject=name, at=now, detail={"established": connected(port)}))
