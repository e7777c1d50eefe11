"""A stand of a test's own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pocchaos.stand.spec import StandSpec
from tests.stand.running import Running, one, running

Start = Callable[..., Running]


@pytest.fixture
def start_stand(tmp_path: Path) -> Iterator[Start]:
    """Start a stand; by default one fast simulated upstream called `llm`."""
    with ExitStack() as stack:

        def start(**spec: Any) -> Running:
            return stack.enter_context(running(tmp_path, StandSpec(**{"upstreams": one(), **spec})))

        yield start


@pytest.fixture
def stand(start_stand: Start) -> Running:
    """A stand with one fast simulated upstream; requests are joined by `x-request-id`."""
    return start_stand(correlate="x-request-id")


@pytest.fixture(scope="module")
def one_stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The same, for all tests of a module: each uses names of its own."""
    with running(tmp_path_factory.mktemp("stand"), StandSpec(upstreams=one(), correlate="x-request-id")) as stand:
        yield stand
