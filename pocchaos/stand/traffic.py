"""What went through the stand so far, for the wiring check and the live view."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Traffic:
    """One upstream's counts since the start; for tcp an attempt is a turn."""

    attempts: int = 0
    connections: int = 0
    open: int = 0  # connections that are open now
    received: int = 0  # bytes from the target
    sent: int = 0  # bytes to the target
    refused_by_cap: int = 0


class Tally:
    """Private and mutable; `now()` is frozen."""

    def __init__(self) -> None:
        self.attempts = self.connections = self.open = self.received = self.sent = self.refused_by_cap = 0

    def now(self) -> Traffic:
        """The counts at this moment."""
        return Traffic(
            attempts=self.attempts,
            connections=self.connections,
            open=self.open,
            received=self.received,
            sent=self.sent,
            refused_by_cap=self.refused_by_cap,
        )
