"""`slicer`: data is cut into small pieces with a pause between them."""

from collections.abc import Mapping
from typing import Literal

from pocchaos.faults.base import Attributes, Toxic
from pocchaos.model.units import Duration, Size


class SlicerAttributes(Attributes):
    """In Toxiproxy's words; units as in the file."""

    average_size: Size
    size_variation: Size = 0
    delay: Duration = 0.0


class Slicer(Toxic):
    """Data is cut into small pieces with a pause between them."""

    type: Literal["slicer"] = "slicer"
    attributes: SlicerAttributes

    @property
    def kind(self) -> str:
        """`slicer`."""
        return self.type

    def wire(self) -> Mapping[str, int]:
        """`average_size` in B; `size_variation` in B; `delay` in us."""
        return {
            "average_size": self.attributes.average_size,
            "size_variation": self.attributes.size_variation,
            "delay": round(self.attributes.delay * 1_000_000),
        }
