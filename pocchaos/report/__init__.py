"""Renderings of one judged run: console, HTML, Markdown, JUnit. They add nothing and judge nothing."""

from pathlib import Path

from pocchaos.files.log import write_whole
from pocchaos.model.verdict import JudgedRun
from pocchaos.report.html import html
from pocchaos.report.junit import junit
from pocchaos.report.markdown import markdown


def write_reports(judged: JudgedRun, folder: Path) -> tuple[Path, ...]:
    """Write report.html, report.md and junit.xml into the run directory; returns their paths."""
    contents = {
        "report.html": html(judged).encode(),
        "report.md": markdown(judged).encode(),
        "junit.xml": junit(judged),
    }
    for name, content in contents.items():
        write_whole(folder / name, content)
    return tuple(folder / name for name in contents)
