"""What the assistant says back: an answer, a refusal or a fallback, and which of the three it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from pocchaos.reference.retrieval import Passage


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One whole reply. `degraded` says how it is less than usual, or is empty; it is never left unsaid."""

    answer: str
    sources: tuple[str, ...] = ()
    refused: bool = False
    degraded: str = ""

    def headers(self) -> dict[str, str]:
        """`x-degraded` where the reply is a fallback."""
        return {"x-degraded": self.degraded} if self.degraded else {}

    def facts(self) -> dict[str, object]:
        """What is said beside the answer, in a JSON body or in a stream's last event."""
        return {"sources": list(self.sources), "refused": self.refused, "degraded": bool(self.degraded)}


def refusal(reason: str) -> Reply:
    """A polite no."""
    return Reply(answer=reason, refused=True)


def extract(passages: Sequence[Passage]) -> Reply:
    """The fallback: what our own texts say, word for word, when nobody can put it into an answer."""
    best = passages[0]
    return Reply(answer=best.text, sources=(best.id,), degraded="extractive")
