"""Everything that can be set, by environment variable; read once, at the start.

| variable              | default                     | meaning                                                       |
|-----------------------|-----------------------------|---------------------------------------------------------------|
| `HOST`                | `127.0.0.1`                 | where to listen                                               |
| `PORT`                | `8080`                      | 0: a free one, printed by uvicorn                             |
| `LLM_BASE_URL`        | `http://127.0.0.1:11434/v1` | an OpenAI-compatible server, with its `/v1`                   |
| `LLM_API_KEY`         | `unused`                    | sent as a bearer token to it                                  |
| `LLM_MODEL`           | `support-small`             | the model's name                                              |
| `LLM_TIMEOUT`         | `2.0` s                     | one attempt: the whole answer, or a stream's first token      |
| `LLM_RETRIES`         | `2`                         | further attempts after a failure that may pass                |
| `LLM_RETRY_WAIT`      | `0.1` s                     | before the first retry; doubled each time, never < Retry-After |
| `BREAKER_FAILURES`    | `5`                         | failed attempts in a row that open the breaker                |
| `BREAKER_PROBE_AFTER` | `1.5` s                     | an open breaker lets one probe through after this             |
| `ANSWER_BUDGET`       | `2.5` s                     | one question, everything included                             |
| `CAPACITY`            | `80`                        | questions at once; more are turned away with 503              |
| `STORE_URL`           | `:memory:`                  | `sqlite:///path`, `postgresql://…` or `redis://…`             |
| `STORE_TIMEOUT`       | `0.5` s                     | one call of the document store                                |
| `ACME_TOKEN`          | `acme-demo-token`           | bearer token of the tenant acme                               |
| `GLOBEX_TOKEN`        | `globex-demo-token`         | bearer token of the tenant globex                             |
| `INITECH_TOKEN`       | `initech-demo-token`        | bearer token of the tenant initech                            |
| `GIT_COMMIT`          | hash of the sources         | what `/version` says                                          |
| `POCCHAOS_DEFECT`     | none                        | misbehave in one way on purpose; see `defects`                |
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TENANTS = ("acme", "globex", "initech")
SHORTEST_TOKEN = 8  # characters


class SettingsError(Exception):
    """A variable that cannot be used; the message names it, its value and the remedy."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The table above as one value. Times are seconds."""

    tokens: Mapping[str, str]  # tenant -> bearer token
    host: str = "127.0.0.1"
    port: int = 8080
    llm_base_url: str = "http://127.0.0.1:11434/v1"
    llm_api_key: str = "unused"
    llm_model: str = "support-small"
    llm_timeout: float = 2.0
    llm_retries: int = 2
    llm_retry_wait: float = 0.1
    keep_retry_after: bool = True
    breaker_failures: float = 5
    breaker_probe_after: float = 1.5
    answer_budget: float = 2.5
    capacity: int = 80
    store_url: str = ":memory:"
    store_timeout: float = 0.5
    commit: str = ""
    defect: str = ""
    debug: bool = False  # never set by the environment: it shows tracebacks to callers


def read_settings(env: Mapping[str, str]) -> Settings:
    """The settings that the environment asks for; raises SettingsError."""
    usual = Settings(tokens={})
    return Settings(
        tokens=_tokens(env),
        host=env.get("HOST", usual.host),
        port=_whole(env, "PORT", usual.port),
        llm_base_url=env.get("LLM_BASE_URL", usual.llm_base_url).rstrip("/"),
        llm_api_key=env.get("LLM_API_KEY", usual.llm_api_key),
        llm_model=env.get("LLM_MODEL", usual.llm_model),
        llm_timeout=_number(env, "LLM_TIMEOUT", usual.llm_timeout),
        llm_retries=_whole(env, "LLM_RETRIES", usual.llm_retries),
        llm_retry_wait=_number(env, "LLM_RETRY_WAIT", usual.llm_retry_wait),
        breaker_failures=_whole(env, "BREAKER_FAILURES", int(usual.breaker_failures)),
        breaker_probe_after=_number(env, "BREAKER_PROBE_AFTER", usual.breaker_probe_after),
        answer_budget=_number(env, "ANSWER_BUDGET", usual.answer_budget),
        capacity=_whole(env, "CAPACITY", usual.capacity),
        store_url=env.get("STORE_URL", usual.store_url),
        store_timeout=_number(env, "STORE_TIMEOUT", usual.store_timeout),
        commit=env.get("GIT_COMMIT") or _source_hash(),
        defect=env.get("POCCHAOS_DEFECT", ""),
    )


def _tokens(env: Mapping[str, str]) -> Mapping[str, str]:
    tokens = {name: env.get(f"{name.upper()}_TOKEN", f"{name}-demo-token") for name in TENANTS}
    for name, token in tokens.items():
        if len(token) < SHORTEST_TOKEN:
            raise SettingsError(f"{name.upper()}_TOKEN is shorter than {SHORTEST_TOKEN} characters: take a longer one")
    if len(set(tokens.values())) < len(tokens):
        raise SettingsError("two tenants have the same token: give each its own")
    return tokens


def _number(env: Mapping[str, str], name: str, usual: float) -> float:
    text = env.get(name, "")
    try:
        value = float(text) if text else usual
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise SettingsError(f"{name}={text!r} is not a number of 0 or more: write one such as {usual}")
    return value


def _whole(env: Mapping[str, str], name: str, usual: int) -> int:
    value = _number(env, name, usual)
    if value != int(value):
        raise SettingsError(f"{name}={value} is not a whole number: write one such as {usual}")
    return int(value)


def _source_hash() -> str:
    """What runs here when nobody says which commit it is: a hash over this package's own files."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*")):
        if path.suffix in {".py", ".jsonl"}:
            digest.update(path.read_bytes())
    return f"src-{digest.hexdigest()[:12]}"
