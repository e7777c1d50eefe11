"""A real toxiproxy-server with one proxy, `link`, in front of a small real origin."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from pydantic import TypeAdapter

from pocchaos.faults import AnyToxic, Down, Fault
from pocchaos.toxiproxy import Address, Proxies, start
from tests.toxiproxy.origins import Origin, Serve


class Link(Protocol):
    """Opens a proxy in front of a fresh origin; `link` is the upstream's name."""

    def __call__(self, serve: Serve) -> tuple[Address, Origin]: ...


@pytest.fixture
def proxies(tmp_path: Path, toxiproxy_server: Path) -> Iterator[Proxies]:
    del toxiproxy_server  # found or built once, outside the time of any one test
    with start(log=tmp_path / "toxiproxy.log", say=print) as running:
        yield running


@pytest.fixture
def link(proxies: Proxies) -> Iterator[Link]:
    origins: list[Origin] = []

    def opened(serve: Serve) -> tuple[Address, Origin]:
        origins.append(origin := Origin(serve))
        return proxies.create("link", listen="127.0.0.1:0", origin=origin.address), origin

    yield opened
    for origin in origins:
        origin.close()


def toxic(type_: str, *, stream: str = "downstream", toxicity: Any = 1.0, **attributes: str) -> AnyToxic:
    """A toxic on `link`, its attributes as a scenario file writes them."""
    fault = TypeAdapter[Any](Fault).validate_python(
        {"type": type_, "upstream": "link", "stream": stream, "toxicity": toxicity, "attributes": attributes}
    )
    assert not isinstance(fault, Down)
    return fault  # type: ignore[no-any-return]
