"""`run_dir(...)`: a run directory on disk, as a recording leaves it (words in `builders`)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pocchaos.files.rundir import RunDirectory
from tests.judging.builders import Stretch, write_run

RunDir = Callable[..., RunDirectory]


@pytest.fixture
def run_dir(tmp_path: Path) -> RunDir:
    """Write a run of these stages; see `builders.write_run`."""

    def build(*stretches: Stretch, **said: Any) -> RunDirectory:
        return write_run(tmp_path, stretches, **said)

    return build
