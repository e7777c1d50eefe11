"""Scopes: names, lists and globs, as criteria give them."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase


def matches(names: Sequence[str] | None, value: str) -> bool:
    """Whether a scope takes in a value; no scope takes in everything. `*`, `?` and `[…]` are globs."""
    return names is None or any(fnmatchcase(value, name) for name in names)


def chosen(names: Sequence[str] | None, values: Iterable[str]) -> tuple[str, ...]:
    """The values in a scope, each once, in their own order."""
    return tuple(dict.fromkeys(value for value in values if matches(names, value)))


def exactly(name: str) -> str:
    """A name as a glob that matches itself alone."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
