"""Server-sent events, parsed as the bytes arrive (WHATWG HTML, "Parsing an event stream").

The parser may be fed any split of the stream: inside a character, between CR and LF, within a field name.
"""

import re
from dataclasses import dataclass
from typing import Final

EVENT_LIMIT: Final = 1 << 20  # bytes of one event's data: beyond, the rest of the event is dropped and said so

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Event:
    """One dispatched event: the data lines joined by newlines."""

    data: str
    type: str = "message"
    whole: bool = True  # False: its data went over the limit and is cut


class Events:
    """An incremental parser: `feed` bytes, get the events that they complete. What no blank line ended is dropped."""

    def __init__(self, limit: int = EVENT_LIMIT) -> None:
        self._limit = limit
        self._pending: list[bytes] = []  # parts of a line that has no end yet
        self._held = 0  # their bytes
        self._after_cr = False  # the last byte was CR: an LF that follows belongs to it
        self._first = True
        self._data: list[bytes] = []
        self._size = 0
        self._type = ""
        self._cut = False

    def feed(self, data: bytes) -> list[Event]:
        """The events that these bytes complete, in order."""
        if self._after_cr and data:
            self._after_cr = False
            if data[:1] == b"\n":
                data = data[1:]
        if not data:
            return []
        if b"\n" not in data and b"\r" not in data:
            self._hold(data)
            return []
        *lines, rest = _LINE_END.split(data)
        if self._pending:
            lines[0] = b"".join(self._pending) + lines[0]
            self._pending.clear()
            self._held = 0
        self._after_cr = data[-1:] == b"\r"
        if rest:
            self._hold(rest)
        return [event for line in lines if (event := self._line(line)) is not None]

    def _hold(self, part: bytes) -> None:
        if self._held < self._limit:
            self._pending.append(part)
            self._held += len(part)
        else:
            self._cut = True

    def _line(self, line: bytes) -> Event | None:
        if self._first:
            self._first = False
            line = line.removeprefix(_BOM)
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._keep(value)
        elif name == b"event":
            self._type = value.decode("utf-8", "replace")
        return None  # comments, `id`, `retry` and unknown fields say nothing about the answer

    def _keep(self, value: bytes) -> None:
        room = self._limit - self._size
        if len(value) > room:
            value, self._cut = value[:room], True
        self._data.append(value)
        self._size += len(value) + 1

    def _dispatch(self) -> Event | None:
        event = None
        if self._data:  # a lone empty `data` line is an event too; no `data` line at all is none
            data = b"\n".join(self._data).decode("utf-8", "replace")
            event = Event(data, self._type or "message", not self._cut)
        self._data.clear()
        self._size, self._type, self._cut = 0, "", False
        return event
