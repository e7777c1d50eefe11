"""Quantities as the scenario file writes them: durations, rates, shares, sizes.

The `parse_*` functions read the text; the annotated types (`Duration`, `Rate`, …) do the same inside
pydantic models. Values are plain numbers in base units: seconds, per second, fractions, bytes.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Final, NewType

from pydantic import BeforeValidator, PlainSerializer, SerializationInfo, WithJsonSchema

Seconds = NewType("Seconds", float)
Micros = NewType("Micros", int)  # what is recorded: microseconds since the run's origin
PerSecond = NewType("PerSecond", float)
Fraction = NewType("Fraction", float)
Bytes = NewType("Bytes", int)

LONGEST: Final = Seconds(30 * 86_400)  # longer than any run; in nanoseconds it fits into Go's int64
SHORTEST: Final = Seconds(1e-6)  # what is recorded is whole microseconds
FASTEST: Final = PerSecond(1e6)  # one a microsecond
SLOWEST: Final = PerSecond(1 / LONGEST)
LARGEST: Final = Bytes(10**12)

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(us|ms|s|m|h)", re.ASCII)
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*(s|min|m|h)", re.ASCII)
_SHARE = re.compile(r"(-?\d+(?:\.\d+)?)\s*%", re.ASCII)
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|kB|MB|GB|KiB|MiB|GiB)(?:/s)?", re.ASCII)

_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PER = {"s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}
_BYTES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def parse_duration(value: object) -> Seconds:
    """`250ms`, `5s`, `1.5m` or `2h` as seconds: 0, or 1 µs to 30 days; raises ValueError with the remedy."""
    if isinstance(value, str) and (found := _DURATION.fullmatch(value.strip())):
        return _usable(float(found[1]) * _SECONDS[found[2]], value)
    if isinstance(value, str) and value.strip().startswith("-"):
        raise ValueError(f"{value} is not positive: write a duration such as 250ms, 5s or 2m")
    raise ValueError(f"{_shown(value)} is not a duration: write a number with its unit, such as 250ms, 5s or 2m")


def parse_rate(value: object) -> PerSecond:
    """`40/s` or `90/min` as requests per second: one in 30 days to 1,000,000/s; raises ValueError."""
    if isinstance(value, str) and (found := _RATE.fullmatch(value.strip())) and float(found[1]) > 0:
        rate = float(found[1]) / _PER[found[2]]
        if rate > FASTEST:
            raise ValueError(f"{_shown(value)} is more than {FASTEST:,.0f}/s: write a smaller rate, such as 40/s")
        if rate < SLOWEST:
            raise ValueError(f"{_shown(value)} is less than one request in 30 days: write a higher rate, such as 1/h")
        return PerSecond(rate)
    raise ValueError(f"{_shown(value)} is not a rate: write a positive number per time, such as 40/s or 90/min")


def parse_share(value: object) -> Fraction:
    """`70%` or `0.7` as a fraction between 0 and 1; raises ValueError."""
    if isinstance(value, str) and (found := _SHARE.fullmatch(value.strip())):
        return _in_unit(float(found[1]) / 100, value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _in_unit(float(value), value)
    raise ValueError(f"{_shown(value)} is not a share: write a percentage such as 70%")


def parse_size(value: object) -> Bytes:
    """`512B`, `64kB` (64,000 bytes) or `16KiB` as bytes, at most 1,000 GB; raises ValueError."""
    if isinstance(value, str) and (found := _SIZE.fullmatch(value.strip())):
        size = float(found[1]) * _BYTES[found[2]]
        if size > LARGEST:
            raise ValueError(f"{_shown(value)} is more than 1000GB: write a smaller size, such as 64kB")
        return Bytes(round(size))
    raise ValueError(f"{_shown(value)} is not a size: write a number with its unit, such as 512B or 64kB")


def micros(seconds: float) -> Micros:
    """Seconds as whole microseconds."""
    return Micros(round(seconds * 1_000_000))


def seconds(value: int) -> Seconds:
    """Microseconds as seconds."""
    return Seconds(value / 1_000_000)


def show_seconds(value: float) -> str:
    """Seconds for people: `250 ms`, `3.2 s`, `4 min 10 s`; `∞` where there was no answer."""
    if value == float("inf"):
        return "∞"
    if abs(value) < 1:
        return f"{value * 1000:.3g} ms" if abs(value) < 0.1 else f"{value * 1000:.0f} ms"
    if abs(value) < 120:
        return f"{value:.3g} s"
    whole = round(value)
    return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")


def show_share(value: float) -> str:
    """A fraction for people: `95 %`, `99.04 %`."""
    return f"{value * 100:.4g} %"


def _usable(seconds: float, value: str) -> Seconds:
    if seconds > LONGEST:
        raise ValueError(f"{_shown(value)} is longer than 30 days: write a shorter time, such as 2h")
    if 0 < seconds < SHORTEST * (1 - 1e-9):
        raise ValueError(f"{_shown(value)} is shorter than a microsecond: write 1us or more")
    return Seconds(seconds)


def _in_unit(fraction: float, value: object) -> Fraction:
    if 0 <= fraction <= 1:
        return Fraction(fraction)
    raise ValueError(f"{_shown(value)} is not between 0 % and 100 %: write it as a percentage such as 70%")


def _shown(value: object) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _text(pattern: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": list(examples)})


AS_WRITTEN: Final = {"as_written": True}
"""Context for `model_dump`: quantities come out as text with their unit, so that the same model reads them back."""


def _with_unit(unit: str) -> PlainSerializer:
    def write(value: float, info: SerializationInfo) -> Any:
        return f"{Decimal(repr(value)):f}{unit}" if (info.context or {}).get("as_written") else value

    serialize: Callable[[float, SerializationInfo], Any] = write
    return PlainSerializer(serialize)


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    _with_unit("s"),
    _text(r"^\d+(\.\d+)?\s*(us|ms|s|m|h)$", "250ms", "5s", "2m"),
]
Rate = Annotated[
    float,
    BeforeValidator(parse_rate),
    _with_unit("/s"),
    _text(r"^\d+(\.\d+)?\s*/\s*(s|min|m|h)$", "40/s", "90/min"),
]
Share = Annotated[
    float,
    BeforeValidator(parse_share),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string", "pattern": r"^\d+(\.\d+)?\s*%$"}, {"type": "number"}],
            "examples": ["70%"],
        }
    ),
]
Size = Annotated[
    int, BeforeValidator(parse_size), _with_unit("B"), _text(r"^\d+(\.\d+)?\s*[kMGi]*B(/s)?$", "512B", "64kB")
]
