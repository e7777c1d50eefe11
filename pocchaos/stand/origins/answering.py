"""The simulated model's mind: it answers with the lines of its prompt that share most words with the question.

Deterministic, so that correctness can be asserted: a POC that retrieves the right passage gets an answer that
holds its facts, one that retrieves the wrong passage or none does not. Lines are ranked by BM25 (Robertson and
Zaragoza, 2009, eq. 3.15, with k₁ = 1.2, b = 0.3) over the lines of this prompt alone.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log
from typing import Final

K1: Final = 1.2
B: Final = 0.3
LONGEST: Final = 600  # characters: of a longer passage only the best sentences are told
SENTENCES: Final = 3
REMEMBERED_UP_TO: Final = 2_000  # characters of a passage: what is remembered stays within some 50 MB
NEARLY_AS_GOOD: Final = 0.85  # a second passage this close to the best is told too

_WORD: Final = re.compile(r"[^\W_]+", re.UNICODE)
_BULLET: Final = re.compile(r"\s*(?:[-*•]|\d+[.)]|\[[^\]]{1,40}\]|<[^>]{1,80}>|#{1,6} )")
_MARK: Final = re.compile(r"^(?:[-*•]|\d+[.)]|#{1,6})\s+")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+")
_ASKED: Final = re.compile(r"(?im)^\s*(?:user\s+|customer\s+)?(?:question|query|frage)\s*[:：]\s*")
_STOP_WORDS: Final = (
    "a an and are as at be been but by can could did do does for from had has have how i if in into is it its me my "
    "no not of on or our please should so than that the their them then there these they this to was we were what "
    "when where which who why will with would you your"
)
_STOP: Final = frozenset(_STOP_WORDS.split())


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """The words of a text that mean something, stemmed."""

    counts: Mapping[str, int]
    length: int


def answer(system: Sequence[str], users: Sequence[str]) -> str:
    """The answer to the last of `users`, out of `system`, the earlier `users`, and what stands before the question."""
    question, before = _question(users[-1] if users else "")
    asked = _words(question)
    blocks = [block for text in (*system, *users[:-1], before) for block in passages(text)]
    scores = bm25(asked, [_words(block) for block in blocks])
    best = max(scores, default=0.0)
    if best <= 0:
        return f"You asked: {question}" if question else "You asked nothing."
    told = [block for block, score in zip(blocks, scores, strict=True) if score >= NEARLY_AS_GOOD * best][:2]
    return "\n".join(_shortened(_MARK.sub("", block), asked) for block in told)


def passages(text: str) -> list[str]:
    """Blocks of a text: parted by empty lines, and by lines that begin like an item of a list or with a tag."""
    blocks: list[list[str]] = []
    fresh = True
    for line in text.splitlines():
        if not line.strip():
            fresh = True
            continue
        if fresh or _BULLET.match(line):
            blocks.append([])
        blocks[-1].append(line.strip())
        fresh = False
    return ["\n".join(block) for block in blocks]


def bm25(asked: Words, blocks: Sequence[Words]) -> list[float]:
    """The score of each block for the asked words; 0 where none of them occurs."""
    shared = [asked.counts.keys() & block.counts.keys() for block in blocks]
    spread = Counter(word for words in shared for word in words)
    weight = {word: log(1 + (len(blocks) - seen + 0.5) / (seen + 0.5)) for word, seen in spread.items()}
    usual = sum(block.length for block in blocks) / max(1, len(blocks)) or 1.0
    return [
        _score(words, block, weight, K1 * (1 - B + B * block.length / usual)) if words else 0.0
        for words, block in zip(shared, blocks, strict=True)
    ]


def _score(words: Collection[str], block: Words, weight: Mapping[str, float], norm: float) -> float:
    return sum(weight[word] * block.counts[word] * (K1 + 1) / (block.counts[word] + norm) for word in words)


def _question(text: str) -> tuple[str, str]:
    """The question in the last user message, and what stands before it."""
    marked = list(_ASKED.finditer(text))
    if marked:
        after = passages(text[marked[-1].end() :])
        return (after[0] if after else ""), text[: marked[-1].start()]
    blocks = passages(text)
    if not blocks:
        return "", ""
    asking = next((place for place in reversed(range(len(blocks))) if blocks[place].rstrip().endswith("?")), -1)
    rest = [block for place, block in enumerate(blocks) if place != asking % len(blocks)]
    return blocks[asking], "\n\n".join(rest)


def _shortened(block: str, asked: Words) -> str:
    if len(block) <= LONGEST:
        return block
    sentences = [part for part in _SENTENCE_END.split(block) if part.strip()]
    scores = bm25(asked, [_words(sentence) for sentence in sentences])
    best = sorted(range(len(sentences)), key=lambda place: (-scores[place], place))[:SENTENCES]
    return " ".join(sentences[place] for place in sorted(best))


def _words(text: str) -> Words:
    return _counted(text) if len(text) <= REMEMBERED_UP_TO else _counted.__wrapped__(text)


@lru_cache(maxsize=4_096)  # a POC sends the same passages over and over
def _counted(text: str) -> Words:
    words = [_stem(word) for word in _WORD.findall(text.lower()) if word not in _STOP]
    return Words(counts=Counter(words), length=len(words))


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
