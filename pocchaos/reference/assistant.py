"""What happens to a question: look it up, refuse what is not ours, ask the model, fall back where it is away."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pocchaos.reference.breaker import Unavailable
from pocchaos.reference.documents import Documents, StoreAway
from pocchaos.reference.llm import Call, Llm
from pocchaos.reference.refusals import why_refused
from pocchaos.reference.replies import Reply, extract, refusal
from pocchaos.reference.retrieval import Found, Index, Passage

INSTRUCTIONS = (
    "You are the support assistant of Fernwick Home. Answer in one or two sentences, from the passages below alone."
)


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question: whose it is, and until when (on the loop's clock) it is worth answering."""

    text: str
    tenant: str
    request_id: str
    deadline: float


@dataclass(frozen=True, kw_only=True)
class Live:
    """An answer that is still being written; iterating `pieces` may raise Unavailable."""

    pieces: AsyncIterator[str]
    reply: Reply  # what is known already: everything but the answer


class Answering(Protocol):
    """What the routes need of an assistant."""

    async def answer(self, question: Question) -> Reply:
        """The whole reply."""

    async def stream(self, question: Question) -> Reply | Live:
        """A reply that is whole at once (a refusal, a fallback), or a live one."""


class Assistant:
    """Answers from the knowledge base and the tenant's own documents, with a model that may fail."""

    def __init__(self, index: Index, documents: Documents, llm: Llm) -> None:
        self._index = index
        self._documents = documents
        self._llm = llm

    async def answer(self, question: Question) -> Reply:
        """The model's answer, a refusal before it is asked, or a fallback that says it is one."""
        found, own_missing = await self._look_up(question)
        if reason := why_refused(question.text, found):
            return refusal(reason)
        try:
            text = await self._llm.complete(_call(question, found.passages))
        except Unavailable:
            return extract(found.passages)
        return _reply(text, found.passages, own_missing)

    async def stream(self, question: Question) -> Reply | Live:
        """The same, but the model's answer as it comes. What fails before its first word still falls back."""
        found, own_missing = await self._look_up(question)
        if reason := why_refused(question.text, found):
            return refusal(reason)
        try:
            pieces = await self._llm.stream(_call(question, found.passages))
        except Unavailable:
            return extract(found.passages)
        return Live(pieces=pieces, reply=_reply("", found.passages, own_missing))

    async def _look_up(self, question: Question) -> tuple[Found, str]:
        """What was found, and what to say if the tenant's own documents could not be read."""
        own: Sequence[Passage] = ()
        missing = ""
        try:
            documents = await self._documents.all(question.tenant)
            own = [Passage(id=document.id, title=document.title, text=document.text) for document in documents]
        except StoreAway:
            missing = "without-own-documents"
        return self._index.search(question.text, own), missing


def _reply(text: str, passages: Sequence[Passage], degraded: str) -> Reply:
    return Reply(answer=text, sources=tuple(passage.id for passage in passages), degraded=degraded)


def _call(question: Question, passages: Sequence[Passage]) -> Call:
    context = "\n".join(f"[{passage.id}] {passage.title}. {passage.text}" for passage in passages)
    messages: tuple[Mapping[str, str], ...] = (
        {"role": "system", "content": f"{INSTRUCTIONS}\n\nPassages:\n{context}"},
        {"role": "user", "content": question.text},
    )
    return Call(messages=messages, request_id=question.request_id, deadline=question.deadline)
