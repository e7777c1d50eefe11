"""One offline HTML file: everything it needs is inside, and a model's words never become markup."""

import base64
import hashlib
import json
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from pocchaos.model.outcome import GRACEFUL, Outcome
from pocchaos.model.verdict import JudgedRun
from pocchaos.report import words
from pocchaos.report.charts import COLOURS, charts


def html(judged: JudgedRun) -> str:
    """The report as a page that opens from disk with no network, prints, and is read without colour."""
    environment = Environment(
        loader=PackageLoader("pocchaos.report", "pages"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = words.plain
    library, drawing = _ours("vendor/echarts/echarts.min.js"), _ours("pages/report.js")
    return environment.get_template("report.html.j2").render(
        run=judged,
        words=words,
        table=outcome_table(judged),
        colours={outcome.value: colour for outcome, colour in COLOURS.items()},
        graceful={outcome.value for outcome in GRACEFUL},
        charts=embedded(charts(judged)),
        echarts=library,
        drawing=drawing,
        allowed=Markup(" ".join(f"'sha256-{_digest(script)}'" for script in (library, drawing))),  # noqa: S704 - base64
    )


def embedded(value: Any) -> Markup:
    """JSON inside a script element: no `<`, `>` or `&` of anybody's text can end it or begin another."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704 - escaped just now


def outcome_table(judged: JudgedRun) -> dict[str, Any]:
    """Stage and category down, outcome across: `count`, share of n, and its interval."""
    names = [outcome.value for outcome in Outcome if any(cell.outcome == outcome.value for cell in judged.outcomes)]
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for cell in judged.outcomes:
        lines.setdefault((cell.stage, cell.category), {"n": cell.n})[cell.outcome] = cell
    return {"names": names, "rows": [(stage, category, cells) for (stage, category), cells in lines.items()]}


def _ours(name: str) -> Markup:
    """A script that ships with the package; the page's policy runs these two by their hash and no other."""
    return Markup(files("pocchaos.report").joinpath(name).read_text("utf-8"))  # noqa: S704 - our own files


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
