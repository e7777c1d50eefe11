"""A token stream: when tokens came, what they said together, and how the stream ended."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pocchaos.exchange.merge import Merged
from pocchaos.exchange.sse import Event, Events
from pocchaos.model.evidence import StreamEnd

TEXT_LIMIT: Final = 1 << 20  # characters of joined deltas, and of data that is merged


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamRules:
    """The scenario's `answer` for a stream, compiled."""

    delta: Callable[[Any], Any] | None  # None: the event's data is the text
    delta_steps: tuple[str | int, ...] | None  # where `delta` is a plain path
    finish: Callable[[Any], Any] | None
    error: Callable[[Any], Any] | None
    error_type: str | None
    done: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamFacts:
    """What a stream came to; times are those that were passed in."""

    end: StreamEnd
    tokens: int
    first: int | None
    last: int | None
    gap_max: int | None
    finish: str | None
    text: str  # the joined deltas
    merged: Any  # all events as one JSON value
    parsed: bool  # there were events, and each was JSON where JSON is expected


class TokenStream:
    """Fed with bytes and the moment at which they came; a token is an event with a non-empty delta."""

    def __init__(self, rules: StreamRules) -> None:
        self._rules = rules
        self._events = Events()
        self._merged = Merged(rules.delta_steps)
        self._texts: list[str] = []
        self._length = 0
        self._read = 0
        self._seen = False
        self._parsed = True
        self._tokens = 0
        self._first: int | None = None
        self._last: int | None = None
        self._gap_max: int | None = None
        self._finish: str | None = None
        self._error = False
        self.done = False

    def feed(self, data: bytes, at: int) -> None:
        """Read what the bytes complete; after the `done` event nothing counts any more."""
        for event in self._events.feed(data):
            if self.done:
                return
            self._seen = True
            self._event(event, at)

    def close(self, *, whole: bool) -> StreamFacts:
        """The facts; `whole` is False where the body was cut off."""
        text = "".join(self._texts)
        self._merged.put(text)
        return StreamFacts(
            end=self._end(whole=whole),
            tokens=self._tokens,
            first=self._first,
            last=self._last,
            gap_max=self._gap_max,
            finish=self._finish,
            text=text,
            merged=self._merged.value,
            parsed=self._parsed and self._seen,
        )

    def _end(self, *, whole: bool) -> StreamEnd:
        if self._error:
            return StreamEnd.ERROR
        if self.done:
            return StreamEnd.DONE
        return StreamEnd.ENDED if whole else StreamEnd.CUT

    def _event(self, event: Event, at: int) -> None:
        rules = self._rules
        if rules.done is not None and (event.data.strip() == rules.done or event.type == rules.done):
            self.done = True
            return
        if rules.error_type is not None and event.type == rules.error_type:
            self._error = True
        if rules.delta is None:
            self._token(event.data, at)
        value = self._json(event)
        if value is None:
            return
        if rules.error is not None and rules.error(value):
            self._error = True
        if rules.finish is not None and (finish := rules.finish(value)) is not None:
            self._finish = str(finish)
        if rules.delta is not None and (delta := rules.delta(value)):
            self._token(delta if isinstance(delta, str) else json.dumps(delta, ensure_ascii=False), at)

    def _json(self, event: Event) -> Any:
        """The event's JSON value, merged with the others; None where it has none."""
        self._read += len(event.data)
        try:
            value = json.loads(event.data)
        except (ValueError, RecursionError):
            self._parsed = self._parsed and self._rules.delta is None
            return None
        if isinstance(value, dict) and self._read <= TEXT_LIMIT:
            self._merged.add(value)
        return value

    def _token(self, text: str, at: int) -> None:
        if not text:
            return
        self._tokens += 1
        if self._last is None:
            self._first = at
        elif (gap := at - self._last) > (self._gap_max or -1):
            self._gap_max = gap
        self._last = at
        if self._length <= TEXT_LIMIT:
            self._texts.append(text)
            self._length += len(text)
