"""The upstreams: what they really are, and where Toxiproxy listens for them."""

import re
from collections.abc import Iterator
from typing import Final

from pocchaos.scenario.draft import Draft
from pocchaos.scenario.finding import Finding, shown
from pocchaos.scenario.language import Scenario, Upstream
from pocchaos.scenario.rules.base import address, is_loopback, is_wildcard, no_port, twice

_NAME: Final = re.compile(r"[A-Za-z_][\w-]*")
_HTTP: Final = re.compile(r"http://(\[[0-9A-Fa-f:]+\]|[\w.-]+)(:\d{1,5})?(/[^\s?#]*)?")


def upstreams(draft: Draft) -> Iterator[Finding]:
    """Everything under `upstreams`."""
    listens = []
    for piece in draft.upstreams:
        if piece.name is not None and not _NAME.fullmatch(piece.name):
            said = f"{shown(piece.name)} cannot stand in ${{upstreams.NAME.url}}: use letters, digits, _ and -"
            yield Finding(where=piece.where, message=said)
        if piece.value is None:
            continue
        upstream: Upstream = piece.value
        if isinstance(upstream.origin, str):
            yield from _origin(piece.where, upstream.origin)
        found = address(upstream.listen)
        if found is None:
            said = f"{shown(upstream.listen)} is not an address to listen on: write one such as 127.0.0.1:18001"
            yield Finding(where=(*piece.where, "listen"), message=said)
        elif found[1]:
            listens.append(((*piece.where, "listen"), str(found[1])))
        if not upstream.relay and not is_tcp(upstream):
            said = "false is for tcp:// origins only, since http is always counted: delete it"
            yield Finding(where=(*piece.where, "relay"), message=said)
    yield from twice(listens, "port", "give each upstream its own, or 0 for a free one")


def is_tcp(upstream: Upstream) -> bool:
    """Whether the upstream speaks bytes, not HTTP, as far as we know."""
    return isinstance(upstream.origin, str) and upstream.origin.startswith("tcp://")


def wildcard_listens(scenario: Scenario) -> tuple[tuple[str, str], ...]:
    """(path, address) of every upstream that would listen on every network; a run needs leave for it."""
    found = []
    for name, upstream in scenario.upstreams.items():
        parts = address(upstream.listen)
        if parts is not None and not is_loopback(parts[0]):
            found.append((f"upstreams.{name}.listen", upstream.listen))
    return tuple(found)


def remote_origins(scenario: Scenario) -> tuple[tuple[str, str], ...]:
    """(path, origin) of every upstream whose real origin is on another machine: calls may cost money there."""
    found = []
    for name, upstream in scenario.upstreams.items():
        host = _host(upstream.origin) if isinstance(upstream.origin, str) else None
        if host is not None and not is_loopback(host) and not is_wildcard(host):
            found.append((f"upstreams.{name}.origin", str(upstream.origin)))
    return tuple(found)


def _host(origin: str) -> str | None:
    found = re.match(r"\w+://(\[[^\]]+\]|[^:/]+)", origin)
    return found[1].strip("[]") if found else None


def _origin(where: tuple[str | int, ...], origin: str) -> Iterator[Finding]:
    if origin.startswith("tcp://"):
        if (found := address(origin.removeprefix("tcp://"))) is None or found[1] == 0:
            said = f"{shown(origin)} is not an origin: write host and port, such as tcp://127.0.0.1:5432"
            yield Finding(where=(*where, "origin"), message=said)
    elif not _HTTP.fullmatch(origin):
        said = f"{shown(origin)} is not an origin: write http://host:port, tcp://host:port or {{simulate: openai}}"
        yield Finding(where=(*where, "origin"), message=said)
    else:
        yield from no_port((*where, "origin"), origin)
