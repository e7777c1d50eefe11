"""`slow_close`: the closing of the connection is late."""

from collections.abc import Mapping
from typing import Literal

from pocchaos.faults.base import Attributes, Milliseconds, Toxic


class SlowCloseAttributes(Attributes):
    """In Toxiproxy's words; units as in the file."""

    delay: Milliseconds


class SlowClose(Toxic):
    """The closing of the connection is late."""

    type: Literal["slow_close"] = "slow_close"
    attributes: SlowCloseAttributes

    @property
    def kind(self) -> str:
        """`slow_close`."""
        return self.type

    def wire(self) -> Mapping[str, int]:
        """`delay` in ms."""
        return {"delay": round(self.attributes.delay * 1_000)}
