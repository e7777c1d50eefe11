"""The HTML report: offline, whole, and deaf to what a model wrote."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pocchaos.model.verdict import JudgedRun
from pocchaos.report.charts import timeline
from pocchaos.report.html import embedded, html
from pocchaos.report.words import plain
from tests.report.builders import HOSTILE, judged


def test_the_page_names_the_verdict_each_criterion_and_its_remedy() -> None:
    page = html(judged())
    assert "NO-GO: llm-outage" in page
    for words in ("quality", "no-hang", "recover", "Remedy: make recovery 12 s longer", "[97.2 %, 99.9 %]"):
        assert words in page


def test_the_page_asks_the_network_for_nothing() -> None:
    """It is mailed around and opened from disk; its own policy forbids anything else as well."""
    page = html(judged()).replace(_library(), "")
    assert "default-src 'none'" in page
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", page)


def test_what_a_model_wrote_is_text_and_nothing_else() -> None:
    page = html(judged()).replace(_library(), "")
    assert "<script>document.title" not in page
    assert "<img" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_hostile_text_inside_the_charts_cannot_end_their_script_element() -> None:
    run = judged()
    hostile = replace(run.faults[0], id=HOSTILE)
    page = html(replace(run, faults=(hostile,)))
    data = re.search(r'<script type="application/json" id="charts">(.*?)</script>', page, re.DOTALL)
    assert data is not None
    options = json.loads(data[1])
    assert options["timeline"]["series"][0]["markArea"]["data"][0][0]["name"] == HOSTILE


def test_embedded_json_is_the_same_value_when_it_is_read_back() -> None:
    value = {"a": "</script>&<!--", "b": [1.5, None, "\u2028"]}
    assert json.loads(str(embedded(value))) == value
    assert "<" not in str(embedded(value))


def test_direction_marks_and_escapes_are_made_visible() -> None:
    assert plain("a\u202eb\x1b[31m") == "a\\u202eb\\u001b[31m"


def test_a_run_without_a_single_sample_still_makes_a_page() -> None:
    nothing = replace(
        judged().timeline, start=(), offered=(), achieved=(), p50=(), p95=(), p99=(), slowest=(), outcomes={}
    )
    empty = judged(
        faults=(),
        stages=(),
        criteria=(),
        outcomes=(),
        percentiles=(),
        exemplars=(),
        timeline=nothing,
    )
    assert "no criteria" in html(empty)


def test_the_fault_is_a_band_through_all_three_parts_at_its_confirmed_time() -> None:
    option = timeline(judged())
    bands = [series["markArea"]["data"] for series in option["series"] if "markArea" in series]
    assert len(bands) == 3
    assert {(band[0][0]["xAxis"], band[0][1]["xAxis"]) for band in bands} == {(20.002, 30.004)}


def test_each_time_that_a_flapping_fault_was_on_is_a_shade_and_its_name_stands_once() -> None:
    """One solid band would say that the fault was on while it was off."""
    run = judged()
    spans = ((20.0, 22.0), (24.0, 26.0), (28.0, None))
    flap = replace(run.faults[0], spans=spans, confirmed=(20.0, None), planned=(20.0, 30.0))
    never = replace(run.faults[0], id="llm.down", spans=(), confirmed=(None, None))
    for number, bands in enumerate(_bands(replace(run, faults=(flap, never)))):
        shaded = [(band[0]["xAxis"], band[1]["xAxis"]) for band in bands if "name" not in band[0]]
        assert shaded == [(20.0, 22.0), (24.0, 26.0), (28.0, 30.0)]  # the last as planned: nobody saw it go off
        named = [(band[0]["name"], band[0]["xAxis"], band[1]["xAxis"]) for band in bands if "name" in band[0]]
        assert named == ([("llm.stall", 20.0, 30.0)] if number == 0 else [])


def test_names_of_faults_that_are_on_at_once_stand_one_below_the_other() -> None:
    run = judged()
    spans = (("llm.stall", 20.0, 30.0), ("redis.latency", 22.0, 28.0), ("llm.down", 5.0, 8.0), ("db.down", 30.5, 31.0))
    faults = tuple(replace(run.faults[0], id=name, spans=((on, off),)) for name, on, off in spans)
    bands = _bands(replace(run, faults=faults))[0]
    below = {band[0]["name"]: band[0]["label"]["distance"] for band in bands if "name" in band[0]}
    assert below["llm.down"] == below["llm.stall"] < below["redis.latency"]
    assert below["db.down"] == below["redis.latency"]  # as wide as its name, it would run into the first one


def test_a_name_without_room_is_shown_all_the_same() -> None:
    run = judged()
    faults = tuple(replace(run.faults[0], id=f"f{k}", spans=((20.0, 30.0),)) for k in range(20))
    assert len([band for band in _bands(replace(run, faults=faults))[0] if "name" in band[0]]) == 20


def _bands(run: JudgedRun) -> list[list[Any]]:
    return [series["markArea"]["data"] for series in timeline(run)["series"] if "markArea" in series]


def test_a_criterion_has_its_own_words_and_what_they_are_measured_by() -> None:
    page = html(judged())
    assert "at least 95 % answered in good weather<br><small>answered ≥ 95 % in stage baseline" in page
    assert "<small>hung ≤ 1 % in stage outage</small>" in page


def test_a_browser_draws_the_charts_and_runs_no_script_of_the_target(tmp_path: Path) -> None:
    """Seen with a real browser, from disk: both charts are there as SVG and the title is ours."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        if os.environ.get("POCCHAOS_NO_SKIP"):
            pytest.fail("chromium is not installed")
        pytest.skip("chromium is not installed")
    (tmp_path / "report.html").write_text(html(judged()))
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    quiet = [
        "--disable-component-update",
        "--disable-sync",
        "--virtual-time-budget=4000",
        f"--user-data-dir={tmp_path / 'profile'}",
    ]
    told = subprocess.run(
        [browser, *flags, *quiet, "--dump-dom", (tmp_path / "report.html").as_uri()],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    assert "<title>NO-GO: llm-outage</title>" in told.stdout
    assert told.stdout.count("<svg") == 2


def _library() -> str:
    from importlib.resources import files

    return files("pocchaos.report").joinpath("vendor/echarts/echarts.min.js").read_text("utf-8")
