"""`reset_peer`: the connection is reset (RST) after `timeout`."""

from collections.abc import Mapping
from typing import Literal

from pocchaos.faults.base import Attributes, Milliseconds, Toxic, Visibility


class ResetPeerAttributes(Attributes):
    """In Toxiproxy's words; units as in the file."""

    timeout: Milliseconds = 0.0


class ResetPeer(Toxic):
    """The connection is reset (RST) after `timeout`."""

    type: Literal["reset_peer"] = "reset_peer"
    attributes: ResetPeerAttributes = ResetPeerAttributes()

    @property
    def kind(self) -> str:
        """`reset_peer`."""
        return self.type

    @property
    def visibility(self) -> Visibility:
        """Upstream, the request is stopped before the stand: nothing can be counted there."""
        return Visibility.BLIND if self.stream == "upstream" else Visibility.VISIBLE

    def wire(self) -> Mapping[str, int]:
        """`timeout` in ms."""
        return {"timeout": round(self.attributes.timeout * 1_000)}
