"""`limit_data`: the connection is closed after so many bytes, counted from when the toxic was added."""

from collections.abc import Mapping
from typing import Literal

from pocchaos.faults.base import Attributes, Toxic
from pocchaos.model.units import Size


class LimitDataAttributes(Attributes):
    """In Toxiproxy's words; units as in the file."""

    bytes: Size


class LimitData(Toxic):
    """The connection is closed after so many bytes, counted from when the toxic was added."""

    type: Literal["limit_data"] = "limit_data"
    attributes: LimitDataAttributes

    @property
    def kind(self) -> str:
        """`limit_data`."""
        return self.type

    def wire(self) -> Mapping[str, int]:
        """`bytes` in B."""
        return {"bytes": self.attributes.bytes}
