"""The mark of a run, in the environment of everything that it starts: so its processes are found, whoever asks."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from pocchaos.model.undo import MARK


@contextmanager
def marked(run: str) -> Iterator[None]:
    """What is started within carries the mark of this run."""
    before = os.environ.get(MARK)
    os.environ[MARK] = f"{run}/part"
    try:
        yield
    finally:
        if before is None:
            del os.environ[MARK]
        else:
            os.environ[MARK] = before
