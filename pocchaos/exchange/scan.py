"""Canaries and secrets: whose sign occurs in the bytes that came back.

Needles are searched on the plain UTF-8 value. A secret longer than 40 characters also hits on any 40 of its
characters in a row: every such run holds a whole block of 20 that begins at a multiple of 20, so only the blocks
are searched, and a block that occurs is widened to the run around it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class _Secret:
    position: int


@dataclass(frozen=True, slots=True)
class _Run:
    """Where a block stands in its secret: what occurs must be widened before it counts."""

    needle: bytes
    offset: int


class Needles:
    """Everything to look for in a run, compiled once; `hits` says what a piece of bytes holds."""

    def __init__(self, canaries: Canaries, secrets: Sequence[str]) -> None:
        self._meanings: list[_Canary | _Secret] = []
        self._anchors: list[tuple[bytes, int, _Run | None]] = []  # what is searched, whose it is
        self._sorted: dict[tuple[Hits, str], Sightings] = {}
        self.overlap = 0  # bytes to keep where a body is scanned piece by piece
        for tenant, surfaces in canaries.items():
            for surface, texts in surfaces.items():
                for text in texts:
                    self._look_for(text, _Canary(tenant, surface))
        for position, text in enumerate(secrets):
            self._look_for(text, _Secret(position))

    def _look_for(self, text: str, meaning: _Canary | _Secret) -> None:
        needle = text.encode()
        if not needle:
            return
        number = len(self._meanings)
        self._meanings.append(meaning)
        self.overlap = max(self.overlap, len(needle) - 1)
        if isinstance(meaning, _Canary) or len(text) <= RUN:
            self._anchors.append((needle, number, None))
        else:
            self._anchors += [(block, number, _Run(needle, offset)) for offset, block in _blocks(text)]

    def hits(self, *haystacks: bytes) -> Hits:
        """Numbers of the needles that occur in any of the haystacks."""
        found: set[int] | None = None
        for hay in haystacks:
            for anchor, number, run in self._anchors:  # a plain loop: this runs for every response
                if anchor in hay and (run is None or _runs_around(run.needle, run.offset, anchor, hay)):
                    found = found or set()
                    found.add(number)
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
        meanings = [self._meanings[number] for number in hits]
        canaries = [one for one in meanings if isinstance(one, _Canary)]
        return Sightings(
            foreign=_each_once(f"{one.tenant}/{one.surface}" for one in canaries if one.tenant != tenant),
            own=_each_once(one.surface for one in canaries if one.tenant == tenant),
            secrets=tuple(sorted(one.position for one in meanings if isinstance(one, _Secret))),
        )


def _each_once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


def _blocks(text: str) -> Iterator[tuple[int, bytes]]:
    """Each whole block of a long secret, with its place in the bytes."""
    for at in range(0, len(text) - _BLOCK + 1, _BLOCK):
        yield len(text[:at].encode()), text[at : at + _BLOCK].encode()


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
