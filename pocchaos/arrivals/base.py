"""How requests arrive: a pure function from a stretch of time and a seeded generator to due times."""

from abc import abstractmethod
from collections.abc import Iterator
from random import Random
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PositiveInt,
    Tag,
    TypeAdapter,
    WithJsonSchema,
)

from pocchaos.model.units import Rate, parse_rate


class Steps(BaseModel):
    """A rate that climbs (or falls) from one value to another in equal steps of time."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    start: Annotated[Rate, Field(alias="from")]
    end: Annotated[Rate, Field(alias="to")]
    steps: Annotated[PositiveInt, Field(ge=2, examples=[10])]

    def rate_of(self, step: int) -> float:
        """Requests per second of step 0 … steps − 1; the first and last are exactly `from` and `to`."""
        return self.start + (self.end - self.start) * step / (self.steps - 1)


def _read(value: Any) -> Any:
    return value if isinstance(value, dict | Steps) else parse_rate(value)


def _kind(value: Any) -> str:
    """Which of the two is meant, by its shape: an error then speaks of that one."""
    return "climbing" if isinstance(value, dict | Steps) else "steady"


_AsRate = Annotated[float, Tag("steady"), WithJsonSchema(TypeAdapter(Rate).json_schema())]

StepRate = Annotated[
    Annotated[_AsRate | Annotated[Steps, Tag("climbing")], Discriminator(_kind)],
    BeforeValidator(_read),
    Field(description="Requests per second", examples=["40/s"]),
]


class BaseArrival(BaseModel):
    """One stream of arrivals; `tenant` carves it out for one tenant, else tenants follow their shares."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tenant: str | None = None
    rate: StepRate

    def segments(self, length: int) -> Iterator[tuple[int, int, float]]:
        """(from, to, requests per second) in µs: one for a constant rate, one a step else."""
        if not isinstance(self.rate, Steps):
            yield 0, length, self.rate
            return
        bounds = [length * k // self.rate.steps for k in range(self.rate.steps + 1)]
        for step in range(self.rate.steps):
            yield bounds[step], bounds[step + 1], self.rate.rate_of(step)

    @abstractmethod
    def due(self, length: int, random: Random) -> Iterator[int]:
        """Due times in µs within [0, length), in order."""
