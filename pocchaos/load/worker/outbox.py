"""What leaves the process: numbered batches, kept until each is acknowledged, and sent again where none comes."""

import fcntl
import json
import os
from collections.abc import Mapping
from time import monotonic
from typing import Any, Final

import gevent
from gevent.lock import Semaphore
from gevent.os import make_nonblocking, nb_write

from pocchaos.files.batch import Batch, encode
from pocchaos.model.evidence import Content, Sample

EVERY: Final = 0.1  # s between batches: a quarter of a second is promised, and small batches pause the load less
LARGEST: Final = 200  # samples of one batch: encoding more would hold up the requests in flight
RESEND: Final = 2.0  # s without acknowledgement, doubled each time
_PIPE: Final = 1 << 20  # bytes: the largest that Linux gives without privileges
_SET_PIPE_SIZE: Final = 1031  # F_SETPIPE_SZ


class _Sent:
    __slots__ = ("again_at", "line", "wait")

    def __init__(self, line: bytes, now: float) -> None:
        self.line = line
        self.wait = RESEND
        self.again_at = now + RESEND


class Outbox:
    """Collects samples and writes them to a pipe without ever blocking the loop; numbers run from 0 without a gap."""

    def __init__(self, descriptor: int, worker: int) -> None:
        self._descriptor = descriptor
        self._worker = worker
        self._samples: list[Sample] = []
        self._contents: list[Content] = []
        self._unacknowledged: dict[int, _Sent] = {}
        self._writing = Semaphore()
        self._next = 0
        make_nonblocking(descriptor)
        _widen(descriptor)

    @property
    def numbered(self) -> int:
        """How many batches there have been."""
        return self._next

    def add(self, sample: Sample, content: Content | None = None) -> None:
        """Take a sample, and the answer where it is new."""
        self._samples.append(sample)
        if content is not None:
            self._contents.append(content)

    def say(self, message: Mapping[str, Any]) -> None:
        """Write one message that is no batch."""
        self._write(json.dumps(message, separators=(",", ":")).encode() + b"\n")

    def flush(self) -> None:
        """Send what has gathered, and again what was not acknowledged in time."""
        while self._samples or self._contents:
            samples, self._samples = self._samples[:LARGEST], self._samples[LARGEST:]
            contents, self._contents = self._contents, []
            batch = Batch(worker=self._worker, number=self._next, samples=tuple(samples), contents=tuple(contents))
            self._next += 1
            line = encode(batch)
            self._unacknowledged[batch.number] = _Sent(line, monotonic())
            self._write(line)
        self._send_again()

    def acknowledge(self, number: int) -> None:
        """The batch is safe on the other side."""
        self._unacknowledged.pop(number, None)

    def settle(self, seconds: float) -> bool:
        """Flush, then wait until everything is acknowledged; False where it was not in time."""
        until = monotonic() + seconds
        self.flush()
        while self._unacknowledged and monotonic() < until:
            gevent.sleep(0.02)
            self._send_again()
        return not self._unacknowledged

    def _send_again(self) -> None:
        now = monotonic()
        for sent in list(self._unacknowledged.values()):
            if sent.again_at <= now:
                sent.wait *= 2
                sent.again_at = now + sent.wait
                self._write(sent.line)

    def _write(self, line: bytes) -> None:
        with self._writing:  # lines never mix, though a full pipe makes one wait
            rest = memoryview(line)
            while rest:
                rest = rest[nb_write(self._descriptor, rest) :]


def _widen(descriptor: int) -> None:
    """Make the pipe large, so that a reader that is late for a moment never stops us."""
    try:
        fcntl.fcntl(descriptor, _SET_PIPE_SIZE, _PIPE)
    except OSError:
        os.fstat(descriptor)  # no pipe, or a smaller limit: it works all the same
