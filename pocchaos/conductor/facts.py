"""What a run must be able to tell of itself later: versions, hashes, machine, clocks."""

import hashlib
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pocchaos import __version__
from pocchaos.files.processes import boot
from pocchaos.scenario.language import Scenario

_PACKAGES = ("locust", "gevent", "geventhttpclient", "hdrhistogram", "polars", "pydantic", "toxiproxy-python")


def machine() -> dict[str, Any]:
    """The host: system, processor count, memory, boot id."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "boot_id": boot() or None,
    }


def versions() -> dict[str, str]:
    """Our own version, Python's, and those of the parts that decide figures."""
    return {"pocchaos": __version__, "python": sys.version.split()[0], **{name: version(name) for name in _PACKAGES}}


def hashes(scenario: Scenario, text: str, plan: bytes, folder: Path) -> dict[str, str]:
    """sha256 of the merged scenario, the plan, and each input file."""
    files = sorted({entry.file for entry in scenario.inputs if entry.file})
    return {
        "scenario": hashlib.sha256(text.encode()).hexdigest(),
        "plan": hashlib.sha256(plan).hexdigest(),
        **{f"inputs:{name}": hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files},
    }


def commit(folder: Path) -> str | None:
    """The git commit of the scenario's repository; None outside one."""
    try:
        told = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "HEAD"],  # noqa: S607 - git as the user has it
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return told.stdout.strip() or None


def clocks() -> dict[str, Any]:
    """Monotonic and wall clock, read together."""
    return {"monotonic_us": time.monotonic_ns() // 1_000, "wall": datetime.now(UTC).isoformat()}
