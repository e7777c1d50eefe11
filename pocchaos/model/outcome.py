"""What a sample amounts to (the words of the decision table)."""

from enum import StrEnum


class Outcome(StrEnum):
    """How one request ended, for the person who sent it; graceful first."""

    ANSWERED = "answered"
    DEGRADED = "degraded"
    REFUSED = "refused"
    SHED = "shed"
    WRONG = "wrong"
    OVER_REFUSED = "over_refused"
    UNDER_REFUSED = "under_refused"
    ERRORED = "errored"
    CRASHED = "crashed"
    HUNG = "hung"
    BROKEN = "broken"
    LEAKED = "leaked"
    CANCELLED = "cancelled"  # we hung up as planned: neither judged nor lost
    UNKNOWN = "unknown"  # an assert or hook raised: excluded and counted
    LOST = "lost"  # never sent, or cut off by our own end of run


GRACEFUL = frozenset({Outcome.ANSWERED, Outcome.DEGRADED, Outcome.REFUSED, Outcome.SHED})
UNGRACEFUL = frozenset(
    {
        Outcome.WRONG,
        Outcome.OVER_REFUSED,
        Outcome.UNDER_REFUSED,
        Outcome.ERRORED,
        Outcome.CRASHED,
        Outcome.HUNG,
        Outcome.BROKEN,
        Outcome.LEAKED,
    }
)
NO_ANSWER = frozenset(
    {Outcome.SHED, Outcome.ERRORED, Outcome.CRASHED, Outcome.BROKEN, Outcome.HUNG, Outcome.OVER_REFUSED}
)
"""Outcomes that count as infinitely late in every latency population."""
