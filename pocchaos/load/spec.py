"""What a Locust process is told: everything that it needs to send the plan's requests and to read the answers.

It travels down the process's standard input as one line of JSON and never touches the disk: it holds tokens.
"""

import json
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Final, Literal

from pocchaos.scenario.language import Answer, Request
from pocchaos.scenario.plan import InputRow, Mutation, Plan, Requests

POOL_RESERVE: Final = 1.2  # over rate × deadline, so that a full pool is never the target's doing
POOL_LEAST: Final = 8

_COLUMNS: Final = ("due", "stage", "tenant", "input")
_PLAIN: Final = ("url", "run", "deadline", "pool", "keep_headers", "secrets", "correlate", "worker", "full")


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadTenant:
    """One tenant as requests name it."""

    name: str
    token: str | None = None
    vars: Mapping[str, str] = field(default_factory=dict)
    canaries: Mapping[str, Sequence[str]] = field(default_factory=dict)  # surface -> texts

    def names(self) -> Mapping[str, Any]:
        """The namespace `tenant`; a surface with one canary is that text, with several their list."""
        return {
            "name": self.name,
            "token": self.token,
            "vars": dict(self.vars),
            "canaries": {
                surface: texts[0] if len(texts) == 1 else list(texts) for surface, texts in self.canaries.items()
            },
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadSpec:
    """One Locust process's work. Of the plan it uses inputs, requests and the order of tenants."""

    url: str
    request: Request
    answer: Answer
    tenants: tuple[LoadTenant, ...]  # in the order of `plan.tenants`
    plan: Plan
    run: str  # short id: request k is `<run>-<k>`
    deadline: float  # s, from the actual start of each request
    pool: int  # requests in flight at most
    keep_headers: tuple[str, ...] = ()  # beside content-type and retry-after: those that markers name
    secrets: tuple[str, ...] = ()  # `target.secrets`: must never occur in a response
    redact: Mapping[str, str] = field(default_factory=dict)  # name -> value, never to be kept
    correlate: str | None = None  # header that carries the request's id
    names: Mapping[str, Any] = field(default_factory=dict)  # further template namespaces: upstreams, run, …
    worker: int = 0
    full: Literal["drop", "wait"] = "drop"  # a full pool records `not_sent`; `wait` is for measuring capacity only


def pool_for(rate: float, deadline: float) -> int:
    """Places in flight for the highest rate (requests a second) of a plan."""
    return max(POOL_LEAST, ceil(rate * deadline * POOL_RESERVE))


def peak_rate(due: Sequence[int], window: int = 1_000_000) -> float:
    """The most requests that are due within any `window` µs, per second; `due` in order."""
    most = first = 0
    for last, moment in enumerate(due):
        while moment - due[first] >= window:
            first += 1
        most = max(most, last - first + 1)
    return most * 1_000_000 / window


def encode_spec(spec: LoadSpec) -> bytes:
    """The spec as one line of JSON."""
    value = {
        "request": spec.request.model_dump(by_alias=True),
        "answer": spec.answer.model_dump(by_alias=True),
        "tenants": [
            {"name": t.name, "token": t.token, "vars": dict(t.vars), "canaries": dict(t.canaries)} for t in spec.tenants
        ],
        "inputs": [_input_record(row) for row in spec.plan.inputs],
        "requests": {name: getattr(spec.plan.requests, name).tolist() for name in _COLUMNS},
        "redact": dict(spec.redact),
        "names": dict(spec.names),
        **{name: getattr(spec, name) for name in _PLAIN},
    }
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def decode_spec(line: bytes) -> LoadSpec:
    """The spec of one line; its plan has no stages, faults or asserts: a Locust process has no use for them."""
    value = json.loads(line)
    tenants = tuple(LoadTenant(**tenant) for tenant in value["tenants"])
    columns = {name: array("q", value["requests"][name]) for name in _COLUMNS}
    plan = Plan(
        seed=0,
        stages=(),
        windows=(),
        edges=(),
        tenants=tuple(tenant.name for tenant in tenants),
        inputs=tuple(map(_input_row, value["inputs"])),
        requests=Requests(**columns),
    )
    plain: dict[str, Any] = {
        name: tuple(value[name]) if isinstance(value[name], list) else value[name] for name in _PLAIN
    }
    return LoadSpec(
        request=Request.model_validate(value["request"]),
        answer=Answer.model_validate(value["answer"]),
        tenants=tenants,
        plan=plan,
        redact=value["redact"],
        names=value["names"],
        **plain,
    )


def _input_record(row: InputRow) -> dict[str, Any]:
    mutation = {"kind": row.mutation.kind, "draw": row.mutation.draw} if row.mutation else None
    return {"id": row.id, "category": row.category, "fields": dict(row.fields), "mutation": mutation}


def _input_row(record: Mapping[str, Any]) -> InputRow:
    return InputRow(
        id=record["id"],
        category=record["category"],
        expect="answer",
        fields=record["fields"],
        mutation=Mutation(**record["mutation"]) if record["mutation"] else None,
    )
