"""A toxiproxy-server that others use too: one run of pocchaos at a time, and afterwards it is as it was."""

from typing import Final

from pocchaos.model.errors import InUseError
from pocchaos.model.undo import Owner
from pocchaos.model.units import Seconds
from pocchaos.toxiproxy.adapter import ControlAPI, Patience

LOCK: Final = "pocchaos-lock"
_BOUNDED: Final = Patience(each=Seconds(1.0), whole=Seconds(3.0), pause=Seconds(0.05))


def prefix_of(run: str) -> str:
    """How the names of everything that this run makes on a server begin."""
    return f"pocchaos-{run}-"


def lock(api: ControlAPI, run: str, owner: Owner) -> None:
    """Claim the server for this run; raises InUseError with the owner's name where another has it."""
    ours = f"{run} of {owner.user}@{owner.host}, process {owner.pid}"
    theirs = api.claim(LOCK, note=ours)
    if theirs != ours:
        raise InUseError(
            f"the toxiproxy-server at {api.host}:{api.port} is in use by run {theirs}: wait for it; if it has died, "
            f"`pocchaos recover` on its machine sets the server free (or remove its proxy {LOCK})"
        )


def unlock(api: ControlAPI, run: str) -> bool:
    """Give the server back; False where it is not this run's."""
    claimed = api.proxy(LOCK)
    if claimed is None or not claimed.upstream.startswith(f"{run} of "):
        return False
    api.delete_proxy(LOCK)
    return True


def clear(host: str, port: int, *, run: str) -> tuple[str, ...]:
    """Remove a run's proxies, and its lock; returns their names. Raises ToxiproxyError within seconds."""
    api = ControlAPI(host, port, patience=_BOUNDED)
    names = tuple(proxy.name for proxy in api.proxies() if proxy.name.startswith(prefix_of(run)))
    for name in names:
        api.delete_proxy(name)
    unlock(api, run)
    return names
