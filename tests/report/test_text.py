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


SAID = ("at least 95 % answered in good weather", "answered ≥ 95 % in stage baseline · category in_scope")


def test_every_form_says_what_a_figure_is_of_whatever_the_claim_says() -> None:
    """`quality 99.5 % ≥ 95 %` alone does not tell of what, and a claim is anybody's words."""
    run, out = judged(), io.StringIO()
    suite = ET.fromstring(junit(run))[0]
    assert (suite[0].findtext("system-out") or "").splitlines()[:2] == list(SAID)
    assert "| **quality**<br>" + "<br>".join(SAID).replace("in_scope", r"in\_scope") + " | 99.5 %" in markdown(run)
    print_judged(run, Path("results/x"), Console(file=out, width=160, no_color=True))
    for word in (SAID[0], "answered ≥ 95 % in stage baseline", "hung ≤ 1 % in stage outage"):
        assert word in out.getvalue()


def test_the_console_is_a_table_in_100_columns_without_a_broken_figure() -> None:
    run, out = judged(), io.StringIO()
    wide = replace(run.criteria[2], n=12_345, n_eff=1_234.0, interval=(-0.123, 0.235), unit="points")
    terminal = Console(file=out, width=100, force_terminal=True, color_system=None)
    print_judged(replace(run, criteria=(*run.criteria, wide)), Path("x"), terminal)
    told = out.getvalue()
    assert max(len(line) for line in told.splitlines() if not line.startswith("remedy")) <= 100
    assert all(whole in told for whole in ("? INCONCLUSIVE", "[-12.3 pp, +23.5 pp]", "n 12,345 (effective 1,234)"))


def test_what_nobody_told_is_not_none() -> None:
    assert "target version not told" in markdown(judged(facts={"seed": 7}))


def test_each_value_of_an_each_is_a_row_of_its_own() -> None:
    run = judged()
    parent = replace(
        run.criteria[1],
        each=tuple(replace(run.criteria[1], id=f"no-hang[{s}]", scope={"stage": s}) for s in ("cut", "rst")),
    )
    suite = ET.fromstring(junit(replace(run, criteria=(parent,))))[0]
    assert [case.get("name") for case in suite] == ["no-hang[cut]", "no-hang[rst]"]
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
