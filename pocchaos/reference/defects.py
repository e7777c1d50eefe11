"""How the assistant misbehaves when `POCCHAOS_DEFECT` asks for it: each defect is one small place in this file.

Nothing else knows of defects. Some are bad settings, as somebody under pressure would choose them; the others spoil
the moment in which the assistant would have fallen back.
"""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from math import inf

from pocchaos.reference.assistant import Answering, Live, Question
from pocchaos.reference.replies import Reply
from pocchaos.reference.settings import Settings, SettingsError


class Defect(StrEnum):
    """What can be planted."""

    NO_TIMEOUT = "no_timeout"  # waits for the model as long as it takes
    RETRY_STORM = "retry_storm"  # tries again and again, at once, whatever Retry-After and breaker say
    SILENT_EMPTY = "silent_empty"  # 200 and a blank answer when the model is away
    STACK_TRACE = "stack_trace"  # shows its inside when the model is away
    BREAKER_STUCK_OPEN = "breaker_stuck_open"  # once open, the breaker never probes
    UNMARKED_STALE = "unmarked_stale"  # the tenant's last answer, whatever it was about, as if it were this one's


Spoil = Callable[[Question, Reply], Reply]


def planted(settings: Settings) -> Defect | None:
    """The defect that was asked for; raises SettingsError for an unknown one."""
    if not settings.defect:
        return None
    try:
        return Defect(settings.defect)
    except ValueError:
        known = ", ".join(Defect)
        raise SettingsError(f"POCCHAOS_DEFECT={settings.defect!r} is not one of: {known}") from None


def misconfigured(settings: Settings, defect: Defect | None) -> Settings:
    """The settings as the defect has them."""
    match defect:
        case Defect.NO_TIMEOUT:
            return replace(settings, llm_timeout=inf, answer_budget=inf)
        case Defect.RETRY_STORM:
            return replace(settings, llm_retries=5, llm_retry_wait=0.0, keep_retry_after=False, breaker_failures=inf)
        case Defect.BREAKER_STUCK_OPEN:
            return replace(settings, breaker_probe_after=inf)
        case Defect.STACK_TRACE:
            return replace(settings, debug=True)
        case _:
            return settings


def careless(assistant: Answering, defect: Defect | None) -> Answering:
    """The assistant, or one that is spoilt in the moment in which it falls back."""
    match defect:
        case Defect.SILENT_EMPTY:
            return Careless(assistant, _say_nothing)
        case Defect.STACK_TRACE:
            return Careless(assistant, _fall_over)
        case Defect.UNMARKED_STALE:
            return Careless(assistant, LastAnswer())
        case _:
            return assistant


class Careless:
    """An assistant whose every whole reply goes through `spoil`."""

    def __init__(self, assistant: Answering, spoil: Spoil) -> None:
        self._assistant = assistant
        self._spoil = spoil

    async def answer(self, question: Question) -> Reply:
        """See Answering."""
        return self._spoil(question, await self._assistant.answer(question))

    async def stream(self, question: Question) -> Reply | Live:
        """See Answering."""
        reply = await self._assistant.stream(question)
        return self._spoil(question, reply) if isinstance(reply, Reply) else reply


def _say_nothing(question: Question, reply: Reply) -> Reply:
    del question
    return replace(reply, answer="", degraded="") if reply.degraded else reply


def _fall_over(question: Question, reply: Reply) -> Reply:
    if reply.degraded:
        raise RuntimeError(f"no model for {question.text!r}")  # with `debug` the caller sees the whole traceback
    return reply


class LastAnswer:
    """A cache with too short a key: one answer for each tenant, given whenever there is no fresh one."""

    def __init__(self) -> None:
        self._last: dict[str, Reply] = {}

    def __call__(self, question: Question, reply: Reply) -> Reply:
        """The reply, or the tenant's last good one in place of a fallback."""
        if reply.degraded:
            return self._last.get(question.tenant, reply)
        if not reply.refused:
            self._last[question.tenant] = reply
        return reply
