"""Canaries and secrets: whose sign occurs in the bytes that came back.

Needles are searched on the plain UTF-8 value. A secret longer than 40 characters also hits on any 40 of its
characters in a row: every such run holds a whole block of 20 that begins at a multiple of 20, so only the blocks
are searched, and a block that occurs is widened to the run around it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

RUN: Final = 40  # characters of a secret in a row that count as the secret
_BLOCK: Final = RUN // 2

Canaries = Mapping[str, Mapping[str, Sequence[str]]]  # tenant -> surface -> the texts


@dataclass(frozen=True, kw_only=True, slots=True)
class Sightings:
    """What was seen, sorted for one tenant."""

    foreign: tuple[str, ...] = ()  # tenant/surface
    own: tuple[str, ...] = ()  # surfaces
    secrets: tuple[int, ...] = ()  # positions


NOTHING: Final = Sightings()
Hits = frozenset[int]
NO_HITS: Final[Hits] = frozenset()


@dataclass(frozen=True, slots=True)
class _Canary:
    tenant: str
    surface: str
    needle: bytes


@dataclass(frozen=True, slots=True)
class _Secret:
    position: int
    needle: bytes
    blocks: tuple[tuple[int, bytes], ...]  # (offset in `needle`, block)


class Needles:
    """Everything to look for in a run, compiled once; `hits` says what a piece of bytes holds."""

    def __init__(self, canaries: Canaries, secrets: Sequence[str]) -> None:
        self._canaries = tuple(
            _Canary(tenant, surface, text.encode())
            for tenant, surfaces in canaries.items()
            for surface, texts in surfaces.items()
            for text in texts
            if text
        )
        self._secrets = tuple(
            _Secret(position, text.encode(), _blocks(text)) for position, text in enumerate(secrets) if text
        )
        self._sorted: dict[tuple[Hits, str], Sightings] = {}
        needles = [canary.needle for canary in self._canaries] + [secret.needle for secret in self._secrets]
        self.overlap = max(map(len, needles), default=1) - 1  # bytes to keep where a body is scanned piece by piece

    def hits(self, *haystacks: bytes) -> Hits:
        """Numbers of the needles that occur in any of the haystacks."""
        found = [
            number for number, canary in enumerate(self._canaries) if any(canary.needle in hay for hay in haystacks)
        ]
        first = len(self._canaries)
        found += [
            first + number
            for number, secret in enumerate(self._secrets)
            if any(_holds(secret, hay) for hay in haystacks)
        ]
        return frozenset(found) if found else NO_HITS

    def sort(self, hits: Hits, tenant: str) -> Sightings:
        """The hits as this tenant's own canaries, those of others, and secrets."""
        if not hits:
            return NOTHING
        known = self._sorted.get((hits, tenant))
        if known is None:
            known = self._sorted[hits, tenant] = self._sort(hits, tenant)
        return known

    def _sort(self, hits: Hits, tenant: str) -> Sightings:
        first = len(self._canaries)
        canaries = [self._canaries[number] for number in hits if number < first]
        return Sightings(
            foreign=_each_once(f"{one.tenant}/{one.surface}" for one in canaries if one.tenant != tenant),
            own=_each_once(one.surface for one in canaries if one.tenant == tenant),
            secrets=tuple(sorted(self._secrets[number - first].position for number in hits if number >= first)),
        )


def _each_once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


def _blocks(text: str) -> tuple[tuple[int, bytes], ...]:
    if len(text) <= RUN:
        return ()
    return tuple(
        (len(text[:at].encode()), text[at : at + _BLOCK].encode()) for at in range(0, len(text) - _BLOCK + 1, _BLOCK)
    )


def _holds(secret: _Secret, hay: bytes) -> bool:
    if not secret.blocks:
        return secret.needle in hay
    return any(_runs_around(secret.needle, offset, block, hay) for offset, block in secret.blocks if block in hay)


def _runs_around(needle: bytes, offset: int, block: bytes, hay: bytes) -> bool:
    """Whether some occurrence of the block stands within RUN characters that needle and hay share."""
    at = hay.find(block)
    while at >= 0:
        before = _common(needle[:offset][::-1], hay[max(0, at - offset) : at][::-1])
        after_block = offset + len(block)
        after = _common(needle[after_block:], hay[at + len(block) : at + len(block) + len(needle)])
        if len(needle[offset - before : after_block + after].decode("utf-8", "ignore")) >= RUN:
            return True
        at = hay.find(block, at + 1)
    return False


def _common(one: bytes, other: bytes) -> int:
    """Length of what both begin with."""
    shorter = min(len(one), len(other))
    return next((k for k in range(shorter) if one[k] != other[k]), shorter)
