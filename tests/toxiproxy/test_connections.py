"""Connections to a port, as the kernel tells them."""

import socket

import pytest

from pocchaos.toxiproxy.connections import connected, lingering
from tests.toxiproxy.origins import wait_until


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_connections_are_counted_while_they_stand_and_linger_when_the_caller_ended_them(
    family: socket.AddressFamily, host: str
) -> None:
    with socket.create_server((host, 0), family=family) as listener:
        port = listener.getsockname()[1]
        assert (connected(port), lingering(port)) == (0, 0)
        callers = [socket.create_connection((host, port)) for _ in range(3)]
        accepted = [listener.accept()[0] for _ in callers]
        assert connected(port) == 3
        callers[0].close()
        accepted[0].close()
        wait_until(lambda: (connected(port), lingering(port)) == (2, 1), "one that lingers")
        for one in (*callers, *accepted):
            one.close()
        wait_until(lambda: connected(port) == 0, "none to stand")
