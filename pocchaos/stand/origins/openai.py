"""A simulated OpenAI API: chat completions, plain and streamed, and the list of models.

First token and pace come from the scenario; every draw depends on the seed, the upstream and the attempt's
ordinal alone. Malformed calls get the real API's errors.
"""

import json
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from pocchaos.model.reply import AT_ONCE, Chunk, Event, Reply
from pocchaos.model.units import Seconds
from pocchaos.scenario.language import Simulate
from pocchaos.stand.in_force import draw
from pocchaos.stand.origins.answering import answer
from pocchaos.stand.origins.base import Call
from pocchaos.stand.origins.chat import ChatRequest, InvalidCallError, read_chat
from pocchaos.stand.replies import whole

CREATED: Final = 1_700_000_000  # a fixed moment: replies are the same bytes on every run
MODELS: Final = ("gpt-4o", "gpt-4o-mini")
_TOKEN: Final = re.compile(r"\s*\S{1,12}|\s+")
_SMALLEST: Final = 2.0**-54  # draws are in [0, 1); a quantile function wants (0, 1)


class SimulatedOpenAI:
    """An origin that never fails by itself."""

    def __init__(self, told: Simulate, *, upstream: str, seed: int) -> None:
        self._told, self._upstream, self._seed = told, upstream, seed

    async def reply(self, call: Call) -> Reply:
        """The reply to one call; raises what reading its body raises."""
        body = await call.incoming.body.whole()
        request_id = f"req_{self._upstream}_{call.ordinal:08d}"
        try:
            return self._route(call.incoming.method, call.incoming.path, body, call.ordinal, request_id)
        except InvalidCallError as error:
            return whole(error.status, error.envelope(), headers=(("x-request-id", request_id),))

    async def close(self) -> None:
        """Nothing is held."""

    def _route(self, method: str, asked: str, body: bytes, ordinal: int, request_id: str) -> Reply:
        path = asked.removesuffix("/").removeprefix("/v1")
        if path == "/chat/completions" and method == "POST":
            return self._completion(read_chat(body), ordinal, request_id)
        if path == "/models" and method in {"GET", "HEAD"}:
            return whole(200, {"object": "list", "data": [_model(name) for name in MODELS]})
        if path.startswith("/models/") and method in {"GET", "HEAD"}:
            return whole(200, _model(path.removeprefix("/models/")))
        if path in {"/chat/completions", "/models"}:
            raise InvalidCallError(f"Not allowed to {method} on {asked}.", status=405)
        raise InvalidCallError(
            f"Unknown request URL: {method} {asked}. This simulated origin knows POST /v1/chat/completions and "
            "GET /v1/models.",
            status=404,
            code="unknown_url",
        )

    def _completion(self, chat: ChatRequest, ordinal: int, request_id: str) -> Reply:
        ttft = self._told.ttft.at(draw(self._seed, "ttft", self._upstream, ordinal) + _SMALLEST)
        gap = Seconds(1.0 / self._told.tokens_per_second)
        text = answer(chat.system, chat.users)
        tokens = _TOKEN.findall(json.dumps({"answer": text}) if chat.json_object else text)
        finish = "stop"
        if chat.max_tokens is not None and len(tokens) > chat.max_tokens:
            tokens, finish = tokens[: chat.max_tokens], "length"
        usage = {
            "prompt_tokens": chat.prompt_tokens,
            "completion_tokens": len(tokens),
            "total_tokens": chat.prompt_tokens + len(tokens),
        }
        common = {"id": f"chatcmpl-{ordinal:08d}", "created": CREATED, "model": chat.model}
        if chat.stream:
            return Reply(
                status=200,
                headers=(("content-type", "text/event-stream; charset=utf-8"), ("x-request-id", request_id)),
                chunks=_events(common, tokens, finish, gap, usage if chat.include_usage else None),
                delay=ttft,
            )
        message = {"role": "assistant", "content": "".join(tokens), "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
        return whole(
            200,
            {**common, "object": "chat.completion", "choices": [choice], "usage": usage},
            headers=(("x-request-id", request_id),),
            delay=ttft + gap * max(0, len(tokens) - 1),
        )


async def _events(
    common: Mapping[str, Any], tokens: list[str], finish: str, gap: Seconds, usage: Mapping[str, int] | None
) -> AsyncIterator[Event]:
    """The role event with the first token, then a token each `gap`, the finish reason, the usage, `[DONE]`."""
    chunk = {**common, "object": "chat.completion.chunk"}
    if usage is not None:
        chunk["usage"] = None

    def event(delta: Mapping[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return _framed({**chunk, "choices": [choice]})

    yield Chunk(data=event({"role": "assistant", "content": "", "refusal": None}))
    before, after = event({"content": "\0"}).split(json.dumps("\0").encode())
    for position, token in enumerate(tokens):
        data = before + json.dumps(token).encode() + after
        yield Chunk(data=data, delay=gap if position else AT_ONCE, tokens=1)
    yield Chunk(data=event({}, finish))
    if usage is not None:
        yield Chunk(data=_framed({**chunk, "choices": [], "usage": usage}))
    yield Chunk(data=b"data: [DONE]\n\n")


def _framed(content: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(content, separators=(",", ":")).encode() + b"\n\n"


def _model(name: str) -> Mapping[str, Any]:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "pocchaos"}
