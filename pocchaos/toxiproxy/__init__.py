"""The real toxiproxy-server: found or built, started, and told what to do.

`find_server` gives the binary, `start` a running server as a `Proxies`, through which every fault of Toxiproxy
is put on and taken off, each change read back from the server.
"""

from pocchaos.toxiproxy.binary import find_server
from pocchaos.toxiproxy.proxies import Address, Proxies
from pocchaos.toxiproxy.server import start

__all__ = ["Address", "Proxies", "find_server", "start"]
