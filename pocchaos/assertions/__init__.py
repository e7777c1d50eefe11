"""The catalogue of assertions, named as promptfoo names them.

To add one: a file, a line in the union below, a row in the table test, a line of docs. Each has a `not-` form
under the same class (`not-empty` is its own word).
"""

from typing import Annotated

from pydantic import Field

from pocchaos.assertions.base import BaseAssertion
from pocchaos.assertions.contains import Contains, IContains
from pocchaos.assertions.contains_some import ContainsAll, ContainsAny
from pocchaos.assertions.equals import Equals
from pocchaos.assertions.is_json import IsJson
from pocchaos.assertions.not_empty import NotEmpty
from pocchaos.assertions.regex import Regex

Assertion = Annotated[
    Contains
    | ContainsAll
    | ContainsAny
    | Equals
    | IContains
    | IsJson
    | NotEmpty
    | Regex,
    Field(discriminator="type"),
]  # fmt: skip

__all__ = [
    "Assertion",
    "BaseAssertion",
    "Contains",
    "ContainsAll",
    "ContainsAny",
    "Equals",
    "IContains",
    "IsJson",
    "NotEmpty",
    "Regex",
]
