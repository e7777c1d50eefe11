"""Which passages a question is about: BM25 over a small inverted index.

Score: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with the idf that
Lucene uses, ln(1 + (N - n + 0.5) / (n + 0.5)), which is never negative.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from math import log

K1 = 1.2  # how soon a repeated word stops counting
B = 0.5  # how much a long passage is marked down
_WORD = re.compile(r"[a-z0-9]+(?:[-'][a-z0-9]+)*")
_STOP = frozenset(
    """
    a about all am an and any are as at be because been but by can could did do does doing for from get getting give
    got had has have how i i'd i'll i'm i've if in into is isn't it it's its just kind know let like many may me mean
    might much must my need no not of off on one or our out own please possible really s shall should so some tell
    than that that's the their them then there these they thing this those to too up us use used using very want was
    way we were what what's when where which while who whom whose why will with within without would yes you your
    """.split()  # noqa: SIM905 - a list of 150 quoted words is no better to read
)


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A piece of text that an answer may rest on."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Found:
    """Passages, best first, and which share of the question's meaning the best of them covers (0 to 1)."""

    passages: tuple[Passage, ...]
    coverage: float


class Index:
    """The passages that everybody may read; a tenant's own are handed in with the question."""

    def __init__(self, passages: Iterable[Passage]) -> None:
        self._passages = tuple(passages)
        self._counts = [_counted(passage) for passage in self._passages]
        self._average = sum(sum(counts.values()) for counts in self._counts) / max(1, len(self._counts))
        self._holders: dict[str, list[int]] = defaultdict(list)  # term -> passages that hold it
        for number, counts in enumerate(self._counts):
            for term in counts:
                self._holders[term].append(number)

    def search(self, question: str, own: Sequence[Passage] = (), most: int = 3) -> Found:
        """The passages that suit best, of ours and of the tenant's `own`; none where no word is shared."""
        asked = frozenset(terms(question))
        numbers = {number for term in asked for number in self._holders.get(term, ())}
        candidates = [(self._passages[number], self._counts[number]) for number in sorted(numbers)]
        candidates += [(passage, _counted(passage)) for passage in own]
        scored = [(self._score(asked, counts), passage, counts) for passage, counts in candidates]
        scored = [entry for entry in scored if entry[0] > 0]
        if not scored:
            return Found(passages=(), coverage=0.0)
        scored.sort(key=lambda entry: -entry[0])
        best = scored[0][2]
        whole = sum(self._weight(term) for term in asked)
        covered = sum(self._weight(term) for term in asked if term in best)
        return Found(passages=tuple(passage for _, passage, _ in scored[:most]), coverage=covered / whole)

    def _score(self, asked: frozenset[str], counts: Counter[str]) -> float:
        length = 1 - B + B * sum(counts.values()) / self._average
        return sum(
            self._weight(term) * counts[term] * (K1 + 1) / (counts[term] + K1 * length)
            for term in asked
            if term in counts
        )

    def _weight(self, term: str) -> float:
        holders = len(self._holders.get(term, ()))
        return log(1 + (len(self._passages) - holders + 0.5) / (holders + 0.5))


def knowledge() -> tuple[Passage, ...]:
    """The knowledge base that ships with this package."""
    lines = files(__package__).joinpath("knowledge.jsonl").read_text("utf-8").splitlines()
    rows = map(json.loads, lines)
    return tuple(Passage(id=row["id"], title=row["title"], text=row["text"]) for row in rows)


def terms(text: str) -> list[str]:
    """The words that carry meaning, in lower case and without their commonest endings."""
    return [_stem(word) for word in _WORD.findall(text.lower().replace("’", "'")) if word not in _STOP]


def _counted(passage: Passage) -> Counter[str]:
    return Counter(terms(f"{passage.title} {passage.title} {passage.text}"))


def _stem(word: str) -> str:
    word = word.removesuffix("'s")
    for ending, least in (("ies", 3), ("ing", 4), ("ed", 4), ("es", 4), ("s", 3)):
        if word.endswith(ending) and len(word) - len(ending) >= least and not word.endswith("ss"):
            word = word.removesuffix(ending)
            word += "y" if ending == "ies" else ""
            break
    return word.removesuffix("e") if len(word) > 4 else word
