"""Small real servers behind the proxy, and the client's side of a connection, both with what they saw and when."""

import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

PATIENCE = 10.0


@dataclass
class Seen:
    """What one side of a connection received, and how and when it ended (monotonic seconds)."""

    pieces: list[bytes] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    ended: str = ""  # "fin" or "rst"
    ended_at: float = 0.0

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces)


Serve = Callable[[socket.socket, Seen], None]


class Origin:
    """A TCP server on port 0; `serve` talks on each connection, what it received is in `seen`."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self.seen: list[Seen] = []
        self._threads[0].start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def only(self) -> Seen:
        """What the one connection saw, once it is there."""
        wait_until(lambda: len(self.seen) == 1, "one connection at the origin")
        return self.seen[0]

    def full(self) -> bool:
        """Whether the one connection can take no more bytes for half a second: nobody reads at the other end."""
        wait_until(lambda: len(self._connections) == 1, "one connection at the origin")
        writable = time.monotonic()
        deadline = writable + PATIENCE
        while time.monotonic() - writable < 0.5 and time.monotonic() < deadline:
            _, ready, _ = select.select([], [self._connections[0]], [], 0.05)
            writable = time.monotonic() if ready else writable
        return time.monotonic() < deadline

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(PATIENCE)
            self._connections.append(connection)
            self.seen.append(seen := Seen())
            thread = threading.Thread(target=self._talk, args=(connection, seen))
            self._threads.append(thread)
            thread.start()

    def _talk(self, connection: socket.socket, seen: Seen) -> None:
        with connection, suppress(OSError):
            self._serve(connection, seen)

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)


def echo(connection: socket.socket, seen: Seen) -> None:
    """Every byte comes back."""
    for piece in _pieces(connection, seen):
        connection.sendall(piece)


def sink(connection: socket.socket, seen: Seen) -> None:
    """Every byte is swallowed."""
    for _ in _pieces(connection, seen):
        pass


def gift(content: bytes) -> Serve:
    """The first bytes of the client are answered with `content`, and the connection closed."""

    def serve(connection: socket.socket, seen: Seen) -> None:
        seen.pieces.append(connection.recv(65_536))
        connection.sendall(content)

    return serve


def _pieces(connection: socket.socket, seen: Seen) -> Iterator[bytes]:
    while True:
        try:
            piece = connection.recv(65_536)
        except ConnectionResetError:
            seen.ended = "rst"
            break
        if not piece:
            seen.ended = "fin"
            break
        seen.at.append(time.monotonic())
        seen.pieces.append(piece)
        yield piece
    seen.ended_at = time.monotonic()


@contextmanager
def connected(address: tuple[str, int]) -> Iterator[socket.socket]:
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connection


def until_end(connection: socket.socket) -> Seen:
    """Everything that still comes, until the other side ends the connection."""
    seen = Seen()
    for _ in _pieces(connection, seen):
        pass
    return seen


def exactly(connection: socket.socket, size: int) -> bytes:
    """So many bytes; raises EOFError where the connection ends before."""
    content = b""
    while len(content) < size:
        if not (piece := connection.recv(size - len(content))):
            raise EOFError(f"{len(content)} of {size} bytes")
        content += piece
    return content


def round_trip(connection: socket.socket, content: bytes = b"ping") -> float:
    """Seconds until an echo of `content` is back."""
    began = time.monotonic()
    connection.sendall(content)
    assert exactly(connection, len(content)) == content
    return time.monotonic() - began


def silent_for(connection: socket.socket, seconds: float) -> bool:
    """Whether nothing at all comes for so long."""
    connection.settimeout(seconds)
    try:
        return not isinstance(connection.recv(1), bytes)
    except TimeoutError:
        return True
    finally:
        connection.settimeout(PATIENCE)


def wait_until(holds: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, f"waited {patience:g} s in vain for: {what}"
        time.sleep(0.005)
