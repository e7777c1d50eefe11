"""A proof of concept that is not ours: a library's help desk, in the standard library of Python alone.

    POST /ask {"question": "…"} → {"reply": "…"}, from an LLM that is given the catalogue

It knows nothing of pocchaos: it reads PORT and LLM_URL from its environment, as any service does. When the LLM does
not answer within a second and a half, it says so in a header and names the shelf plan by the door instead.
"""

import json
import os
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BOOKS = [json.loads(line) for line in Path(__file__).with_name("catalogue.jsonl").read_text().splitlines()]
CATALOGUE = "\n".join(
    f"- {book['title']}, by {book['author']}, stands on shelf {book['shelf']}; it is due back on {book['due']}."
    for book in BOOKS
)
PATIENCE = 1.5  # s


class Desk(BaseHTTPRequestHandler):
    """One question a request."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Health."""
        self.reply(200 if self.path == "/up" else 404, {"up": True})

    def do_POST(self) -> None:
        """A question; a body that is none is refused readably."""
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        try:
            question = json.loads(body)["question"]
            assert isinstance(question, str)
        except (ValueError, TypeError, KeyError, AssertionError):
            self.reply(400, {"error": 'send {"question": "…"}'})
            return
        try:
            self.reply(200, {"reply": ask_llm(question)})
        except OSError:
            self.reply(200, {"reply": "Please look at the shelf plan by the door."}, {"x-fallback": "shelf-plan"})

    def reply(self, status: int, value: object, headers: dict[str, str] | None = None) -> None:
        """Send JSON."""
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        for name, said in (headers or {}).items():
            self.send_header(name, said)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *words: object) -> None:
        """Silence: a line a request helps nobody here."""


def ask_llm(question: str) -> str:
    """The model's words; raises OSError (as urllib does) where it fails, or takes too long."""
    asked = {
        "model": "gpt-4o-mini",
        "messages": [
            {"role": "system", "content": f"You answer from this catalogue alone.\n\n{CATALOGUE}"},
            {"role": "user", "content": question},
        ],
    }
    request = urllib.request.Request(
        f"{os.environ['LLM_URL']}/v1/chat/completions",
        data=json.dumps(asked).encode(),
        headers={"content-type": "application/json", "authorization": f"Bearer {os.environ.get('LLM_KEY', 'none')}"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return str(json.load(answer)["choices"][0]["message"]["content"])


class Server(ThreadingHTTPServer):
    """A thread a request; callers may queue."""

    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    Server(("127.0.0.1", int(os.environ["PORT"])), Desk).serve_forever()
