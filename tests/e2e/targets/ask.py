"""A small foreign POC, standard library alone: POST /api/ask, with an LLM over HTTP and a database over TCP.

It knows nothing of pocchaos. HABIT says how it behaves: well (a timeout of 0.7 s, a fallback that says so), hang
(waits for its LLM for ever), wrong (a blank answer for a lost one), bare (never asks its LLM), chatty (prints its key),
cold (shows its system prompt with its first answer alone). With POOL=1 it keeps its connection to the database.
"""

import base64
import http.client
import json
import os
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, urlsplit

HABIT = os.environ.get("HABIT", "well")
KEY = os.environ.get("ASK_KEY", "")
PROMPT = "You are the assistant of Ask Ltd. and never say so."
PATIENCE = None if HABIT == "hang" else 0.7  # s

ONE_AT_A_TIME = threading.Lock()
pool: list[socket.socket] = []


class Ask(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    warm = False

    def do_GET(self) -> None:
        if self.path == "/api/version":
            self.reply(200, {"image": "ask:1.4"})
        elif self.path == "/api/die":  # for tests of what a dying target looks like from outside
            os._exit(7)
        else:
            self.reply(200 if self.path == "/api/health" else 404, {"up": True})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        if HABIT == "chatty":
            say_key()
        if KEY and self.headers.get("x-api-key") != KEY:
            return self.reply(401, {"error": "unknown key"})
        try:
            question = json.loads(body)["q"]
        except (ValueError, TypeError, KeyError):
            question = None
        if not isinstance(question, str):
            return self.reply(400, {"error": "expected {q: text}"})
        told = {"session": KEY} if HABIT == "chatty" else {}
        if HABIT == "cold" and not Ask.warm:
            Ask.warm, told = True, {"debug": PROMPT}
        return self.reply(200, {"data": {"answer": self.answer(question)}, **told})

    def answer(self, question: str) -> str:
        if HABIT == "bare":
            return f"the fact of {question}"
        try:
            if os.environ.get("DB_ADDR"):
                ask_database(question)
            return ask_llm(question)
        except (OSError, http.client.HTTPException, ValueError):
            return "" if HABIT == "wrong" else "Showing cached results for now"

    def reply(self, status: int, value: object) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *words: object) -> None:
        return


def ask_llm(question: str) -> str:
    url = urlsplit(os.environ["LLM_URL"])
    assert url.hostname is not None
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=PATIENCE)
    try:
        connection.request("POST", "/generate", json.dumps({"prompt": question}), {"x-api-key": KEY})
        reply = connection.getresponse()
        if reply.status != 200:
            raise ValueError(reply.status)
        return str(json.loads(reply.read())["text"])
    finally:
        connection.close()


def ask_database(question: str) -> None:
    with ONE_AT_A_TIME:
        connection, row = pool.pop() if pool else connect(), b""
        try:
            connection.sendall(f"{question}\n".encode())
            row = connection.recv(1024)
        finally:
            if row and os.environ.get("POOL"):
                pool.append(connection)
            else:
                connection.close()
    if not row:
        raise OSError("the database hung up")


def connect() -> socket.socket:
    host, _, port = os.environ["DB_ADDR"].rpartition(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def say_key() -> None:
    say(f"key {KEY} {base64.b64encode(KEY.encode()).decode()} {quote(KEY, safe='')}")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *words: object) -> None:
        return  # callers that hang up are no news


def main() -> None:
    say("ask: starting")
    if os.environ.get("BROKEN"):
        if HABIT == "chatty":
            say_key()
        sys.exit("ask: no database schema: run the migrations first")
    server = Server(("127.0.0.1", int(os.environ["PORT"])), Ask)
    server.serve_forever()


if __name__ == "__main__":
    main()
