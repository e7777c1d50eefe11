"""Metrics by name: what a criterion may claim about which of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Unit = Literal["share", "seconds", "count", "ratio"]
Population = Literal["answer", "refuse", "all", "attempts", "recovery", "received"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """What a metric is: its unit, over which samples it is taken, and which limits make sense."""

    name: str
    unit: Unit
    population: Population
    senses: tuple[str, ...] = ("at_least", "at_most")
    within: bool = False  # success may be asked for within a time
    of: bool = True  # may be compared with another stage
    streaming: bool = False
    percentile: float | None = None


_ABOVE, _BELOW = ("at_least",), ("at_most",)

FAMILIES: Final[Mapping[str, Family]] = {
    family.name: family
    for family in (
        Family(name="answered", unit="share", population="answer", senses=_ABOVE, within=True),
        Family(name="degraded", unit="share", population="answer", within=True),
        Family(name="wrong", unit="share", population="answer", senses=_BELOW),
        Family(name="over_refused", unit="share", population="answer", senses=_BELOW),
        Family(name="errored", unit="share", population="answer", senses=_BELOW),
        Family(name="crashed", unit="share", population="answer", senses=_BELOW),
        Family(name="hung", unit="share", population="answer", senses=_BELOW),
        Family(name="broken", unit="share", population="answer", senses=_BELOW),
        Family(name="shed", unit="share", population="answer", within=True),
        Family(name="refused", unit="share", population="refuse", senses=_ABOVE, within=True),
        Family(name="under_refused", unit="share", population="refuse", senses=_BELOW),
        Family(name="graceful", unit="share", population="all", senses=_ABOVE, within=True),
        Family(name="ungraceful", unit="share", population="all", senses=_BELOW, within=True),
        Family(name="leaked", unit="count", population="received", senses=_BELOW, of=False),
        Family(name="latency", unit="seconds", population="answer", senses=_BELOW),
        Family(name="ttft", unit="seconds", population="answer", senses=_BELOW, streaming=True),
        Family(name="tpot", unit="seconds", population="answer", senses=_BELOW, streaming=True),
        Family(name="gap_max", unit="seconds", population="answer", senses=_BELOW, streaming=True),
        Family(name="attempts_per_request", unit="ratio", population="attempts"),
        Family(name="time_to_recover", unit="seconds", population="recovery", senses=_BELOW, of=False),
    )
}
"""A bad outcome has no lower limit (getting better would break it), a good one no upper."""

TAKES_ANSWERS_FOR_RIGHT: Final = ("answered", "wrong", "graceful", "ungraceful", "time_to_recover")
"""Without an assert any text would pass as an answer: claims on these need one."""

TAKES_REFUSALS_FOR_SUCH: Final = ("refused", "under_refused", "graceful", "ungraceful")
"""Without a marker or an assert a refusal looks like an answer: claims on these need one."""

PERCENTILES: Final = ("latency", "ttft", "tpot", "gap_max")
NAMES: Final = tuple(f"{name}.p95" if name in PERCENTILES else name for name in FAMILIES)

_PERCENTILE: Final = re.compile(r"(\w+)\.p(\d{1,2}(?:\.\d+)?)")


def family(metric: str) -> Family | None:
    """The family of `answered`, `latency.p95`, …; None for what is no metric."""
    if found := _PERCENTILE.fullmatch(metric):
        base = FAMILIES.get(found[1]) if found[1] in PERCENTILES else None
        share = float(found[2])
        if base is None or not 0 < share < 100:
            return None
        return Family(
            name=base.name,
            unit=base.unit,
            population=base.population,
            senses=base.senses,
            streaming=base.streaming,
            percentile=share / 100,
        )
    return None if metric in PERCENTILES else FAMILIES.get(metric)
