"""Small real origins: each connection runs a function of ours in a thread of its own."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tests.stand.running import hear

RESET = b"\1\0\0\0\0\0\0\0"  # SO_LINGER: on, 0 s

Serve = Callable[[socket.socket], None]


@contextmanager
def serving(serve: Serve) -> Iterator[int]:
    """A TCP server on the loopback; its port."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=256)
    threads: list[threading.Thread] = []
    opened: list[socket.socket] = []

    def one(sock: socket.socket) -> None:
        with sock, suppress(OSError, AssertionError):
            serve(sock)

    def accept() -> None:
        while True:
            try:
                sock, _ = listening.accept()
            except OSError:
                return
            sock.settimeout(20)
            opened.append(sock)
            threads.append(threading.Thread(target=one, args=(sock,)))
            threads[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        acceptor.join(5)
        for sock in opened:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(5)


@contextmanager
def answering(reply: bytes, heard: list[bytes] | None = None) -> Iterator[int]:
    """An HTTP origin that gives these bytes for each request and closes; what it heard goes to `heard`."""

    def serve(sock: socket.socket) -> None:
        head = hear(sock, b"\r\n\r\n")
        named = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n\r\n")[0].split(b"\r\n")[1:])
        if b"content-length" in named:
            want = head.index(b"\r\n\r\n") + 4 + int(named[b"content-length"])
            while len(head) < want:
                head += sock.recv(65_536)
        elif b"transfer-encoding" in named and not head.endswith(b"0\r\n\r\n"):
            head += hear(sock, b"0\r\n\r\n")
        if heard is not None:
            heard.append(head)
        sock.sendall(reply)

    with serving(serve) as port:
        yield port


def closed_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port
