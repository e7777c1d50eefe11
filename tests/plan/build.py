"""Builders of small scenarios and inputs, in the words of the language."""

from collections.abc import Mapping, Sequence
from typing import Any

from pocchaos.scenario.compile import compile_plan
from pocchaos.scenario.language import Scenario
from pocchaos.scenario.plan import InputRow, Plan

SECOND = 1_000_000  # µs


def stage(name: str, duration: str = "10s", *faults: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "duration": duration, **({"faults": list(faults)} if faults else {}), **more}


def down(upstream: str = "llm", **more: Any) -> dict[str, Any]:
    return {"upstream": upstream, "type": "down", **more}


def http_error(upstream: str = "llm", **more: Any) -> dict[str, Any]:
    return {"upstream": upstream, "type": "http_error", "attributes": {"status": 503}, **more}


def block(*stages: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"stages": list(stages), **more}


def criterion(metric: str, **more: Any) -> dict[str, Any]:
    return {"id": more.pop("id", metric), "metric": metric, **more}


def scenario(*stages: Mapping[str, Any], **more: Any) -> Scenario:
    """A small valid scenario: one tenant, one deck, 10 requests a second, deadline 2 s."""
    target = {
        "url": "http://127.0.0.1:1",
        "deadline": "2s",
        "request": {"path": "/", "json": {"q": "${input.text}"}},
        **more.pop("target", {}),
    }
    return Scenario.model_validate(
        {
            "version": 1,
            "name": "small",
            "target": target,
            "upstreams": {"llm": {"origin": {"simulate": "openai"}}, "db": {"origin": "tcp://127.0.0.1:5432"}},
            "inputs": [{"file": "q.jsonl", "category": "in_scope", "share": "100%", "assert": [{"type": "not-empty"}]}],
            "load": {"arrival": "constant", "rate": "10/s"},
            "stages": list(stages) or [stage("baseline")],
            **more,
        }
    )


def rows(scenario: Scenario, count: int | Sequence[int] = 50) -> tuple[tuple[InputRow, ...], ...]:
    """As many good rows for each entry of the scenario's inputs."""
    counts = [count] * len(scenario.inputs) if isinstance(count, int) else count
    return tuple(
        tuple(
            InputRow(
                id=f"{number}.{place}",
                category=entry.category,
                expect=entry.expected,
                fields={"text": f"question {place}"},
                asserts=entry.asserts,
                tenant=entry.tenant,
            )
            for place in range(many)
        )
        for number, (entry, many) in enumerate(zip(scenario.inputs, counts, strict=True))
    )


def planned(scenario: Scenario, *, inputs: int | Sequence[int] = 50, seed: int = 1) -> Plan:
    return compile_plan(scenario, rows(scenario, inputs), seed)
