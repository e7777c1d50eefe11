"""The real upstreams of the foreign POC: an LLM over HTTP and a line-based database over TCP, in this process."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Llm(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        data = json.dumps({"text": f"the fact of {asked['prompt']}"}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *words: object) -> None:
        return


class _Database(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(b"row " + line)


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *words: object) -> None:
        return  # a fault cut the connection: that is the point


class _TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def handle_error(self, *words: object) -> None:
        return


@contextmanager
def llm() -> Iterator[str]:
    """`http://host:port` of an LLM that tells the fact of what it is asked."""
    with _serving(_HttpServer(("127.0.0.1", 0), _Llm)) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def database() -> Iterator[str]:
    """`tcp://host:port` of a database that answers each line with a row."""
    with _serving(_TcpServer(("127.0.0.1", 0), _Database)) as port:
        yield f"tcp://127.0.0.1:{port}"


@contextmanager
def _serving(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
