"""The report's charts as ECharts options: plain values, drawn by the vendored library with its SVG renderer."""

from math import isfinite
from typing import Any, Final, NamedTuple

from pocchaos.model.outcome import GRACEFUL, Outcome
from pocchaos.model.verdict import Bite, JudgedRun, Timeline

# Okabe-Ito's palette for colour-blind readers; graceful outcomes are its cool half, ungraceful its warm half.
COLOURS = {
    Outcome.ANSWERED: "#009E73",
    Outcome.DEGRADED: "#56B4E9",
    Outcome.REFUSED: "#0072B2",
    Outcome.SHED: "#8DA0CB",
    Outcome.WRONG: "#CC79A7",
    Outcome.OVER_REFUSED: "#B8860B",
    Outcome.UNDER_REFUSED: "#8B4513",
    Outcome.ERRORED: "#E69F00",
    Outcome.CRASHED: "#D55E00",
    Outcome.HUNG: "#7F0000",
    Outcome.BROKEN: "#A0522D",
    Outcome.LEAKED: "#000000",
    Outcome.CANCELLED: "#BBBBBB",
    Outcome.UNKNOWN: "#999999",
    Outcome.LOST: "#DDDDDD",
}
_LINES = {"p50": "#56B4E9", "p95": "#0072B2", "p99": "#D55E00", "slowest": "#999999"}
_GRIDS = (("7%", "26%"), ("41%", "27%"), ("76%", "16%"))  # top and height of latency, outcomes, rate

_ROWS: Final = 8  # of fault names, one below the other
_LETTER: Final = 1 / 120  # of the axis: how wide a letter of a name is, on a narrow page


def charts(judged: JudgedRun) -> dict[str, Any]:
    """Every chart of the report by the id of its place."""
    return {"timeline": timeline(judged), "percentiles": percentiles(judged)}


def timeline(judged: JudgedRun) -> dict[str, Any]:
    """Latency, outcomes and rate on one axis of time, with the faults as bands through all three."""
    line = judged.timeline
    end = max([line.start[-1] + line.bucket if line.start else 0.0, *(stage.planned[1] for stage in judged.stages)])
    series = [
        _line(name, [[at, value] for at, value in zip(line.start, getattr(line, name), strict=True)], 0, _LINES[name])
        for name in ("p50", "p95", "p99", "slowest")
    ]
    series[0]["markArea"] = _bands(judged.faults, end, labelled=True)
    stacked = [_area(name, line) for name in _in_order(line.outcomes)]
    if stacked:
        stacked[0]["markArea"] = _bands(judged.faults, end, labelled=False)
    offered = _line("offered", _pairs(line.start, line.offered), 2, "#999999")
    offered["lineStyle"]["type"] = "dashed"
    offered["markArea"] = _bands(judged.faults, end, labelled=False)
    achieved = _line("achieved", _pairs(line.start, line.achieved), 2, "#0072B2")
    return {
        "animation": False,
        "grid": [{"top": top, "height": height, "left": 64, "right": 16} for top, height in _GRIDS],
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "line"}},
        "axisPointer": {"link": [{"xAxisIndex": "all"}]},
        "legend": [
            {"data": [entry["name"] for entry in group], "top": top, "left": 64, "itemHeight": 8, "padding": 0}
            for group, top in ((series, 2), (stacked, "35%"), ([offered, achieved], "70%"))
        ],
        "xAxis": [
            {
                "type": "time" if grid == 1 else "value",  # areas stack over a time axis, not over a value axis
                "gridIndex": grid,
                "min": 0,
                "max": end,
                "axisLabel": {"show": grid == 2, "formatter": "{value} s"},
                "axisPointer": {"label": {"show": False}},
                "splitLine": {"show": False},
            }
            for grid in range(3)
        ],
        "yAxis": [
            {"type": "log", "gridIndex": 0, "name": "response, s", "nameGap": 6, "minorTick": {"show": False}},
            {"type": "value", "gridIndex": 1, "name": f"requests in {line.bucket:g} s", "nameGap": 6},
            {"type": "value", "gridIndex": 2, "name": "per second", "nameGap": 6},
        ],
        "series": [*series, *stacked, offered, achieved],
    }


def percentiles(judged: JudgedRun) -> dict[str, Any]:
    """Each stage's response time over 1/(1 − p) on a log axis, cut where its n no longer supports it."""
    series = [
        {
            "name": f"{curve.stage} (n {curve.n})",
            "type": "line",
            "showSymbol": False,
            # no answer is infinitely late: the curve ends where answers end
            "data": [[1 / (1 - share), value] for share, value in curve.curve if share < 1 and isfinite(value)],
        }
        for curve in judged.percentiles
    ]
    return {
        "animation": False,
        "grid": {"top": 48, "left": 64, "right": 24, "bottom": 56},
        "legend": {"top": 0, "type": "scroll"},
        "tooltip": {"trigger": "axis"},
        "xAxis": {
            "type": "log",
            "min": 1,
            "name": "1 / (1 − p): 2 is the median, 20 is p95, 100 is p99",
            "nameLocation": "middle",
            "nameGap": 32,
        },
        "yAxis": {"type": "log", "name": "response, s", "nameGap": 6},
        "series": series,
    }


def _in_order(outcomes: Any) -> list[str]:
    return [outcome.value for outcome in Outcome if any(outcomes.get(outcome.value, ()))]


def _pairs(start: tuple[float, ...], values: tuple[float, ...]) -> list[list[float | None]]:
    return [[at, value] for at, value in zip(start, values, strict=True)]


def _line(name: str, data: list[Any], grid: int, colour: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "line",
        "data": data,
        "showSymbol": False,
        "connectNulls": False,
        "xAxisIndex": grid,
        "yAxisIndex": grid,
        "lineStyle": {"width": 1.5, "color": colour},
        "itemStyle": {"color": colour},
    }


def _area(name: str, line: Timeline) -> dict[str, Any]:
    """One outcome as a stepped, stacked area; ungraceful ones have a dashed edge, for eyes that see no colour."""
    counts = line.outcomes[name]
    held = [[at, count] for at, count in zip(line.start, counts, strict=True)]
    colour = COLOURS[Outcome(name)]
    return {
        "name": name,
        "type": "line",
        "step": "end",
        "stack": "outcomes",
        "data": [*held, [line.start[-1] + line.bucket, counts[-1]]],
        "showSymbol": False,
        "xAxisIndex": 1,
        "yAxisIndex": 1,
        "lineStyle": {"width": 1, "color": colour, "type": "solid" if Outcome(name) in GRACEFUL else "dashed"},
        "itemStyle": {"color": colour},
        "areaStyle": {"color": colour, "opacity": 0.85},
    }


def _bands(faults: tuple[Bite, ...], end: float, *, labelled: bool) -> dict[str, Any]:
    """A shade for each time that a fault was on; its name, where wanted, once over all of them."""
    shades = [(span[0], _until(bite, span, end)) for bite in faults for span in bite.spans]
    names = [[{"xAxis": place.start, **_name(place)}, {"xAxis": place.end}] for place in _placed(faults, end)]
    return {
        "silent": True,
        "itemStyle": {"color": "rgba(213, 94, 0, 0.12)"},
        "label": {"show": False},
        "data": [*(names if labelled else ()), *([{"xAxis": on}, {"xAxis": off}] for on, off in shades)],
    }


def _name(place: "_Place") -> dict[str, Any]:
    label = {"show": True, "position": "insideTop", "color": "#7a3600", "fontSize": 11, "distance": 4 + 13 * place.row}
    return {"name": place.name, "itemStyle": {"color": "transparent"}, "label": label}


class _Place(NamedTuple):
    """Where a fault's name stands: centred over the time that it was on, in a row of its own where others are near."""

    name: str
    start: float
    end: float
    row: int


def _placed(faults: tuple[Bite, ...], end: float) -> list[_Place]:
    """A name beside its neighbours, below them where it would print over one or over its band."""
    placed: list[_Place] = []
    taken = [0.0] * _ROWS  # until when each row is taken
    for bite in sorted((bite for bite in faults if bite.spans), key=lambda bite: bite.spans[0][0]):
        start, until = bite.spans[0][0], _until(bite, bite.spans[-1], end)
        middle, half = (start + until) / 2, len(bite.id) * _LETTER * end / 2
        begin = min(start, middle - half)
        row = next((row for row, busy in enumerate(taken) if busy <= begin), taken.index(min(taken)))
        taken[row] = max(until, middle + half)
        placed.append(_Place(bite.id, start, until, row))
    return placed


def _until(bite: Bite, span: tuple[float, float | None], end: float) -> float:
    """When the shade ends: as confirmed, or as planned where that never came."""
    return min(end, bite.planned[1] if span[1] is None else span[1])
