"""The events of a stream as one JSON value, so that markers read a stream as they read a body."""

from collections.abc import Mapping
from typing import Any


class Merged:
    """Folds events one by one: mappings and lists merge by key and position, a later value replaces an earlier one.

    A null or an empty text never replaces something. Texts beside the delta (in its own object, unless that is
    the event itself) are joined as the delta is: a refusal comes in pieces too.
    """

    def __init__(self, delta: tuple[str | int, ...] | None) -> None:
        self._joined_in = delta[:-1] if delta else ()
        self._delta = delta
        self.value: Any = {}

    def add(self, event: Mapping[str, Any]) -> None:
        """Fold one event in."""
        _fold(self.value, event, self._joined_in or None)

    def put(self, text: str) -> None:
        """Set the whole text where the delta stands, if that is a plain path."""
        if not self._delta:
            return
        here = self.value
        for step in self._joined_in:
            try:
                here = here[step]
            except (KeyError, IndexError, TypeError):
                return
        last = self._delta[-1]
        if isinstance(here, dict) and last in here:
            here[last] = text


def _fold(into: dict[str, Any], event: Mapping[str, Any], way: tuple[str | int, ...] | None) -> None:
    """`way` is what remains of the path to the object whose texts are joined; None off that path."""
    joins = way == ()
    for key, new in event.items():
        old = into.get(key)
        if old is None:
            into[key] = _copied(new)
        elif new is None or new == "":
            continue
        elif joins and isinstance(new, str) and isinstance(old, str):
            into[key] = old if new == old else old + new
        else:
            into[key] = _merged(old, new, way[1:] if way and way[0] == key else None)


def _merged(old: Any, new: Any, way: tuple[str | int, ...] | None) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        _fold(old, new, way)
        return old
    if isinstance(old, list) and isinstance(new, list):
        for position, value in enumerate(new):
            if position < len(old):
                further = way[1:] if way and way[0] == position else None
                old[position] = _merged(old[position], value, further)
            else:
                old.append(_copied(value))
        return old
    return old if new is None or new == "" else new


def _copied(value: Any) -> Any:
    """A copy of mappings and lists, so that folding never changes an event."""
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_copied(inner) for inner in value]
    return value
