"""What all mappings of the language share: frozen, no unknown keys, unions told apart by what was written."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from pocchaos.model.units import Duration

Text = str
Positive = Annotated[Duration, Field(gt=0)]


def listed(value: Any) -> Any:
    """One thing as a list of it: what may be a list need not be one."""
    return value if isinstance(value, list | tuple) else [value]


class OneOrMore:
    """In the JSON schema: one of the things, or a list of them."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        many = handler(core)
        return {"anyOf": [many["items"], many]}


def _shape(value: Any) -> str:
    """Which member of a union is meant, by the shape of what was written alone: errors then speak of that one."""
    if isinstance(value, Mapping | BaseModel):
        return "mapping"
    return "list" if isinstance(value, list | tuple) else "text"


def text_or_mapping(value: Any) -> str:
    """For a union of the two; what is neither is taken for a text."""
    return "mapping" if _shape(value) == "mapping" else "text"


def text_or_list(value: Any) -> str:
    """For a union of the two; what is neither is taken for a text."""
    return "list" if _shape(value) == "list" else "text"


def _limit(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Limit = Annotated[
    str,
    BeforeValidator(_limit, json_schema_input_type=str | float),
]
"""`95%`, `3s`, `3`, `1.5x`, `-5pp`: read by the metric that it limits (`pocchaos.metrics.limits`)."""


class Words(BaseModel):
    """A mapping of the language: frozen, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
