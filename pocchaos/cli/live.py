"""The live view of a running run: one panel that is redrawn, or plain lines where there is no terminal."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pocchaos.conductor.progress import Progress
from pocchaos.model.units import show_seconds, show_share

_REDRAW = 0.25  # s
_PLAIN = 10.0  # s between lines without a terminal
_FIRST = 1.0  # s into the run before which a line has nothing to tell


class View:
    """What the conductor tells while it works; everything goes to stderr, stdout stays for what was asked for."""

    def __init__(self, console: Console, live: Live | None, title: str) -> None:
        self._console, self._live, self._title = console, live, title
        self._last = 0.0

    def say(self, line: str) -> None:
        """One line of preparation."""
        self._console.print(Text(f"· {line}"), soft_wrap=True)

    def show(self, progress: Progress) -> None:
        """Draw the progress, as often as a person can read it."""
        now = time.monotonic()
        if not self._live and progress.now < _FIRST:
            return
        if now - self._last < (_REDRAW if self._live else _PLAIN):
            return
        self._last = now
        if self._live:
            self._live.update(panel(progress, self._title), refresh=True)
        else:
            self._console.print(plain(progress), soft_wrap=True, highlight=False)


@contextmanager
def live_view(title: str, *, started: datetime) -> Iterator[View]:
    """A view for the time of a run. NO_COLOR is honoured; without a terminal a plain line comes every ten seconds."""
    console = Console(stderr=True, no_color=bool(os.environ.get("NO_COLOR")))
    console.print(Text(f"pocchaos · {title} · {started:%Y-%m-%d %H:%M:%S}"), style="bold")
    if not (console.is_terminal and sys.stderr.isatty()):
        yield View(console, None, title)
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        view = View(console, live, title)
        yield view


def plain(progress: Progress) -> str:
    """One line: `[ 42 s] outage · faults: llm.stall · 20.0/s of 20.0/s · p50 … · 12.5 % without answer · 81 s left`."""
    faults = ", ".join(progress.faults) or "none"
    return (
        f"[{progress.now:5.0f} s] {progress.stage} · faults: {faults} · "
        f"{_rate(progress.achieved)} of {_rate(progress.offered)} · "
        f"p50 {_time(progress.p50)} p95 {_time(progress.p95)} p99 {_time(progress.p99)} · "
        f"{_share(progress.no_answer)} without answer · {max(0.0, progress.end - progress.now):.0f} s left"
    )


def panel(progress: Progress, title: str) -> Panel:
    """The same as a panel of six rows with a bar of time."""
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim", min_width=14)
    rows.add_column(min_width=40)
    rows.add_row("stage", Text.assemble((progress.stage, "bold"), f"  {progress.stage_left:.0f} s left in it"))
    on = Text(", ".join(progress.faults), style="bold red") if progress.faults else Text("none", style="dim")
    rows.add_row("faults on", on)
    rows.add_row("rate", f"{_rate(progress.achieved)} achieved of {_rate(progress.offered)} offered")
    rows.add_row(
        "response time",
        f"p50 {_time(progress.p50)}   p95 {_time(progress.p95)}   p99 {_time(progress.p99)}   (last 5 s)",
    )
    rows.add_row("without answer", _share(progress.no_answer))
    rows.add_row("recorded", f"{progress.recorded} requests")
    bar = ProgressBar(total=progress.end, completed=max(0.0, progress.now), width=40)
    rows.add_row(f"{max(0.0, progress.end - progress.now):.0f} s left", bar)
    return Panel(rows, title=title, title_align="left", expand=False)


def _time(value: float | None) -> str:
    return "–" if value is None else show_seconds(value)


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}/s"


def _share(value: float | None) -> str:
    return "–" if value is None else show_share(round(value, 3))
