"""Reading a response as its bytes arrive: the answer, the facts of a token stream, and what may be kept of it."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final, Protocol

from pocchaos.exchange.coding import decoder
from pocchaos.exchange.jmes import compile_path, plain_steps
from pocchaos.exchange.redact import Redaction
from pocchaos.exchange.scan import NO_HITS, Hits, Needles
from pocchaos.exchange.stream import StreamFacts, StreamRules, TokenStream
from pocchaos.model.evidence import Content, StreamEnd

READ_LIMIT: Final = 1 << 20  # bytes of a body that are parsed; the rest is counted, hashed and scanned only
KEPT_LIMIT: Final = 16 << 10  # bytes of a body and of an answer that are kept
HEADER_LIMIT: Final = 1 << 10  # characters of one kept header
ALWAYS_KEPT: Final = ("content-type", "retry-after")

_KNOWN_LIMIT: Final = 200_000  # contents remembered; forgetting one only sends it again


class AnswerRules(Protocol):
    """What the scenario says about the answer."""

    @property
    def path(self) -> str | None:
        """JMESPath of the answer in a JSON body; None: the whole body."""

    @property
    def stream(self) -> str:
        """`sse` where a stream is expected."""

    @property
    def delta(self) -> str | None:
        """JMESPath of the text in an event; None: the event's data."""

    @property
    def done(self) -> str | None:
        """Data (or type) of the event that ends a stream."""

    @property
    def finish(self) -> str | None:
        """JMESPath of the finish reason in an event."""

    @property
    def error(self) -> str | None:
        """JMESPath that is truthy in an error event (or the type of one)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What one response came to; times are those that were passed in."""

    headers: Mapping[str, str]
    size: int  # body bytes, as they came
    hash: str | None  # of the content; None where no byte of a body came
    content: Content | None  # only where this hash is new to the reader
    hits: Hits  # needles in any byte of head or body, and in the joined deltas
    stream: StreamEnd | None = None
    tokens: int = 0
    first_token: int | None = None
    last_token: int | None = None
    gap_max: int | None = None
    finish: str | None = None


@dataclass(frozen=True, slots=True)
class _Told:
    """What a body says, before redaction and capping."""

    media: str
    body: str
    answer: str | None
    parsed: bool


NO_FACTS: Final = Facts(headers={}, size=0, hash=None, content=None, hits=NO_HITS)


class Reader:
    """Compiled once for a step; `begin` a `Reading` for each response. Raises ValueError for a bad JMESPath."""

    def __init__(
        self,
        answer: AnswerRules,
        *,
        needles: Needles | None = None,
        keep_headers: Sequence[str] = (),
        redaction: Redaction | None = None,
    ) -> None:
        self.needles = needles or Needles({}, ())
        self.redaction = redaction or Redaction({})
        self.find_answer = compile_path(answer.path) if answer.path else None
        self.stream_rules = _stream_rules(answer) if answer.stream == "sse" else None
        self._kept = frozenset({*ALWAYS_KEPT, *(name.lower() for name in keep_headers)})
        self.known: dict[str, Hits] = {}

    def begin(self, status: int, headers: Iterable[tuple[str, str]], head: bytes = b"") -> "Reading":
        """Start to read a response; `head` are the raw bytes before the body, for the scan."""
        kept: dict[str, str] = {}
        encoding = ""
        for name, value in headers:
            lower = name.lower()
            if lower in self._kept:
                shown = self.redaction.text(value)[:HEADER_LIMIT]
                kept[lower] = f"{kept[lower]}, {shown}" if lower in kept else shown
            elif lower == "content-encoding":
                encoding = value
        return Reading(self, status, kept, encoding, head)

    def remember(self, name: str, hits: Hits) -> None:
        """Note that this content was handed out, and what it holds."""
        if len(self.known) >= _KNOWN_LIMIT:
            self.known.clear()
        self.known[name] = hits


@dataclass(slots=True)
class _Body:
    """The bytes so far: the first READ_LIMIT of them whole, the rest only hashed and scanned."""

    size: int = 0
    head: bytes = b""
    parts: list[bytes] = field(default_factory=list)
    held: int = 0
    rest_hits: Hits = NO_HITS
    tail: bytes = b""

    def add(self, data: bytes, digest: Any, needles: Needles) -> None:
        digest.update(data)
        room = READ_LIMIT - self.held
        if room > 0:
            self.parts.append(data[:room])
            self.held += len(self.parts[-1])
            data = data[room:]
        if data:
            seen = (self.tail or last(self.bytes(), needles.overlap)) + data
            self.rest_hits |= needles.hits(seen)
            self.tail = last(seen, needles.overlap)

    def bytes(self) -> bytes:
        if len(self.parts) > 1:
            self.parts = [b"".join(self.parts)]
        return self.parts[0] if self.parts else b""


class Reading:
    """One response in the making."""

    def __init__(self, reader: Reader, status: int, kept: dict[str, str], encoding: str, head: bytes) -> None:
        self._reader = reader
        self._headers = kept
        self._head = head
        self._decode: Callable[[bytes], bytes] | None = decoder(encoding) if encoding else None
        rules = reader.stream_rules
        self._stream = TokenStream(rules) if rules and _is_stream(status, kept.get("content-type", "")) else None
        self._strayed = rules is not None and self._stream is None and 200 <= status < 300
        kind = b"stream" if self._stream else b"no stream" if self._strayed else b"body"
        self._digest = blake2b(digest_size=16, person=kind)
        self._body = _Body()
        self._trailer_hits = NO_HITS

    @property
    def done(self) -> bool:
        """Whether the stream said that it is complete: nothing that follows can change the answer."""
        return self._stream is not None and self._stream.done

    def feed(self, data: bytes, at: int) -> None:
        """Bytes of the body, and the moment at which they came."""
        self._body.size += len(data)
        if self._decode is not None:
            data = self._decode(data)
        if data:
            self._body.add(data, self._digest, self._reader.needles)
            if self._stream is not None:
                self._stream.feed(data, at)

    def scan(self, trailers: bytes) -> None:
        """Look for needles in bytes that are neither head nor body."""
        self._trailer_hits |= self._reader.needles.hits(trailers)

    def close(self, *, whole: bool) -> Facts:
        """What the response came to; `whole` is False where it was cut off."""
        reader, raw = self._reader, self._body.bytes()
        stream = self._stream.close(whole=whole) if self._stream is not None else None
        hits = reader.needles.hits(self._head) | self._body.rest_hits | self._trailer_hits
        name = content = None
        if raw:
            name = self._digest.hexdigest()
            known = reader.known.get(name)
            if known is None:
                content, known = self._content(name, raw, stream)
                reader.remember(name, known)
            hits |= known
        return Facts(
            headers=self._headers,
            size=self._body.size,
            hash=name,
            content=content,
            hits=hits,
            stream=stream.end if stream else None,
            tokens=stream.tokens if stream else 0,
            first_token=stream.first if stream else None,
            last_token=stream.last if stream else None,
            gap_max=stream.gap_max if stream else None,
            finish=reader.redaction.text(stream.finish) if stream and stream.finish else None,
        )

    def _content(self, name: str, raw: bytes, stream: StreamFacts | None) -> tuple[Content, Hits]:
        reader, over = self._reader, self._body.held >= READ_LIMIT
        told = _told_by_stream(stream) if stream else _told(raw, reader.find_answer, over=over)
        hits = reader.needles.hits(raw)
        if told.answer and (stream is not None or b"\\" in raw):  # else the answer stands in the body as it is
            hits |= reader.needles.hits(told.answer.encode("utf-8", "replace"))
        body, body_whole = _capped(reader.redaction.text(told.body))
        answer, answer_whole = (None, True) if told.answer is None else _capped(reader.redaction.text(told.answer))
        content = Content(
            hash=name,
            media=told.media,
            body=body,
            answer=answer,
            whole=body_whole and answer_whole and not over,
            parsed=told.parsed and not self._strayed,
        )
        return content, hits


def last(data: bytes, count: int) -> bytes:
    """The last `count` bytes."""
    return data[len(data) - count :] if count < len(data) else data


def as_text(value: Any) -> str | None:
    """What an expression found, as an answer: texts as they are, anything else as JSON, None where nothing was."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def as_json(text: str) -> Any:
    """The JSON value of a text; raises ValueError where the standard knows none (NaN, too deep)."""
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


_DECODER: Final = json.JSONDecoder(parse_constant=_no_constant)


def _is_stream(status: int, content_type: str) -> bool:
    """By its content type; a success of another type that is neither JSON nor HTML is read as one too."""
    media = content_type.partition(";")[0].strip().lower()
    return media == "text/event-stream" or (200 <= status < 300 and "json" not in media and "html" not in media)


def _told(raw: bytes, find: Callable[[Any], Any] | None, *, over: bool) -> _Told:
    text = raw.decode("utf-8", "replace")
    if over:  # cut: nothing may be judged on it, so nothing is claimed
        return _Told("text", text, None, parsed=True)
    try:
        value = as_json(text.removeprefix("\ufeff"))
    except ValueError:
        return _Told("binary" if "\0" in text else "text", text, None, parsed=False)
    if find is None:
        return _Told("json", text, value if isinstance(value, str) else text, parsed=True)
    return _Told("json", text, as_text(find(value)), parsed=True)


def _told_by_stream(stream: StreamFacts) -> _Told:
    return _Told("stream", json.dumps(stream.merged, ensure_ascii=False), stream.text, stream.parsed)


def _capped(text: str) -> tuple[str, bool]:
    if len(text) * 4 <= KEPT_LIMIT:
        return text, True
    data = text.encode("utf-8", "replace")
    if len(data) <= KEPT_LIMIT:
        return text, True
    return data[:KEPT_LIMIT].decode("utf-8", "ignore"), False


def _stream_rules(answer: AnswerRules) -> StreamRules:
    return StreamRules(
        delta=compile_path(answer.delta) if answer.delta else None,
        delta_steps=plain_steps(answer.delta) if answer.delta else None,
        finish=compile_path(answer.finish) if answer.finish else None,
        error=compile_path(answer.error) if answer.error else None,
        error_type=answer.error,
        done=answer.done,
    )
