"""The end of a run on the terminal: verdict, criteria, and the remedy of each INCONCLUSIVE."""

import os
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pocchaos.model.verdict import JudgedRun, Judgement, Verdict
from pocchaos.report import words

_STYLE = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.INCONCLUSIVE: "yellow"}


def print_judged(judged: JudgedRun, folder: Path, console: Console | None = None) -> None:
    """The judged run on stdout; nothing that the target wrote is printed here."""
    console = console or Console(no_color=bool(os.environ.get("NO_COLOR")))
    if not console.is_terminal:
        console.width = max(console.width, 140)  # a log file is not cut at 80 columns
    console.print(_criteria(judged))
    for bite in judged.faults:
        if not bite.bitten:
            console.print(
                Text(
                    f"not bitten: {bite.id} in {bite.stage} (cycle {bite.cycle + 1}): {words.plain(bite.why)}",
                    style="yellow",
                )
            )
    for line in judged.notes:
        console.print(Text(f"note: {words.plain(line)}", style="dim"), soft_wrap=True)
    if judged.stopped:
        console.print(Text(f"the run ended early: {words.plain(judged.stopped)}", style="bold yellow"), soft_wrap=True)
    for row in words.rows(judged):
        criterion = row.judgement
        if criterion.remedy and not row.whole:
            console.print(
                Text(f"remedy · {words.plain(criterion.id)}: {words.plain(criterion.remedy)}"), soft_wrap=True
            )
    console.print(
        Text.assemble(
            (f" {words.BANNER[judged.verdict]} ", f"reverse {_STYLE[judged.verdict]}"),
            f"  {words.tally(judged)}" + (f" · {words.plain(judged.why)}" if judged.why else ""),
        ),
        soft_wrap=True,
    )
    console.print(Text(f"report: {folder / 'report.html'}"), soft_wrap=True)


def _criteria(judged: JudgedRun) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for header, unbroken in (("", True), ("criterion", False), ("figure", True), ("why", False)):
        table.add_column(header, overflow="fold", no_wrap=unbroken)
    for row in words.rows(judged):
        criterion = row.judgement
        table.add_row(
            Text(f"{words.SIGN[criterion.verdict]} {criterion.verdict.value}", style=_STYLE[criterion.verdict]),
            _named(row),
            Text("" if row.whole else _figures(criterion)),
            Text(words.plain(criterion.why)),
        )
    return table


def _named(row: words.Row) -> Padding:
    """The criterion with what it asks for: one below the other, so that a terminal of 100 columns is wide enough."""
    lines = Text(words.plain(row.name), style="" if row.depth else "bold")
    for said in filter(None, (row.judgement.claim if not row.depth else "", row.asked)):
        lines.append(f"\n{words.plain(said)}", style="dim" if said == row.asked else "not bold")
    return Padding(lines, (0, 0, 0, 2 * row.depth))


def _figures(criterion: Judgement) -> str:
    figure = words.show(criterion.figure, criterion.unit)
    return f"{figure}\n{words.interval(criterion)}\nn {words.size(criterion)}"
