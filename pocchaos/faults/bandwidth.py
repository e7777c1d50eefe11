"""`bandwidth`: the stream is limited to a rate."""

from collections.abc import Mapping
from typing import Literal

from pocchaos.faults.base import Attributes, Toxic
from pocchaos.model.units import Size


class BandwidthAttributes(Attributes):
    """In Toxiproxy's words; units as in the file."""

    rate: Size


class Bandwidth(Toxic):
    """The stream is limited to a rate."""

    type: Literal["bandwidth"] = "bandwidth"
    attributes: BandwidthAttributes

    @property
    def kind(self) -> str:
        """`bandwidth`."""
        return self.type

    def wire(self) -> Mapping[str, int]:
        """`rate` in kB/s."""
        return {"rate": max(1, round(self.attributes.rate / 1_000))}
