"""Free ports for listeners that must be able to come back to the same port."""

import random
import socket
from pathlib import Path

_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 10_000
_TRIES = 50


def free_port(host: str) -> int:
    """A port on `host` that nobody listens on now.

    A proxy that is switched off gives its port back. A port from the kernel's ephemeral range could then become the
    source port of any outgoing connection, the load's own above all, and the proxy could not be switched on again.
    So the port is drawn from below that range; where there is no room, the kernel chooses.
    """
    highest = _first_ephemeral_port()
    for port in random.sample(range(_LOWEST, highest), _TRIES) if highest > _LOWEST + _TRIES else ():
        if _is_free(host, port):
            return port
    with socket.socket(_family(host), socket.SOCK_STREAM) as chosen_by_kernel:
        chosen_by_kernel.bind((host, 0))
        return int(chosen_by_kernel.getsockname()[1])


def _first_ephemeral_port() -> int:
    try:
        return int(_EPHEMERAL.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return 32_768 if not _EPHEMERAL.exists() else _LOWEST


def _is_free(host: str, port: int) -> bool:
    with socket.socket(_family(host), socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Go's listeners do
        try:
            trial.bind((host, port))
        except OSError:
            return False
    return True


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
