"""The language model behind us, through its OpenAI-compatible API; whatever it does wrong becomes `Unavailable`.

Why httpx and no SDK: the attempts, their timeouts and the waits between them are then all on this page. The SDK
would also return the partial text of a stream that just ends; here an answer without a finish reason is none.
"""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeVar

import httpx

from pocchaos.reference.breaker import Breaker, Declined, Unavailable
from pocchaos.reference.retries import Retries, retry_after

T = TypeVar("T")

MAY_PASS = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
NEVER_PASSES = "insufficient_quota"  # a 429 about money: waiting does not help


@dataclass(frozen=True, kw_only=True)
class Call:
    """One question on its way to the model: what is sent, in whose name, until when (on the loop's clock)."""

    messages: tuple[Mapping[str, str], ...]
    request_id: str
    deadline: float


class Llm:
    """Asks the model: bounded in time, retried with manners, behind a breaker."""

    def __init__(
        self, client: httpx.AsyncClient, *, model: str, timeout: float, retries: Retries, breaker: Breaker
    ) -> None:
        self._client = client
        self._model = model
        self._timeout = timeout
        self._retries = retries
        self._breaker = breaker

    async def complete(self, call: Call) -> str:
        """The whole answer, never blank and never cut short; raises Unavailable."""
        return await self._persist(call, lambda: self._ask(call))

    async def stream(self, call: Call) -> AsyncIterator[str]:
        """The answer piece by piece. The first piece is there when this returns; iterating may raise Unavailable."""
        first, rest = await self._persist(call, lambda: self._first_piece(call))
        return self._watched(first, rest, call)

    async def _persist(self, call: Call, attempt: Callable[[], Awaitable[T]]) -> T:
        now = asyncio.get_running_loop().time
        for tried in count(1):
            try:
                with self._breaker.attempt():
                    return await _within(min(call.deadline, now() + self._timeout), attempt())
            except Unavailable as failure:
                pause = self._retries.pause(
                    tried=tried, retry_after=failure.retry_after, left=call.deadline - now(), draw=random.random()
                )
                if pause is None or not failure.may_pass:
                    raise
            await asyncio.sleep(pause)
        raise AssertionError("unreachable: the count has no end")

    async def _ask(self, call: Call) -> str:
        response = await self._client.request(**self._request(call, stream=False))
        if response.status_code != httpx.codes.OK:
            raise _refused(response)
        try:
            choice = response.json()["choices"][0]
            return _whole(choice["message"]["content"], choice["finish_reason"])
        except (ValueError, LookupError, TypeError) as error:
            raise Unavailable("200, but no chat completion") from error

    async def _first_piece(self, call: Call) -> tuple[str, AsyncGenerator[str, None]]:
        pieces = self._pieces(call)
        return await anext(pieces), pieces

    async def _pieces(self, call: Call) -> AsyncGenerator[str, None]:
        said, held, finish = "", "", None
        async with self._client.stream(**self._request(call, stream=True)) as response:
            if response.status_code != httpx.codes.OK:
                await response.aread()
                raise _refused(response)
            async for line in response.aiter_lines():
                if not line.startswith("data:"):
                    continue
                content = line.removeprefix("data:").strip()
                if content == "[DONE]":
                    break
                piece, reason = _chunk(content)
                finish = reason or finish
                said, held = said + piece, held + piece
                if held and said.strip():  # blanks at the beginning wait, lest they be taken for an answer
                    yield held
                    held = ""
        _whole(said, finish)

    async def _watched(self, first: str, rest: AsyncGenerator[str, None], call: Call) -> AsyncIterator[str]:
        piece: str | None = first
        try:
            while piece is not None:
                yield piece
                piece = await _within(call.deadline, anext(rest, None))
        except Unavailable:
            self._breaker.failed()
            raise
        finally:
            await rest.aclose()

    def _request(self, call: Call, *, stream: bool) -> dict[str, Any]:
        return {
            "method": "POST",
            "url": "chat/completions",
            "json": {"model": self._model, "messages": call.messages, "stream": stream, "temperature": 0},
            "headers": {"x-request-id": call.request_id},
        }


async def _within(until: float, work: Awaitable[T]) -> T:
    """The result of `work` if it is there in time; else, or where the connection fails, Unavailable."""
    try:
        async with asyncio.timeout_at(until):
            return await work
    except TimeoutError as error:
        raise Unavailable("no answer in time") from error
    except httpx.HTTPError as error:
        raise Unavailable(f"{type(error).__name__}: {error}") from error


def _refused(response: httpx.Response) -> Unavailable:
    reason = f"status {response.status_code}"
    if response.status_code not in MAY_PASS or NEVER_PASSES in response.text:
        return Declined(reason, may_pass=False)
    return Unavailable(reason, retry_after=retry_after(response.headers))


def _chunk(text: str) -> tuple[str, str | None]:
    """The delta and the finish reason of one event of the stream."""
    try:
        event = json.loads(text)
        if "error" in event:
            raise Unavailable("an error event inside the stream")
        if not event["choices"]:  # the usage event at the end
            return "", None
        choice = event["choices"][0]
        return choice["delta"].get("content") or "", choice["finish_reason"]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Unavailable("an event of the stream that makes no sense") from error


def _whole(text: object, finish: object) -> str:
    """The text, if it is one and came to its end."""
    if finish != "stop":
        raise Unavailable(f"cut short, finish reason {finish}")
    if not isinstance(text, str) or not text.strip():
        raise Unavailable("a blank answer")
    return text
