"""A length of time that is drawn: fixed, or log-normal by median and p99."""

from math import exp, log
from statistics import NormalDist
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Tag,
    TypeAdapter,
    WithJsonSchema,
    model_validator,
)

from pocchaos.model.units import Duration, Seconds, parse_duration

_Z99 = NormalDist().inv_cdf(0.99)


class LogNormal(BaseModel):
    """A log-normal time by its median and 99th percentile: mu = ln median, sigma = (ln p99 − mu) / z₀.₉₉."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    median: Duration
    p99: Duration

    @model_validator(mode="after")
    def _ordered(self) -> "LogNormal":
        if not 0 < self.median <= self.p99:
            raise ValueError(
                f"median {self.median:g}s, p99 {self.p99:g}s: the median must be positive and not above p99"
            )
        return self

    def at(self, u: float) -> Seconds:
        """The time at quantile `u` (a uniform draw strictly between 0 and 1)."""
        sigma = (log(self.p99) - log(self.median)) / _Z99
        return Seconds(exp(log(self.median) + sigma * NormalDist().inv_cdf(u)))


class Fixed(BaseModel):
    """Always the same time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: Duration

    def at(self, u: float) -> Seconds:
        """The fixed time, whatever the draw."""
        del u
        return Seconds(self.value)


def _read(value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"from", "to"}:
        raise ValueError("a ramp {from, to} is for faults only: write a duration or {median, p99}")
    if isinstance(value, str):
        return Fixed.model_construct(value=parse_duration(value))
    if not isinstance(value, dict | BaseModel):
        raise ValueError(f"{value!r} is not a time: write a duration such as 250ms, or {{median: 250ms, p99: 900ms}}")  # noqa: TRY004 - a user's value
    return value


def _kind(value: Any) -> str:
    """Which of the two is meant, by its keys: an error then speaks of that one."""
    return "fixed" if isinstance(value, Fixed) or (isinstance(value, dict) and "value" in value) else "log-normal"


_AsFixed = Annotated[Fixed, Tag("fixed"), WithJsonSchema(TypeAdapter(Duration).json_schema())]
_AsLogNormal = Annotated[LogNormal, Tag("log-normal")]

Dist = Annotated[Annotated[_AsFixed | _AsLogNormal, Discriminator(_kind)], BeforeValidator(_read)]
