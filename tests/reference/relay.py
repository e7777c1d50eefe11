"""A TCP relay that can fall silent: bytes are taken and go nowhere, as behind a firewall that drops packets."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit


class Relay:
    """`silent` says whether bytes are passed on."""

    def __init__(self, origin_port: int) -> None:
        self.silent = False
        self.port = 0
        self._origin_port = origin_port

    async def serve(self, ready: threading.Event, stop: asyncio.Event) -> None:
        tasks: set[asyncio.Task[None]] = set()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            out_reader, out_writer = await asyncio.open_connection("127.0.0.1", self._origin_port)
            try:
                await asyncio.gather(self._pump(reader, out_writer), self._pump(out_reader, writer))
            finally:
                writer.close()
                out_writer.close()
                tasks.discard(task)

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await stop.wait()
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if not self.silent:
                writer.write(data)
                await writer.drain()
        writer.close()


@contextmanager
def relayed(url: str) -> Iterator[tuple[Relay, str]]:
    """A relay before the server of a URL, and the URL through it."""
    parts = urlsplit(url)
    assert parts.port is not None
    relay = Relay(parts.port)
    ready, loop, stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(relay.serve(ready, stop)))
    thread.start()
    try:
        assert ready.wait(5)
        yield relay, urlunsplit(parts._replace(netloc=parts.netloc.replace(str(parts.port), str(relay.port))))
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=5)
        loop.close()
