"""`regex`: a pattern is found somewhere in the answer."""

import re
from typing import Any, Literal

from pocchaos.assertions.base import BaseAssertion, shown


class Regex(BaseAssertion):
    """The pattern (Python's `re`) is found in the answer (`not-regex`: nowhere); anchor it to match the whole."""

    type: Literal["regex", "not-regex"]
    value: Any

    def found(self, text: str, value: Any) -> bool:
        """Searched, not matched from the start; raises ValueError for what is no pattern."""
        if not isinstance(value, str) or not value:
            raise ValueError(f"{shown(value)} is not a pattern: give a text")
        try:
            return re.search(value, text) is not None
        except re.error as error:
            raise ValueError(f"{shown(value)} is not a pattern: {error}") from None

    def describe(self) -> str:
        """`matches "(?s).{40,}"`."""
        return f"{'does not match' if self.negated else 'matches'} {shown(self.value)}"
