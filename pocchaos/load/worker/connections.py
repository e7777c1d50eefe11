"""Connections to the target, kept alive and never trusted blindly.

There are no hidden retries, so a connection that died while it lay idle must be noticed before a request is put on
it: each is looked at (one system call) before reuse, and none is reused that has lain idle for long. Servers close
idle connections after 2 s (gunicorn), 5 s (uvicorn, Node, Apache) or more; the race that remains in between is the
caller's in real life too, and the sample says that its connection was used.
"""

import errno
import ssl
from collections import deque
from time import monotonic_ns
from typing import Any, Final

from gevent import socket as green
from gevent.ssl import SSLContext

from pocchaos.exchange.request import Origin
from pocchaos.model.errors import LoadError

IDLE_LIMIT: Final = 1_500_000_000  # ns that a connection may have lain idle: below every common keep-alive time

UNREACHABLE: Final = frozenset(
    {errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT, errno.EHOSTDOWN}
)
OURS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM})


class Connection:
    """One socket, and since when it lies idle."""

    __slots__ = ("idle_since", "rested", "sock", "used")

    def __init__(self, sock: Any) -> None:
        self.sock = sock
        self.used = 0  # responses that it has carried
        self.idle_since = 0  # ns
        self.rested = 0  # ns that it lay idle before its present request

    def close(self) -> None:
        """Close it; whatever state it is in."""
        try:
            self.sock.close()
        except OSError:
            return


class Connections:
    """The idle connections to one origin, the last used first."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._addresses = _resolve(origin)
        self._context = _context() if origin.tls else None
        self._idle: deque[Connection] = deque()
        self.opened = 0

    def take(self) -> Connection:
        """An idle connection that is still open, else a new one. Raises OSError where none can be had."""
        now = monotonic_ns()
        while self._idle:
            connection = self._idle.pop()
            connection.rested = now - connection.idle_since
            if connection.rested < IDLE_LIMIT and _is_open(connection.sock, tls=self._origin.tls):
                return connection
            connection.close()
        return Connection(self._open())

    def give(self, connection: Connection) -> None:
        """Keep it for the next request; one that has lain idle too long is closed in its stead."""
        now = monotonic_ns()
        connection.used += 1
        connection.idle_since = now
        self._idle.append(connection)
        if now - self._idle[0].idle_since > IDLE_LIMIT:  # after a burst, those beneath are never taken again
            self._idle.popleft().close()

    def close(self) -> None:
        """Close what lies idle."""
        while self._idle:
            self._idle.pop().close()

    def _open(self) -> Any:
        error: OSError | None = None
        for number, (family, address) in enumerate(self._addresses):
            sock = green.socket(family, green.SOCK_STREAM)
            try:
                sock.setsockopt(green.IPPROTO_TCP, green.TCP_NODELAY, 1)
                sock.connect(address)
                if self._context is not None:
                    sock = self._context.wrap_socket(sock, server_hostname=self._origin.host)
            except OSError as failed:
                sock.close()
                error = error or failed
            except BaseException:
                sock.close()
                raise
            else:
                if number:  # the one that answers is tried first from now on
                    self._addresses.insert(0, self._addresses.pop(number))
                self.opened += 1
                return sock
        assert error is not None
        raise error


def _is_open(sock: Any, *, tls: bool) -> bool:
    """Whether an idle connection is silent and open: an end, a reset or stray bytes all make it useless."""
    try:
        seen = sock._sock.recv(1, green.MSG_PEEK)  # gevent's own method would wait for bytes
    except BlockingIOError:
        return True
    except OSError:
        return False
    return tls and bool(seen)  # TLS 1.3 sends session tickets when it likes


def _resolve(origin: Origin) -> list[tuple[int, Any]]:
    try:
        found = green.getaddrinfo(origin.host, origin.port, 0, green.SOCK_STREAM)
    except OSError as error:
        raise LoadError(f"the target's host {origin.host!r} cannot be resolved: {error}") from None
    return [(family, address) for family, _, _, _, address in found]


def _context() -> SSLContext:
    context = SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()
    return context
