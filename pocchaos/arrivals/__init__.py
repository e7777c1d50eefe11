"""The catalogue of load profiles: one file each. To add one: a file, a line in the union, a property test."""

from typing import Annotated

from pydantic import Field

from pocchaos.arrivals.base import BaseArrival, Steps
from pocchaos.arrivals.constant import Constant
from pocchaos.arrivals.poisson import Poisson

Arrival = Annotated[
    Constant
    | Poisson,
    Field(discriminator="arrival"),
]  # fmt: skip

__all__ = ["Arrival", "BaseArrival", "Constant", "Poisson", "Steps"]
