"""A verb costs what it needs: help, version and completion come at once, and `check` never wakes the load."""

import subprocess
import sys
from pathlib import Path

import pytest

SCENARIO = Path(__file__).parents[2] / "scenarios" / "llm_outage.yaml"

# What is slow to import, or must not be imported by what touches nothing (gevent patches, Locust brings a web server).
COSTLY = {
    *("gevent", "geventhttpclient", "httpx", "jinja2", "jsonschema", "locust", "openai", "polars", "psycopg"),
    *("pydantic", "redis", "requests", "rich", "ruamel", "starlette", "structlog", "toxiproxy", "uvicorn"),
}
LANGUAGE = {"jsonschema", "pydantic"}

RUN_AND_TELL = """
import sys
from pocchaos.cli import main
try:
    main()
finally:
    sys.stderr.write(" ".join({name.partition(".")[0] for name in sys.modules}))
"""


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        (["--version"], set()),
        (["--help"], set()),
        (["run", "--help"], {"pydantic"}),
        (["schema"], LANGUAGE),
        (["check", str(SCENARIO)], LANGUAGE | {"polars", "rich", "ruamel"}),
    ],
    ids=["version", "help", "help of a verb", "schema", "check"],
)
def test_a_verb_imports_only_what_it_needs(words: list[str], allowed: set[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", RUN_AND_TELL, *words], capture_output=True, text=True, timeout=60, check=True
    )
    assert COSTLY & set(ended.stderr.split()) <= allowed
