"""`slicer`: data is cut into small pieces with a pause between them."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import model_validator

from pocchaos.faults.base import Attributes, Toxic
from pocchaos.model.units import Duration, Size


class SlicerAttributes(Attributes):
    """In Toxiproxy's words; units as in the file."""

    average_size: Size
    size_variation: Size = 0
    delay: Duration = 0.0

    @model_validator(mode="after")
    def _sliceable(self) -> Self:
        if self.average_size < 1 or self.size_variation >= self.average_size:
            raise ValueError(
                f"average_size {self.average_size}B with size_variation {self.size_variation}B brings "
                "toxiproxy-server 2.12 down: write an average_size of 1B or more and a smaller size_variation"
            )
        return self


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
