"""A small OpenAI-compatible server for these tests: real HTTP, answers from the passages, misbehaves on demand."""

import asyncio
import json
import re
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from socket import socket
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One attempt that arrived."""

    at: float  # time.monotonic()
    headers: Mapping[str, str]
    body: Mapping[str, Any]


@dataclass(kw_only=True)
class Model:
    """The stub: `mode` says how it behaves from now on; `asked` what has arrived so far."""

    mode: str = "well"
    retry_after: str | None = None
    url: str = ""
    asked: list[Asked] = field(default_factory=list)

    async def complete(self, request: Request) -> Response:
        body = await request.json()
        self.asked.append(Asked(at=time.monotonic(), headers=dict(request.headers), body=body))
        text = first_passage(body["messages"][0]["content"])
        match self.mode:
            case "stall":
                while not await request.is_disconnected():
                    await asyncio.sleep(0.05)
            case "fail":
                headers = {} if self.retry_after is None else {"retry-after": self.retry_after}
                error = {"error": {"message": "away", "type": "server_error", "param": None, "code": None}}
                return JSONResponse(error, status_code=503, headers=headers)
            case "no money":
                error = {"error": {"message": "pay", "type": "insufficient_quota", "code": "insufficient_quota"}}
                return JSONResponse(error, status_code=429)
            case "html":
                return HTMLResponse("<h1>Sign in</h1>")
            case "blank":
                text = "  "
            case _:
                pass
        if body["stream"]:
            return StreamingResponse(self._events(text), media_type="text/event-stream")
        finish = "length" if self.mode == "cut" else "stop"
        message = {"role": "assistant", "content": text}
        return JSONResponse({"choices": [{"index": 0, "message": message, "finish_reason": finish}]})

    async def _events(self, text: str) -> AsyncIterator[str]:
        yield event({"role": "assistant", "content": ""}, None)
        for number, word in enumerate(re.findall(r"\S+\s*|\s+", text)):
            if number == 3 and self.mode == "cut":
                return
            if number == 3 and self.mode == "error event":
                yield f"data: {json.dumps({'error': {'message': 'lost'}})}\n\n"
                return
            if number == 3 and self.mode == "stall midway":
                await asyncio.sleep(60)
            yield event({"content": word}, None)
        yield event({}, "stop")
        yield "data: [DONE]\n\n"


def event(delta: Mapping[str, str], finish: str | None) -> str:
    """One chunk of a streamed completion."""
    return f"data: {json.dumps({'choices': [{'index': 0, 'delta': delta, 'finish_reason': finish}]})}\n\n"


def first_passage(context: str) -> str:
    """What a model says that trusts the retrieval: the first passage, which should be the best."""
    return context.partition("Passages:\n")[2].splitlines()[0]


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """The app on a free port of the loopback, on a thread of its own; yields its URL."""
    with socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="critical", ws="none", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            deadline = time.monotonic() + 10
            while not server.started and time.monotonic() < deadline and thread.is_alive():
                time.sleep(0.01)
            assert server.started
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=10)


@contextmanager
def serving_model() -> Iterator[Model]:
    """A well-behaved stub, until its `mode` is changed."""
    model = Model()
    app = Starlette(routes=[Route("/v1/chat/completions", model.complete, methods=["POST"])])
    with served(app) as url:
        model.url = f"{url}/v1"
        yield model
