"""What an assertion is: a pure check of the answer (or of `path` in the body) against the input's own value."""

import json
from abc import abstractmethod
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class BaseAssertion(BaseModel):
    """One check; `value` may hold `${input.*}` templates and is rendered before `holds` is asked.

    A check that cannot be made (no list of facts to look for, a value of the wrong kind) raises ValueError:
    the sample is then unknown, never a pass.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    path: Annotated[
        str | None, Field(description="JMESPath into the body; absent: the extracted answer", examples=["data.items"])
    ] = None

    @property
    def negated(self) -> bool:
        """Whether this is the `not-` form."""
        return self.type.startswith("not-") and self.type != "not-empty"

    def holds(self, text: str, value: Any) -> bool:
        """Whether the text (what is no text is given as JSON) satisfies the rendered value; raises ValueError."""
        return self.found(text, value) != self.negated

    @abstractmethod
    def found(self, text: str, value: Any) -> bool:
        """The check itself, before the `not-` form turns it round."""

    @abstractmethod
    def describe(self) -> str:
        """The check for people: `contains any of ["Paris", "paris"]`."""


def needles(value: Any) -> tuple[str, ...]:
    """What to look for: a text, a number, or a list of them; raises ValueError where there is nothing to look for."""
    found = tuple(_needle(item) for item in (value if isinstance(value, list | tuple) else [value]))
    if not found:
        raise ValueError("[] is nothing to look for: give at least one text")
    return found


def one_needle(value: Any) -> str:
    """The one text to look for; raises ValueError for a list."""
    if isinstance(value, list | tuple):
        raise ValueError(f"{shown(value)} is a list: use contains-any or contains-all")  # noqa: TRY004 - a user's value
    return _needle(value)


def shown(value: Any) -> str:
    """A value for people, as JSON."""
    return json.dumps(value, ensure_ascii=False, default=str)


def as_json(text: str) -> Any:
    """The text as strict JSON (no NaN, no Infinity); raises ValueError."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply to be read") from None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _needle(value: Any) -> str:
    text = value if isinstance(value, str) else shown(value)
    if isinstance(value, dict) or value is None or not text:
        raise ValueError(f"{shown(value)} is nothing to look for: give a text")
    return text
