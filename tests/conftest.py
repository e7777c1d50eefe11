"""What every floor's tests may need: the real toxiproxy-server, and no test that is skipped unseen."""

import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from pocchaos.toxiproxy import find_server

SLOW_TIMEOUT = 300  # s
SHARED_DATA = "shared data"  # the one reason to skip that holds everywhere: data that is not part of the project


@pytest.fixture(scope="session")
def toxiproxy_server() -> Path:
    """The binary, found as a run finds it (and built where it must be)."""

    def say(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    return find_server(say=say)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first, each kind in its random order: else the last run while other workers idle.

    They get more time than the others' two minutes, for the first of a file also waits for the runs that all look at.
    """
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SLOW_TIMEOUT))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With POCCHAOS_NO_SKIP=1 a skipped test fails: CI has every part, so a skip hides a missing one."""
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for whole modules that are skipped while they are collected."""
    report = yield
    _refuse_skip(report)
    return report


def _refuse_skip(report: Any) -> None:
    if os.environ.get("POCCHAOS_NO_SKIP") != "1" or not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if SHARED_DATA not in reason:
        report.outcome = "failed"
        report.longrepr = f"skipped, and POCCHAOS_NO_SKIP=1 allows none: {reason}"
