"""In CI a skip is a failure, because it hides a part that is missing there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]

SKIPS = {
    "in a test": "def test_it(): pytest.skip('no chromium here')",
    "by a mark": "@pytest.mark.skipif(True, reason='no java here')\ndef test_it(): pass",
    "while collecting": "pytest.importorskip('no_such_module_anywhere')\ndef test_it(): pass",
    "in a fixture": "@pytest.fixture\ndef part(): pytest.skip('no part')\ndef test_it(part): pass",
}
ALLOWED = {
    "shared data": "def test_it(): pytest.skip('the shared data sets are not here')",
    "expected failure": "@pytest.mark.xfail(strict=True)\ndef test_it(): assert False",
    "nothing skipped": "def test_it(): pass",
}


def pytest_ends_with(folder: Path, body: str, *, no_skip: str) -> int:
    (folder / "test_it.py").write_text(f"import pytest\n{body}\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-c", os.devnull, "--rootdir", str(folder)]
    environ = os.environ | {"POCCHAOS_NO_SKIP": no_skip, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run([*command, str(folder)], env=environ, cwd=folder, capture_output=True, check=False).returncode


@pytest.mark.parametrize("body", SKIPS.values(), ids=SKIPS.keys())
def test_with_no_skip_a_skipped_test_fails(tmp_path: Path, body: str) -> None:
    assert pytest_ends_with(tmp_path, body, no_skip="1") in {1, 2}


@pytest.mark.parametrize("body", ALLOWED.values(), ids=ALLOWED.keys())
def test_what_is_no_missing_part_is_let_through(tmp_path: Path, body: str) -> None:
    assert pytest_ends_with(tmp_path, body, no_skip="1") == 0


def test_for_a_developer_a_skip_is_a_skip(tmp_path: Path) -> None:
    assert pytest_ends_with(tmp_path, SKIPS["in a test"], no_skip="") == 0
