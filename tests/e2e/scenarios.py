"""Short scenarios for the foreign POC of this folder, written out as files."""

import json
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TARGETS = Path(__file__).parent / "targets"
KEY = "sk-e2e-4f/8+b1c 9d2e7a60"  # with characters that look different in a URL


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def started(**env: str) -> dict[str, Any]:
    """`target.start` for the ask service, pointed at the upstream `llm`."""
    return {
        "command": ["${run.python}", str(TARGETS / "ask.py")],
        "env": {"PORT": "${run.port}", "LLM_URL": "${upstreams.llm.url}", **env},
    }


def detached(pidfile: Path, **env: str) -> dict[str, Any]:
    """The same, started by a command that ends at once."""
    script = str(TARGETS / "detached.py")
    return {
        **started(**env),
        "command": [sys.executable, script, "start", str(pidfile)],
        "stop": [sys.executable, script, "stop", str(pidfile)],
    }


def quick(origin: str | Mapping[str, Any], *, start: Mapping[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    """Four seconds: a baseline, two seconds of 503, one claim about each. Keys given replace its own."""
    scenario: dict[str, Any] = {
        "version": 1,
        "name": "quick",
        "seed": 5,
        "target": {
            "url": "http://127.0.0.1:${run.port}",
            "ready": "/api/health",
            "version": {"get": "/api/version", "path": "image"},
            "start": start if start is not None else started(),
            "deadline": "1s",
            "request": {"method": "POST", "path": "/api/ask", "json": {"q": "${input.text}"}},
            "answer": {"path": "data.answer"},
            "markers": {"fallback": {"pattern": "(?i)showing cached results"}},
        },
        "upstreams": {"llm": {"origin": origin}},
        "inputs": [
            {
                "file": "questions.jsonl",
                "category": "in_scope",
                "share": "100%",
                "assert": [{"type": "contains", "value": "${input.expected}"}],
            }
        ],
        "load": {"arrival": "constant", "rate": "30/s"},
        "stages": [
            {"name": "baseline", "duration": "3s", "settle": "500ms"},
            {"name": "errors", "duration": "2s", "faults": [http_error()]},
        ],
        "criteria": [
            {"id": "quality", "stage": "baseline", "metric": "answered", "at_least": "75%"},
            {"id": "graceful", "stage": "errors", "metric": "graceful", "at_least": "75%"},
        ],
    }
    return {**scenario, **changed}


def http_error() -> dict[str, Any]:
    """503, at once."""
    return {"upstream": "llm", "type": "http_error", "attributes": {"status": 503}}


def write(folder: Path, scenario: Mapping[str, Any], *, questions: int = 80) -> Path:
    """The scenario and its questions as files; JSON is YAML."""
    rows = (
        {"id": f"q{k}", "text": f"question {k:03}", "expected": f"fact of question {k:03}"} for k in range(questions)
    )
    (folder / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    path = folder / f"{scenario['name']}.yaml"
    path.write_text(json.dumps(scenario, indent=1))
    return path
