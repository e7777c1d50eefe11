"""`contains` and `icontains`: the answer holds a text; `icontains` does not mind upper and lower case."""

from typing import Annotated, Any, Literal

from pydantic import Field

from pocchaos.assertions.base import BaseAssertion, one_needle, shown


class Contains(BaseAssertion):
    """The answer holds the text (`not-contains`: does not)."""

    type: Literal["contains", "not-contains"]
    value: Annotated[Any, Field(examples=["${input.expected}"])]

    def found(self, text: str, value: Any) -> bool:
        """Case counts."""
        return one_needle(value) in text

    def describe(self) -> str:
        """`contains "Paris"`."""
        return f"{self.type} {shown(self.value)}"


class IContains(BaseAssertion):
    """The answer holds the text in upper or lower case (`not-icontains`: does not)."""

    type: Literal["icontains", "not-icontains"]
    value: Annotated[Any, Field(examples=["${input.expected}"])]

    def found(self, text: str, value: Any) -> bool:
        """Compared in folded case: `STRASSE` is in `Straße`."""
        return one_needle(value).casefold() in text.casefold()

    def describe(self) -> str:
        """`icontains "paris"`."""
        return f"{self.type} {shown(self.value)}"
