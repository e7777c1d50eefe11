"""What templates can name in one run: `${upstreams.*}`, `${run.*}`, and each tenant's canaries."""

import base64
import hashlib
import secrets
import socket
import sys
from collections.abc import Mapping

from pocchaos.scenario.language import Scenario, Tenant


def token() -> str:
    """A short id that no other run has: ten hexadecimal digits."""
    return secrets.token_hex(5)


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def upstream_names(scenario: Scenario, addresses: Mapping[str, tuple[str, int]]) -> dict[str, dict[str, object]]:
    """`${upstreams.NAME.url/.host/.port}`: where Toxiproxy listens for each."""
    names: dict[str, dict[str, object]] = {}
    for name in scenario.upstreams:
        host, port = addresses[name]
        shown = "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 - read, not bound
        names[name] = {"url": f"http://{shown}:{port}", "host": shown, "port": port}
    return names


def run_names(run: str) -> dict[str, object]:
    """`${run.id}`, `${run.port}` (a free port) and `${run.python}` (the interpreter that runs pocchaos)."""
    return {"id": run, "port": free_port(), "python": sys.executable}


def canaries(tenant: Tenant, run: str) -> dict[str, tuple[str, ...]]:
    """Each surface's canaries; `auto` is 65 bits that nobody else can know, different in each run."""
    return {
        surface: (_auto(run, tenant.name, surface),) if given == "auto" else tuple(given)
        for surface, given in tenant.canaries.items()
    }


def _auto(run: str, tenant: str, surface: str) -> str:
    digest = hashlib.sha256(f"{run}/{tenant}/{surface}".encode()).digest()
    return "c" + base64.b32encode(digest)[:13].decode().lower()
