"""`equals`: the answer is exactly the value; what is no text is compared as JSON."""

from typing import Any, Literal

from pocchaos.assertions.base import BaseAssertion, as_json, shown


class Equals(BaseAssertion):
    """The answer is the value (`not-equals`: is another)."""

    type: Literal["equals", "not-equals"]
    value: Any

    def found(self, text: str, value: Any) -> bool:
        """Text by its characters; numbers, lists and mappings by what they say, whatever their spacing and order."""
        if isinstance(value, str):
            return text == value
        try:
            return _same(as_json(text), value)
        except ValueError:
            return False

    def describe(self) -> str:
        """`equals 42`."""
        return f"{self.type} {shown(self.value)}"


def _same(one: Any, other: Any) -> bool:
    """Equality of JSON: `true` is not 1, but 1 is 1.0."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return bool(one == other)
