"""The plan as bytes: JSON lines in a fixed order, so that the same plan is the same bytes on every machine.

One line says what kind it is by its only key: `plan`, then a line for each `stage`, `fault`, `edge`, `tenant` and
`input`, then `requests` as columns, a thousand a line. Durations of faults are written with their units.
"""

import json
from array import array
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from pocchaos.assertions import Assertion
from pocchaos.faults import Fault
from pocchaos.model.errors import RunDirectoryError
from pocchaos.model.units import AS_WRITTEN
from pocchaos.scenario.plan import Edge, FaultWindow, InputRow, Mutation, Plan, PlannedStage, Requests

SCHEMA: Final = 1
CHUNK: Final = 1_000  # requests a line: long enough to be fast, short enough to be looked at

_FAULT: Final[TypeAdapter[Fault]] = TypeAdapter(Fault)
_ASSERTS: Final[TypeAdapter[tuple[Assertion, ...]]] = TypeAdapter(tuple[Assertion, ...])
_COLUMNS: Final = (("due", "q"), ("stage", "i"), ("tenant", "i"), ("input", "i"))


def dump_plan(plan: Plan) -> bytes:
    """The plan as JSON lines in ASCII; equal plans give equal bytes."""
    return b"".join(json.dumps(line, separators=(",", ":"), sort_keys=True).encode() + b"\n" for line in _lines(plan))


def load_plan(data: bytes) -> Plan:
    """The plan back from its bytes; raises RunDirectoryError where they are torn or of another version."""
    try:
        return _plan(data)
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise RunDirectoryError(f"the plan cannot be read: {error}") from error


def _lines(plan: Plan) -> Iterator[dict[str, Any]]:
    yield {"plan": {"schema": SCHEMA, "seed": plan.seed, "requests": len(plan.requests)}}
    for stage in plan.stages:
        yield {"stage": asdict(stage)}
    for window in plan.windows:
        yield {"fault": _written(window)}
    for edge in plan.edges:
        yield {"edge": asdict(edge)}
    for name in plan.tenants:
        yield {"tenant": name}
    for row in plan.inputs:
        yield {"input": _row(row)}
    for start in range(0, len(plan.requests), CHUNK):
        chunk = slice(start, start + CHUNK)
        yield {
            "requests": {"from": start} | {name: getattr(plan.requests, name)[chunk].tolist() for name, _ in _COLUMNS}
        }


def _written(window: FaultWindow) -> dict[str, Any]:
    return {
        "key": window.key,
        "id": window.id,
        "cycle": window.cycle,
        "stage": window.stage,
        "spans": window.spans,
        "fault": window.fault.model_dump(mode="json", by_alias=True, context=AS_WRITTEN),
    }


def _row(row: InputRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "category": row.category,
        "expect": row.expect,
        "fields": row.fields,
        "asserts": _ASSERTS.dump_python(row.asserts, mode="json", by_alias=True),
        "provenance": row.provenance,
        "tenant": row.tenant,
        "mutation": None if row.mutation is None else asdict(row.mutation),
    }


def _plan(data: bytes) -> Plan:
    lines = (_line(line) for line in data.splitlines())
    nothing: tuple[str, Any] = ("", None)
    kind, head = next(lines, nothing)
    if kind != "plan" or head["schema"] != SCHEMA:
        raise RunDirectoryError("the plan was written by another version of pocchaos: judge it with that version")
    found: dict[str, list[Any]] = {"stage": [], "fault": [], "edge": [], "tenant": [], "input": []}
    columns = {name: array(code) for name, code in _COLUMNS}
    for kind, value in lines:
        if kind == "requests":
            for name, column in columns.items():
                column.fromlist(value[name])
        else:
            found[kind].append(value)
    if any(len(column) != head["requests"] for column in columns.values()):
        raise ValueError(f"it holds {len(columns['due'])} requests of {head['requests']}")
    return Plan(
        seed=head["seed"],
        stages=tuple(PlannedStage(**{**stage, "windows": tuple(stage["windows"])}) for stage in found["stage"]),
        windows=tuple(_window(window) for window in found["fault"]),
        edges=tuple(Edge(**edge) for edge in found["edge"]),
        tenants=tuple(found["tenant"]),
        inputs=tuple(_read_row(row) for row in found["input"]),
        requests=Requests(**columns),
    )


def _line(line: bytes) -> tuple[str, Any]:
    """What kind of line it is, and its value; requests, of which there may be a million, by the faster parser.

    That one refuses lone surrogates and deep nesting, which an input may have and a number never has.
    """
    found: dict[str, Any] = from_json(line) if line.startswith(b'{"requests":') else json.loads(line)
    return next(iter(found.items()))


def _window(value: dict[str, Any]) -> FaultWindow:
    spans = tuple((on, off) for on, off in value["spans"])
    return FaultWindow(**{**value, "spans": spans, "fault": _FAULT.validate_python(value["fault"])})


def _read_row(value: dict[str, Any]) -> InputRow:
    mutation = None if value["mutation"] is None else Mutation(**value["mutation"])
    return InputRow(**{**value, "asserts": _ASSERTS.validate_python(value["asserts"]), "mutation": mutation})
