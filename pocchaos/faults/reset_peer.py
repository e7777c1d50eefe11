"""`reset_peer`: the connection is reset (RST) after `timeout`."""

from collections.abc import Mapping
from typing import Literal

from pocchaos.faults.base import Attributes, Milliseconds, StoppingToxic


class ResetPeerAttributes(Attributes):
    """In Toxiproxy's words; units as in the file."""

    timeout: Milliseconds = 0.0


class ResetPeer(StoppingToxic):
    """The connection is reset (RST) after `timeout`."""

    type: Literal["reset_peer"] = "reset_peer"
    attributes: ResetPeerAttributes = ResetPeerAttributes()

    @property
    def kind(self) -> str:
        """`reset_peer`."""
        return self.type

    def wire(self) -> Mapping[str, int]:
        """`timeout` in ms."""
        return {"timeout": round(self.attributes.timeout * 1_000)}
