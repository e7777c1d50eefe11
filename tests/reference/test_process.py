"""`python -m pocchaos.reference` as a process of its own: it starts, answers, and ends when it is asked to."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from tests.reference.model import Model
from tests.reference.stores import free_port, running
from tests.reference.test_answers import FACT, QUESTION


def test_it_starts_answers_and_ends_on_sigterm(model: Model, tmp_path: Path) -> None:
    port = free_port()
    env = {**os.environ, "LLM_BASE_URL": model.url, "PORT": str(port), "GLOBEX_TOKEN": "another-token-9"}

    def healthy() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    with running([sys.executable, "-m", "pocchaos.reference"], tmp_path, healthy, env=env) as process:
        response = httpx.post(
            f"http://127.0.0.1:{port}/v1/answer",
            json={"question": QUESTION},
            headers={"authorization": "Bearer another-token-9"},
            trust_env=False,
        )
        assert FACT in response.json()["answer"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) in {0, -signal.SIGTERM}
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_a_wrong_setting_is_one_line_and_status_2() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "pocchaos.reference"],
        env={**os.environ, "STORE_URL": "mysql://somewhere"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("reference: STORE_URL='mysql://somewhere': write :memory:")
    assert ended.stderr.count("\n") == 1
