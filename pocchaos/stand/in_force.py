"""The faults that are on for one upstream, and what they decide about each attempt as it arrives."""

from collections import deque
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Final

from pocchaos.faults import StandFault
from pocchaos.model.reply import AttemptFacts, Reply
from pocchaos.model.units import Seconds

REMEMBERED: Final = 60_000_000  # µs: how far back `AttemptFacts.recent` reaches
REMEMBERED_AT_MOST: Final = 4_096


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """What is known of an attempt when its headers are in."""

    at: int  # µs, monotonic
    wall: Seconds
    method: str
    path: str
    tenant: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Touch:
    """One fault that touches an attempt; it stays with it, even when the fault goes off meanwhile."""

    window: str
    fault: StandFault
    facts: AttemptFacts


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """Window keys of the faults that could touch the attempt, and those that do, in the order they went on."""

    eligible: tuple[str, ...] = ()
    touches: tuple[Touch, ...] = ()

    @property
    def blocks_origin(self) -> bool:
        """Whether the origin is left alone."""
        return any(touch.fault.blocks_origin for touch in self.touches)

    def shape(self, reply: Reply, *, streaming: bool) -> Reply:
        """The reply under every fault that touches it."""
        for touch in self.touches:
            reply = touch.fault.shape(reply, replace(touch.facts, streaming=streaming))
        return reply


UNTOUCHED: Final = Decision()


@dataclass(kw_only=True, slots=True)
class _Window:
    key: str
    fault: StandFault
    on: int
    planned: int  # µs that it is planned to last
    before: int  # matching attempts of the earlier spans of a flapping fault: each has draws of its own
    matching: int = 0
    recent: deque[int] = field(default_factory=lambda: deque(maxlen=REMEMBERED_AT_MOST))


class FaultsInForce:
    """Private and mutable; `decide` hands out frozen decisions. One per upstream."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._on: dict[str, _Window] = {}
        self._spent: dict[str, int] = {}

    def put_on(self, key: str, fault: StandFault, *, at: int, planned: int) -> None:
        """From now on `fault` decides about every attempt that arrives; `planned` is its length in µs."""
        self._on[key] = _Window(key=key, fault=fault, on=at, planned=planned, before=self._spent.get(key, 0))

    def take_off(self, key: str) -> bool:
        """From now on it decides about none; False if it was not on."""
        window = self._on.pop(key, None)
        if window is None:
            return False
        self._spent[key] = window.before + window.matching
        return True

    def decide(self, arrival: Arrival) -> Decision:
        """Which faults could touch this attempt, and which do."""
        if not self._on:
            return UNTOUCHED
        eligible: list[str] = []
        touches: list[Touch] = []
        for window in self._on.values():
            facts = self._facts(window, arrival)
            if facts is None or not window.fault.eligible(facts):
                continue
            eligible.append(window.key)
            if facts.draw < window.fault.error_rate:
                touches.append(Touch(window=window.key, fault=window.fault, facts=facts))
        return Decision(eligible=tuple(eligible), touches=tuple(touches))

    def _facts(self, window: _Window, arrival: Arrival) -> AttemptFacts | None:
        """What the fault may depend on, the attempt counted as matching; None where `match` does not hold."""
        elapsed = max(0, arrival.at - window.on)
        facts = AttemptFacts(
            ordinal=window.matching + 1,
            elapsed=Seconds(elapsed / 1e6),
            progress=min(1.0, elapsed / window.planned) if window.planned > 0 else 1.0,
            draw=draw(self._seed, window.key, window.before + window.matching + 1),
            method=arrival.method,
            path=arrival.path,
            tenant=arrival.tenant,
            wall=arrival.wall,
            recent=_ages(window, arrival.at),
        )
        if window.fault.match is not None and not window.fault.match.holds(facts):
            return None
        window.matching += 1
        if window.fault.looks_back:
            window.recent.appendleft(arrival.at)
        return facts


def _ages(window: _Window, now: int) -> tuple[Seconds, ...]:
    while window.recent and now - window.recent[-1] > REMEMBERED:
        window.recent.pop()
    return tuple(Seconds((now - at) / 1e6) for at in window.recent)


def draw(*of: object) -> float:
    """A uniform draw in [0, 1) that depends on nothing but its arguments: the same on any machine."""
    told = "\x1f".join(map(str, of)).encode()
    return (int.from_bytes(blake2b(told, digest_size=8).digest()) >> 11) / 2**53
