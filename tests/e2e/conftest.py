"""The upstreams of the foreign POC, and one good run that many tests look at."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import origins
from tests.e2e.running import Ended, ran
from tests.e2e.scenarios import quick, write


@pytest.fixture(scope="session")
def llm(toxiproxy_server: Path) -> Iterator[str]:
    """The origin of the upstream `llm`; toxiproxy-server is there from here on."""
    del toxiproxy_server
    with origins.llm() as url:
        yield url


@pytest.fixture(scope="session")
def database() -> Iterator[str]:
    """The origin of the upstream `db`."""
    with origins.database() as url:
        yield url


@pytest.fixture(scope="session")
def good(llm: str, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """A run that went well, with a fault in it."""
    at = tmp_path_factory.mktemp("good")
    return ran("run", write(at, quick(llm)), at=at)
