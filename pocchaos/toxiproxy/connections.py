"""Who is connected to a proxy's port, for upstreams whose counting relay is left out: the kernel is asked."""

from pathlib import Path
from typing import Final

from pocchaos.model.errors import ToxiproxyError

_TABLES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_ESTABLISHED: Final = b"01"
_TIME_WAIT: Final = b"06"


def connected(port: int) -> int:
    """Connections that stand to a listener on this port of this machine, now.

    Raises ToxiproxyError where the system does not tell (it is no Linux).
    """
    return sum(ours == port and state == _ESTABLISHED for ours, _, state in _sockets(port))


def lingering(port: int) -> int:
    """Connections to it that the caller on this machine ended within the last minute."""
    return sum(theirs == port and state == _TIME_WAIT for _, theirs, state in _sockets(port))


def _sockets(port: int) -> list[tuple[int, int, bytes]]:
    """(local port, remote port, state) of every socket that this port is an end of."""
    needle = b":%04X " % port
    found = []
    for table in _TABLES:
        if not table.exists():
            if table is _TABLES[0]:
                raise ToxiproxyError(
                    f"{table} is not there, so connections cannot be seen on this system: leave `relay: true`"
                )
            continue
        for line in table.read_bytes().splitlines():
            if needle in line:  # a busy machine has tens of thousands of lines
                _, local, remote, state, *_ = line.split()
                found.append((_port(local), _port(remote), state))
    return found


def _port(address: bytes) -> int:
    return int(address.rpartition(b":")[2], 16)
