"""One thing wrong with a scenario, before it has a file and a line; and the words that all of them share."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeAlias

from pocchaos.exchange.template import Place, show_place

Where: TypeAlias = Place
"""A path in the file's values: ("stages", 1, "faults", 0, "upstream")."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What is wrong at a path, and how to mend it."""

    where: Where
    message: str
    unknown_key: bool = False  # nothing under it can be judged

    @property
    def path(self) -> str:
        """`stages[1].faults[0].upstream`."""
        return show_place(self.where)


def shown(value: Any, limit: int = 60) -> str:
    """A value as the file could write it, cut where it is long."""
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def listed(names: Iterable[object], limit: int = 20) -> str:
    """Names in a row: `llm, docs-db`."""
    known = [str(name) for name in names]
    return ", ".join(known[:limit]) + (", …" if len(known) > limit else "")


def nearest(value: object, known: Iterable[object]) -> str | None:
    """The known name that is most like the value; None where none is."""
    by_lower = {str(name).lower(): str(name) for name in known}
    near = get_close_matches(str(value).lower(), list(by_lower), n=1, cutoff=0.6)
    return by_lower[near[0]] if near else None


def did_you_mean(value: object, known: Iterable[object]) -> str:
    """` Did you mean "llm"?`, or nothing where nothing is near."""
    near = nearest(value, known)
    return f' Did you mean "{near}"?' if near else ""


def unknown(value: Any, what: str, known: Iterable[object]) -> str:
    """`"lmm" is not one of this scenario's upstreams (llm, docs-db). Did you mean "llm"?`."""
    names = list(dict.fromkeys(str(name) for name in known))
    there = f" ({listed(names)})" if names else " (there are none)"
    return f"{shown(value)} is not one of {what}{there}.{did_you_mean(value, names)}"
