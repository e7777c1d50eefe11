"""The circuit breaker: stop asking somebody who does not answer, and find out soon when they do again."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Unavailable(Exception):  # noqa: N818 - reads as what it is
    """The other side is away, slow or senseless. `may_pass`: trying again could help."""

    def __init__(self, reason: str, *, may_pass: bool = True, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.may_pass = may_pass
        self.retry_after = retry_after  # seconds, where the other side said so


class BreakerOpen(Unavailable):
    """We do not even ask."""


class Declined(Unavailable):
    """The other side is well and says no (a 4xx): no reason to open a breaker, nor to try again."""


class Breaker:
    """Closed; open after `failures` failed attempts in a row; half-open with one probe after `probe_after` seconds."""

    def __init__(self, *, failures: float, probe_after: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._failures = failures
        self._probe_after = probe_after
        self._clock = clock
        self._in_a_row = 0
        self._opened: float | None = None  # None: closed
        self._probing = False

    @property
    def state(self) -> str:
        """closed, open or half-open."""
        if self._opened is None:
            return "closed"
        return "half-open" if self._probing else "open"

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """One attempt: its exception, or none, is what the breaker learns from. Raises BreakerOpen at once."""
        probe = self._admit()
        try:
            yield
        except Declined:
            self._succeeded(probe=probe)
            raise
        except BaseException:  # also a cancellation: an attempt that had to be given up did not succeed
            self._failed(probe=probe)
            raise
        else:
            self._succeeded(probe=probe)

    def failed(self) -> None:
        """Something went wrong after the attempt had seemed well, such as a stream that broke off."""
        self._failed(probe=False)

    def _admit(self) -> bool:
        """Whether this attempt is the probe."""
        if self._opened is None:
            return False
        if self._probing or self._clock() - self._opened < self._probe_after:
            raise BreakerOpen("the breaker is open", may_pass=False)
        self._probing = True
        return True

    def _succeeded(self, *, probe: bool) -> None:
        self._in_a_row = 0
        if probe:
            self._opened, self._probing = None, False

    def _failed(self, *, probe: bool) -> None:
        self._in_a_row += 1
        if probe:
            self._opened, self._probing = self._clock(), False
        elif self._opened is None and self._in_a_row >= self._failures:
            # attempts that began before it opened may fail later: they must not put off the probe
            self._opened = self._clock()
