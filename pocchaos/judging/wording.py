"""Figures in words, by their unit."""

from pocchaos.model.units import show_seconds, show_share


def show(value: float | None, unit: str) -> str:
    """`95 %`, `2.3 s`, `1.5x`, `-5 pp`, `3`; a dash where there is no figure."""
    if value is None:
        return "–"
    match unit:
        case "share":
            return show_share(value)
        case "seconds":
            return show_seconds(value)
        case "times":
            return f"{value:.3g}x"
        case "points":
            return f"{value * 100:+.3g} pp"
        case _:
            return f"{value:.4g}"


def interval_words(interval: tuple[float, float] | None, unit: str) -> str:
    """`93 % to 96 %`."""
    return "nothing" if interval is None else f"{show(interval[0], unit)} to {show(interval[1], unit)}"
