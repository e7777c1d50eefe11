"""Decks: every input of a deck is dealt once before any is dealt again, across all stages of a run."""

from collections.abc import Sequence
from random import Random

from pocchaos.scenario.seeds import shuffled


class Deck:
    """A seeded deck of cards, dealt without replacement and reshuffled when it is empty."""

    def __init__(self, cards: Sequence[int], random: Random) -> None:
        if not cards:
            raise ValueError("a deck needs at least one card")
        self._cards = tuple(cards)
        self._random = random
        self._left: list[int] = []

    def deal(self) -> int:
        """The next card."""
        if not self._left:
            self._left = [self._cards[place] for place in shuffled(len(self._cards), self._random)]
        return self._left.pop()
