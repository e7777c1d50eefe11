"""A control API that is a real HTTP server but does not tell the truth, or tells nothing."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, bytes]
Lie = Callable[[str, str, Any], Answer | None]  # method, path, body; None: never answer


@contextmanager
def control_api(lie: Lie) -> Iterator[tuple[int, list[str]]]:
    """Its port, and the requests that it saw (`POST /proxies`)."""
    seen: list[str] = []
    released = threading.Event()

    class Asked(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            seen.append(f"{self.command} {self.path}")
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            answer = lie(self.command, self.path, body)
            if answer is None:
                released.wait(30)
                self.close_connection = True
                return
            status, content = answer
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815 -- the names that http.server looks for

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1], seen
    finally:
        released.set()
        server.shutdown()
        thread.join(10)
        server.server_close()


def honest() -> Lie:
    """A server with one proxy that does as it is told, and remembers it; of toxics it remembers nothing."""
    proxy = {"name": "p", "listen": "127.0.0.1:20001", "upstream": "127.0.0.1:9", "enabled": True, "toxics": []}

    def told(method: str, path: str, body: Any) -> Answer:
        del method
        proxy.update(body or {})
        return 200, b'{"version": "2.12.0"}' if path.endswith("/version") else json.dumps(proxy).encode()

    return told
