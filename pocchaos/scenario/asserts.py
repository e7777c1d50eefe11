"""Assertions as a row of an input file writes them, read with the same words as those of the scenario."""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from pocchaos.assertions import Assertion
from pocchaos.scenario.finding import Finding
from pocchaos.scenario.not_yet import refusals
from pocchaos.scenario.rules.inputs import assertion_findings
from pocchaos.scenario.wording import findings

_ASSERTS: Final[TypeAdapter[tuple[Assertion, ...]]] = TypeAdapter(tuple[Assertion, ...])


def read_asserts(given: Sequence[Any]) -> tuple[tuple[Assertion, ...], tuple[Finding, ...]]:
    """The assertions of a row, and what is wrong with them; places begin with `assert`."""
    later = refusals({"inputs": [{"assert": list(given)}]}).findings
    if later:
        return (), tuple(Finding(where=one.where[2:], message=one.message) for one in later)
    try:
        read = _ASSERTS.validate_python(list(given), by_alias=True, by_name=False)
    except ValidationError as error:
        told = findings(error, list(given), root=tuple[Assertion, ...])
        return (), tuple(Finding(where=("assert", *one.where), message=one.message) for one in told)
    wrong = [one for index, check in enumerate(read) for one in assertion_findings(("assert", index), check)]
    return read, tuple(wrong)
