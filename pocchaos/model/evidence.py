"""What is recorded while a run lasts: samples, answers, attempts, marks. Facts only; nothing is judged here.

All times are whole microseconds since the run's origin, the planned start of the first stage, on the
machine's monotonic clock; what happened before it (wiring, warm-up) has negative times.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

CAPPED: Final = "refused_by_cap"  # how an attempt ended that the stand refused, since `max_attempts` was used up


class How(StrEnum):
    """How the exchange itself ended, before anybody judges what came back."""

    COMPLETE = "complete"  # a whole response, whatever its status
    DEADLINE = "deadline"  # we hung up at the deadline
    REFUSED = "refused"  # connection refused
    RESET = "reset"  # connection reset or closed before a response began
    PROTOCOL = "protocol"  # bytes that are not HTTP, bad chunking, TLS failure
    SHORT = "short"  # the body ended before its Content-Length or last chunk
    NOT_SENT = "not_sent"  # our own pool was full, or our worker had gone
    UNFINISHED = "unfinished"  # cut off by our own end of run
    CANCELLED = "cancelled"  # we hung up as planned


class StreamEnd(StrEnum):
    """How a token stream ended."""

    DONE = "done"  # the scenario's `done` event came
    ENDED = "ended"  # a clean end of the body without it
    ERROR = "error"  # an error event came
    CUT = "cut"  # the connection broke


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """The raw evidence of one request.

    Times are microseconds since the run's origin, None where that moment never came.
    """

    request: int  # the plan's number; negative for wiring and readiness calls, which are in no metric
    step: str = "step"
    worker: int = 0
    due: int
    start: int | None = None
    first_byte: int | None = None
    first_token: int | None = None
    last_token: int | None = None
    end: int | None = None
    tokens: int = 0  # events with a non-empty delta
    gap_max: int | None = None  # longest silence between two tokens, µs
    how: How
    error: str | None = None  # the transport error in one short line
    status: int | None = None
    headers: Mapping[str, str] = field(
        default_factory=dict
    )  # lower-case names; content-type, retry-after, and what markers name
    size: int = 0  # body bytes received
    stream: StreamEnd | None = None  # None: not a stream
    finish: str | None = None  # the stream's finish reason
    content: str | None = None  # hash of the Content; None where nothing came
    foreign: tuple[str, ...] = ()  # "tenant/surface" of every foreign canary seen in any byte
    own: tuple[str, ...] = ()  # surfaces of the tenant's own canaries seen
    secrets: tuple[int, ...] = ()  # positions in target.secrets of those seen


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What a response said, kept once by content hash; capped, and redacted."""

    hash: str
    media: str  # json | text | stream | binary
    body: str  # JSON text, plain text, or the merged events of a stream as one JSON text
    answer: str | None  # extracted by the scenario's `answer`; None: not there or unparseable
    whole: bool = True  # False: `body` was over the cap and is cut; nothing may be judged on it
    parsed: bool = True  # False: the scenario expects JSON or a stream and this is none


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One call of the target at one upstream, as the stand saw it (for tcp: one turn on a connection)."""

    upstream: str
    number: int  # counted by the stand, from 1, over all upstreams
    arrived: int
    ended: int | None = None
    method: str = ""
    path: str = ""
    join: str | None = None  # value of the `correlate` header
    connection: int = 0
    status: int | None = None
    received: int = 0  # bytes of the request
    sent: int = 0  # bytes of the response
    faults: tuple[str, ...] = ()  # window keys of the stand faults that touched it
    eligible: tuple[str, ...] = ()  # window keys of the stand faults that were on and matched it
    how: str = "complete"
    # complete | hung_up (the caller went first) | held (silent until the caller went) | reset (we cut it) |
    # short (we ended it early) | refused_by_cap | origin_error | open (cut off by the end of the run)
    retry_after: float | None = None  # seconds, where the response carried one


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """The moment something really changed: a fault edge, a stage, the target, or a part of ours.

    `kind` is one of: fault_on, fault_off, stage, target, part, stop, note, connections (how many the target has to an
    upstream without a relay). For fault edges `subject` is the window's key, `planned`, `asked` and `confirmed` are the
    three moments, and `detail` holds what was read back.
    """

    kind: str
    subject: str
    at: int  # when it was written
    planned: int | None = None
    asked: int | None = None
    confirmed: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
