"""Which toxiproxy-server we build, which we take, and how a binary tells what it is."""

import re
import subprocess
from pathlib import Path

VERSION = "2.12.0"
OLDEST = (2, 9)

_MODULE = b"github.com/Shopify/toxiproxy/v2\tv"  # as Go writes it into every binary, with the version behind it


def is_ours(binary: Path) -> bool:
    """Whether a whole, runnable toxiproxy-server of our version lies there."""
    return binary.is_file() and tells_version(binary) == VERSION


def tells_version(binary: Path) -> str | None:
    """What `-version` prints, or None where the file cannot be run or is something else."""
    try:
        done = subprocess.run(
            [str(binary), "-version"], capture_output=True, timeout=20, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(rb"toxiproxy-server version ([!-~]+)", done.stdout)
    return found[1].decode("ascii") if found and done.returncode == 0 else None


def is_new_enough(version: str) -> bool | None:
    """Whether `2.12.0`, `v2.9.0-rc1` … is at least the oldest that we know; None where it is no version (`git`)."""
    found = re.match(r"v?(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) >= OLDEST if found else None


def version_of(binary: Path, told: str) -> str | None:
    """The version behind what the binary tells of itself; None where nobody knows (`git`, and no module inside)."""
    return told if is_new_enough(told) is not None else compiled_in(binary)


def compiled_in(binary: Path) -> str | None:
    """The module version that Go wrote into a binary whose own name for its version is only `git`."""
    found = re.search(re.escape(_MODULE) + rb"(\d+\.\d+[^\t\n]*)[\t\n]", binary.read_bytes())
    return found[1].decode("ascii", "replace") if found else None
