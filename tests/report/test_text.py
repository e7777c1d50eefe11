"""Markdown, JUnit and console: the same judged run, in the forms that machines and terminals read."""

import io
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

from rich.console import Console

from pocchaos.model.verdict import Verdict
from pocchaos.report import words, write_reports
from pocchaos.report.console import print_judged
from pocchaos.report.junit import junit
from pocchaos.report.markdown import markdown
from tests.report.builders import HOSTILE, judged


def test_markdown_has_a_row_for_each_criterion_and_no_markup_of_the_target() -> None:
    page = markdown(judged())
    assert page.startswith("# NO-GO: llm-outage")
    assert page.count("| ✗ FAIL |") == 1
    assert "<script" not in page
    assert "\x1b" not in page


def test_a_pipe_in_a_reason_does_not_break_the_table() -> None:
    run = judged()
    page = markdown(replace(run, criteria=(replace(run.criteria[0], why="a | b"),)))
    assert "a \\| b" in page


def test_junit_counts_inconclusive_as_a_failure_of_its_own_type() -> None:
    """A CI that reads JUnit must never take missing evidence for a pass."""
    suite = ET.fromstring(junit(judged()))[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "2", "0")
    assert [failure.get("type") for failure in suite.iter("failure")] == ["FAIL", "INCONCLUSIVE"]


def test_junit_reports_an_early_end_as_an_error_and_stays_well_formed() -> None:
    suite = ET.fromstring(junit(judged(stopped=f"the stand died {HOSTILE}")))[0]
    assert suite.get("errors") == "1"


def test_each_value_of_an_each_is_a_row_of_its_own() -> None:
    run = judged()
    parent = replace(
        run.criteria[1],
        each=(replace(run.criteria[1], scope={"stage": "cut"}), replace(run.criteria[1], scope={"stage": "rst"})),
    )
    suite = ET.fromstring(junit(replace(run, criteria=(parent,))))[0]
    assert [case.get("name") for case in suite] == ["no-hang [stage cut]", "no-hang [stage rst]"]
    assert markdown(replace(run, criteria=(parent,))).count("✗ FAIL") == 3


def test_the_console_names_figure_limit_and_remedy_and_sends_no_escape_of_the_target() -> None:
    out = io.StringIO()
    print_judged(judged(why=HOSTILE), Path("results/x"), Console(file=out, width=160, no_color=True))
    told = out.getvalue()
    assert "31 %" in told
    assert "≤ 1 %" in told
    assert "remedy · recover: make recovery 12 s longer" in told
    assert "NO-GO" in told
    assert "\x1b" not in told


def test_figures_read_the_same_everywhere() -> None:
    assert words.show(float("inf"), "seconds") == "∞"
    assert words.show(0.9904, "share") == "99.04 %"
    assert words.show(-0.05, "points") == "-5 pp"
    assert words.show(1.5, "times") == "1.5x"
    assert words.show(None, "share") == "–"
    assert words.counts(judged())[Verdict.FAIL] == 1


def test_three_files_are_written_beside_the_evidence(tmp_path: Path) -> None:
    assert {path.name for path in write_reports(judged(), tmp_path)} == {"report.html", "report.md", "junit.xml"}
    assert all(path.stat().st_size for path in tmp_path.iterdir())


def test_a_comparison_names_the_stage_that_it_is_held_against_and_no_inner_values() -> None:
    compared = replace(
        judged().criteria[0],
        unit="points",
        limit=-0.05,
        of={"stage": "baseline", "unit": "share", "figure": 0.985, "notes": ("x",)},
    )
    assert words.limit(compared) == "≥ -5 pp of stage baseline (98.5 %)"
