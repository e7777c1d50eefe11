"""The catalogue of assertions, named as promptfoo names them."""

from typing import Any, Literal

from pocchaos.assertions.base import BaseAssertion


class Placeholder(BaseAssertion):
    """Replaced by the catalogue."""

    type: str
    value: Any = None

    def holds(self, text: str, value: Any) -> bool:
        """Not written yet."""
        raise NotImplementedError


Assertion = Placeholder
Kind = Literal["contains"]
