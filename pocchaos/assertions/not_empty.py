"""`not-empty`: there is an answer at all; it says on purpose that nothing more is checked."""

from typing import Any, Literal

from pocchaos.assertions.base import BaseAssertion


class NotEmpty(BaseAssertion):
    """The answer holds something else than white space."""

    type: Literal["not-empty"]
    value: None = None

    def found(self, text: str, value: Any) -> bool:
        """Takes no value."""
        del value
        return bool(text.strip())

    def describe(self) -> str:
        """`is not empty`."""
        return "is not empty"
