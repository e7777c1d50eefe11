"""Limits as criteria write them: `95%`, `3s`, `3`, and against another stage `1.5x` or `-5pp`."""

import re
from dataclasses import dataclass
from typing import Literal

from pocchaos.model.units import parse_duration, parse_share

_TIMES = re.compile(r"(\d+(?:\.\d+)?)\s*x", re.ASCII)
_POINTS = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*pp", re.ASCII)
_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """A limit in base units: a fraction, seconds, a number, a ratio, or a difference of fractions."""

    value: float
    kind: Literal["plain", "times", "points"] = "plain"


def parse_limit(text: object, unit: str, *, of: bool = False) -> Limit:
    """The limit for a metric of this unit; with `of` a ratio (or, for shares, a difference).

    Raises ValueError with the remedy in the message.
    """
    written = str(text).strip()
    if of:
        return _compared(written, unit)
    if _TIMES.fullmatch(written) or _POINTS.fullmatch(written):
        raise ValueError(f'"{written}" compares with another stage: say which with `of`')
    if unit == "share":
        if _NUMBER.fullmatch(written):  # quoted as it was written: 5, not 5.0
            return Limit(
                value=parse_share(int(written) if written.isdecimal() and len(written) < 16 else float(written))
            )
        return Limit(value=parse_share(text))
    if unit == "seconds":
        return Limit(value=parse_duration(written))
    if _NUMBER.fullmatch(written):
        return Limit(value=float(written))
    raise ValueError(f'"{written}" is not a number: write a plain one such as 3')


def _compared(written: str, unit: str) -> Limit:
    if found := _TIMES.fullmatch(written):
        return Limit(value=float(found[1]), kind="times")
    if (found := _POINTS.fullmatch(written)) and unit == "share":
        return Limit(value=float(found[1]) / 100, kind="points")
    remedy = "a ratio such as 1.5x, or a difference such as -5pp" if unit == "share" else "a ratio such as 1.5x"
    raise ValueError(f'"{written}" does not compare with another stage: with `of` write {remedy}')
