"""`contains-any` and `contains-all`: the answer holds one, or every one, of a list of texts."""

from typing import Annotated, Any, Literal

from pydantic import Field

from pocchaos.assertions.base import BaseAssertion, needles, shown


class ContainsAny(BaseAssertion):
    """The answer holds at least one of the texts (`not-contains-any`: none of them)."""

    type: Literal["contains-any", "not-contains-any"]
    value: Annotated[Any, Field(examples=["${input.expected}"])]

    def found(self, text: str, value: Any) -> bool:
        """A single text is a list of one."""
        return any(needle in text for needle in needles(value))

    def describe(self) -> str:
        """`contains any of ["Paris", "the capital"]`."""
        return f"{self.type.replace('-any', ' any of')} {shown(self.value)}"


class ContainsAll(BaseAssertion):
    """The answer holds every one of the texts (`not-contains-all`: at least one is missing)."""

    type: Literal["contains-all", "not-contains-all"]
    value: Annotated[Any, Field(examples=["${input.expected}"])]

    def found(self, text: str, value: Any) -> bool:
        """A single text is a list of one."""
        return all(needle in text for needle in needles(value))

    def describe(self) -> str:
        """`contains all of ["14 days", "receipt"]`."""
        return f"{self.type.replace('-all', ' all of')} {shown(self.value)}"
