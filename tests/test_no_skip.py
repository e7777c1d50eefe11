"""In CI a skip is a failure, because it hides a part that is missing there."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import pytest

REPOSITORY = Path(__file__).parents[1]

SKIPS: Final = {
    "in_a_test": "def test_it(): pytest.skip('no chromium here')",
    "by_a_mark": "@pytest.mark.skipif(True, reason='no java here')\ndef test_it(): pass",
    "while_collecting": "pytest.importorskip('no_such_module_anywhere')\ndef test_it(): pass",
    "in_a_fixture": "@pytest.fixture\ndef part(): pytest.skip('no part')\ndef test_it(part): pass",
}
ALLOWED: Final = {
    "shared_data": "def test_it(): pytest.skip('the shared data sets are not here')",
    "expected_failure": "@pytest.mark.xfail(strict=True)\ndef test_it(): assert False",
    "nothing_skipped": "def test_it(): pass",
}

Became = Callable[[str], str]


def became_with(no_skip: str, folder: Path) -> Became:
    """What pytest made of each of them, all run at once in a pytest of its own: `passed`, `skipped`, `failure`, …"""
    for name, body in (SKIPS | ALLOWED).items():
        (folder / f"test_{name}.py").write_text(f"import pytest\n{body}\n")
    results = folder / "results.xml"
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "--continue-on-collection-errors"),
            *("-c", os.devnull, "--rootdir", folder, f"--junit-xml={results}", folder),
        ],
        env={
            **os.environ,
            "POCCHAOS_NO_SKIP": no_skip,
            "PYTHONPATH": str(REPOSITORY),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert results.exists(), ended.stdout + ended.stderr
    found = {
        f"{case.get('classname')}{case.get('name')}": next((child.tag for child in case), "passed")
        for case in ET.parse(results).iter("testcase")
    }
    assert len(found) == len(SKIPS | ALLOWED), found
    assert ended.returncode == (1 if {"failure", "error"} & set(found.values()) else 0), ended.stdout
    return lambda name: next(what for where, what in found.items() if name in where)


@pytest.fixture(scope="module")
def in_ci(tmp_path_factory: pytest.TempPathFactory) -> Became:
    return became_with("1", tmp_path_factory.mktemp("ci"))


@pytest.fixture(scope="module")
def at_a_desk(tmp_path_factory: pytest.TempPathFactory) -> Became:
    return became_with("", tmp_path_factory.mktemp("desk"))


@pytest.mark.parametrize("name", SKIPS)
def test_with_no_skip_a_skipped_test_fails(in_ci: Became, name: str) -> None:
    assert in_ci(name) in {"failure", "error"}


@pytest.mark.parametrize(
    ("name", "what"), [("shared_data", "skipped"), ("expected_failure", "skipped"), ("nothing_skipped", "passed")]
)
def test_what_is_no_missing_part_is_let_through(in_ci: Became, name: str, what: str) -> None:
    assert in_ci(name) == what


@pytest.mark.parametrize("name", SKIPS)
def test_for_a_developer_a_skip_is_a_skip(at_a_desk: Became, name: str) -> None:
    assert at_a_desk(name) == "skipped"
