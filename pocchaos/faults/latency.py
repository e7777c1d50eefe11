"""`latency`: every byte is late by a constant and a jitter."""

from collections.abc import Mapping
from typing import Literal

from pocchaos.faults.base import Attributes, Milliseconds, Toxic


class LatencyAttributes(Attributes):
    """In Toxiproxy's words; units as in the file."""

    latency: Milliseconds
    jitter: Milliseconds = 0.0


class Latency(Toxic):
    """Every byte is late by a constant and a jitter: the first token is late, the gaps between tokens stay."""

    type: Literal["latency"] = "latency"
    attributes: LatencyAttributes

    @property
    def kind(self) -> str:
        """`latency`."""
        return self.type

    def wire(self) -> Mapping[str, int]:
        """`latency` in ms; `jitter` in ms."""
        return {"latency": round(self.attributes.latency * 1_000), "jitter": round(self.attributes.jitter * 1_000)}
