"""`is-json`: the answer parses as JSON and, where a schema is given, fits it."""

from typing import Any, Literal

from jsonschema import Draft202012Validator, SchemaError

from pocchaos.assertions.base import BaseAssertion, as_json, shown


class IsJson(BaseAssertion):
    """The answer is JSON (`not-is-json`: is not); `value` may be a JSON Schema (2020-12) that it must fit."""

    type: Literal["is-json", "not-is-json"]
    value: Any = None

    def found(self, text: str, value: Any) -> bool:
        """Strict JSON: no NaN, no trailing text; raises ValueError for a schema that is none."""
        try:
            said = as_json(text)
        except ValueError:
            return False
        if value is None:
            return True
        if not isinstance(value, dict | bool):
            raise ValueError(f"{shown(value)} is not a JSON schema: give a mapping")  # noqa: TRY004 - a user's value
        try:
            Draft202012Validator.check_schema(value)
        except SchemaError as error:
            raise ValueError(f"{shown(value)} is not a JSON schema: {error.message}") from None
        return bool(Draft202012Validator(value).is_valid(said))

    def describe(self) -> str:
        """`is JSON that fits {"type": "object"}`."""
        return ("is not JSON" if self.negated else "is JSON") + (
            "" if self.value is None else f" that fits {shown(self.value)}"
        )
