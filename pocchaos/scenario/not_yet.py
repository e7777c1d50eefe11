"""What the language knows and this version does not do yet: refused by name, with what to do meanwhile.

Nothing that a file says is silently ignored. When a feature comes, its row goes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, get_args

from pocchaos.faults import AnyStandFault
from pocchaos.scenario.finding import Finding, Where, listed, shown

_BODY = "send the body as `json`"
_LOAD = "use constant or poisson, or rate: {from, to, steps}"
_STREAM = "delete it; it belongs to an arrival that is not there yet"
_STAND = listed(kind.model_fields["type"].default for kind in get_args(AnyStandFault))
_SHAPE = f"use a fault of the stand that is there ({_STAND}), or one of Toxiproxy's types"

KEYS: Final[Mapping[str, str]] = {
    "probes": "declare `canaries` and judge `leaked`",
    "rating": "check answers by `assert` and judge `answered`",
    "stop_when": "watch the run and end it with Ctrl-C",
    "target.steps": "write one `request` with its `answer`: one exchange per input",
    "target.auth": "give each tenant a `token`",
    "target.setup": "prepare the target before the run, and put what was made into the tenant's `vars`",
    "target.teardown": "clean up after the run by hand, or in `start.stop`",
    "target.start.restart": "delete it: a target that exits stays down",
    "target.request.query": "write it into the path, such as /search?q=${input.text}",
    "target.request.form": _BODY,
    "target.request.multipart": _BODY,
    "target.request.body": _BODY,
    "target.request.build": _BODY,
    "target.answer.call": "say where the answer is with `path`",
    "upstreams.*.tls": "let the target call its upstream by http://",
    "upstreams.*.headers": "let the target send them",
    "upstreams.*.tape": "name the real `origin`, or {simulate: openai}",
    "upstreams.*.origin.echo": "delete it: the simulator repeats facts, not canaries",
    "tenants[].quota": "delete it: a clean 429 is then judged as `shed`",
    "inputs[].assert[].threshold": "delete it: an assertion holds or does not",
    "load[].cancel": "delete it: every request waits for its answer or the deadline",
    "load[].cv": _STREAM,
    "load[].file": _STREAM,
    "load[].column": _STREAM,
    "load[].speed": _STREAM,
    "load[].users": _STREAM,
    "load[].think": _STREAM,
    "stages[].faults[].match.body": "match by `path`, `method` or `tenant`",
    "criteria[].step": "delete it: there is one step",
    "criteria[].probe": "delete the criterion: no probe runs yet",
    "criteria[].while": "write a stage for each rate, and a criterion for each stage",
}
"""Keys, by their path with every index and name left open."""

VALUES: Final[Mapping[str, Mapping[str, str]]] = {
    "target.answer.stream": {"ndjson": "have the target answer whole (none) or by server-sent events (sse)"},
    "target.correlate": {"nonce": "use {header: x-request-id} if the target passes that header on, else none"},
    "upstreams.*.origin.simulate": {
        "anthropic": "use openai, or name a real `origin`",
        "http": "use openai, or name a real `origin`",
    },
    "inputs[].assert[].type": {
        "call": "use contains-any, regex or another of the built-in assertions",
        "javascript": "use contains-any, regex or another of the built-in assertions",
        "python": "use contains-any, regex or another of the built-in assertions",
        "llm-rubric": "use contains-any, regex or another of the built-in assertions",
        "similar": "use contains-any with the wordings that you accept",
    },
    "load[].arrival": {"gamma": _LOAD, "trace": _LOAD, "closed": _LOAD},
    "stages[].faults[].type": {
        "http_latency": "use `latency` (every byte late), or `stall`",
        "rate_limit": "use http_error with status 429 and an error_rate",
        "slow_stream": "use `bandwidth` or `slicer`",
        "reset": "use `reset_peer`",
        "truncate": "use `limit_data`",
        "empty": _SHAPE,
        "garbage": _SHAPE,
        "stream_error": _SHAPE,
        "stale": _SHAPE,
        "alter": _SHAPE,
    },
    "criteria[].metric": {
        "acceptable": "check answers by `assert` and judge `answered`",
        "attempts.max": "judge attempts_per_request",
        "early_retries": "judge attempts_per_request",
        "max_rate": "write a stage for each rate, and judge latency.p95 in each",
        "findings": "delete the criterion: no probe runs yet",
        "leaked_upstream": "judge `leaked`",
    },
    "criteria[].unit": {"conversation": "judge requests: delete `unit`"},
    "criteria[].each": {"probe": "delete the criterion: no probe runs yet"},
}

INSTEAD: Final[Mapping[str, str]] = {"target.steps": "request", "upstreams.*.tape": "origin"}
"""Keys in whose place another one is then not missed."""

SPOIL: Final = frozenset(
    {
        "inputs[].assert[].type",
        "load[].arrival",
        "stages[].faults[].type",
        "upstreams.*.origin.simulate",
        "criteria[].metric",
    }
)
"""Values that say what the whole mapping around them is: nothing else in it can be checked then."""

NAMESPACES: Final[Mapping[str, str]] = {
    "turn": "one exchange per input: ask with ${input.text}",
    "session": "use a canary of the tenant: ${tenant.canaries.…}",
    "saved": "nothing is saved from answers yet: use the tenant's `vars`",
    "owner": "it belongs to probes",
    "tenant.saved": "prepare the target before the run, and put what was made into the tenant's `vars`",
    "run.ca": "let the target call its upstream by http://",
}
"""What templates may name later."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusals:
    """What is refused, what to leave out of the rest of the reading, and what can be checked no further."""

    findings: tuple[Finding, ...] = ()
    dropped: frozenset[Where] = field(default=frozenset())
    broken: frozenset[Where] = field(default=frozenset())
    names: frozenset[str] = field(default=frozenset())  # rows of the tables that were met


def refusals(data: Any) -> Refusals:
    """Everything in the plain values of a file that is not yet."""
    findings: list[Finding] = []
    dropped: set[Where] = set()
    broken: set[Where] = set()
    names: set[str] = set()
    for where, value in _walk(data, ()):
        name = canonical(where)
        if name in KEYS:
            findings.append(Finding(where=where, message=not_yet(f"`{where[-1]}`", KEYS[name])))
            dropped.add(where)
            if name in INSTEAD:
                broken.add((*where[:-1], INSTEAD[name]))
        elif meanwhile := _refused_value(name, value):
            findings.append(Finding(where=where, message=not_yet(shown(value), meanwhile)))
            broken.add(where[:-1] if name in SPOIL else where)
        else:
            continue
        names.add(name)
    kept = [one for one in findings if not any(_inside(one.where, top) for top in dropped)]
    return Refusals(
        findings=tuple(_without_companions(kept, broken)),
        dropped=frozenset(dropped),
        broken=frozenset(broken),
        names=frozenset(names),
    )


def not_yet(what: str, meanwhile: str) -> str:
    """The words of every such refusal."""
    return f"not yet: {what}. Meanwhile {meanwhile}."


def canonical(where: Where) -> str:
    """A path with its indices and free names left open: `stages[].faults[].type`, `upstreams.*.tls`."""
    text = ""
    for position, part in enumerate(where):
        if isinstance(part, int):
            text += "[]"
        elif position == 1 and where[0] == "upstreams":
            text += ".*"
        else:
            text += f".{part}" if text else part
    text = text.replace("stages[].stages[]", "stages[]").replace("stages[].for_each[]", "stages[].faults[]")
    text = text.removeprefix("stages[].") if text.startswith("stages[].load") else text
    return text.replace("load.", "load[].", 1) if text.startswith("load.") else text


def _refused_value(name: str, value: Any) -> str | None:
    if name == "upstreams.*.origin" and isinstance(value, str) and value.startswith("https://"):
        return "put a local http:// gateway before it, or use {simulate: openai}"
    return VALUES[name].get(value) if name in VALUES and isinstance(value, str) else None


def _walk(value: Any, where: Where) -> Iterator[tuple[Where, Any]]:
    if where:
        yield where, value
    match value:
        case Mapping():
            for key, item in value.items():
                yield from _walk(item, (*where, str(key)))
        case list():
            for index, item in enumerate(value):
                yield from _walk(item, (*where, index))
        case _:
            return


def _inside(where: Where, other: Where) -> bool:
    return len(where) > len(other) and where[: len(other)] == other


def _without_companions(findings: list[Finding], broken: set[Where]) -> Iterator[Finding]:
    """Of `arrival: trace, file: …` and `metric: max_rate, while: …` only the first word is told."""
    for one in findings:
        if canonical(one.where) in SPOIL or one.where[:-1] not in broken:
            yield one
