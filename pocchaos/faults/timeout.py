"""`timeout`: data is dropped and, after `timeout`, the connection closed; `0s` drops it until the toxic is removed."""

from collections.abc import Mapping
from typing import Literal

from pocchaos.faults.base import Attributes, Milliseconds, StoppingToxic


class TimeoutAttributes(Attributes):
    """In Toxiproxy's words; units as in the file."""

    timeout: Milliseconds = 0.0


class Timeout(StoppingToxic):
    """Data is dropped and, after `timeout`, the connection closed; `0s` drops it until the toxic is removed.

    It does not time out by itself: `stall` is the stand's silence, counted per attempt.
    """

    type: Literal["timeout"] = "timeout"
    attributes: TimeoutAttributes = TimeoutAttributes()

    @property
    def kind(self) -> str:
        """`timeout`."""
        return self.type

    def wire(self) -> Mapping[str, int]:
        """`timeout` in ms."""
        return {"timeout": round(self.attributes.timeout * 1_000)}
