"""What an assertion is: a pure check of the answer (or of `path` in the body) against the input's own value."""

from abc import abstractmethod
from typing import Any

from pydantic import BaseModel, ConfigDict


class BaseAssertion(BaseModel):
    """One check; `value` may hold `${input.*}` templates and is rendered before `holds` is asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str | None = None  # JMESPath into the body; absent: the extracted answer

    @abstractmethod
    def holds(self, text: str, value: Any) -> bool:
        """Whether the text (what is no text is given as JSON) satisfies the rendered value."""
