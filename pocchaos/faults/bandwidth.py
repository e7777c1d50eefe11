"""`bandwidth`: the stream is limited to a rate."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator

from pocchaos.faults.base import Attributes, Toxic
from pocchaos.model.units import Size


def _in_kilobytes(value: int) -> int:
    if value < 1_000 or value % 1_000:
        raise ValueError(
            f"{value}B/s is no whole number of kB/s (1 kB is 1,000 bytes), in which Toxiproxy counts: "
            f"write {max(1, round(value / 1_000))}kB/s"
        )
    return value


class BandwidthAttributes(Attributes):
    """In Toxiproxy's words; units as in the file."""

    rate: Annotated[Size, AfterValidator(_in_kilobytes)]


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
        return {"rate": self.attributes.rate // 1_000}
