"""Reading a scenario text as a user would: from a file, with an environment."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pocchaos.files.scenario import Loaded, read_scenario
from pocchaos.model.errors import ScenarioError
from tests.scenario.samples import ENV

Read = Callable[..., Loaded]
Problems = Callable[..., list[str]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """`read(text, {"other.yaml": text})`: the scenario of a file called scenario.yaml."""

    def read_text(text: str, others: Mapping[str, str] | None = None, env: Mapping[str, str] = ENV) -> Loaded:
        for name, other in (others or {}).items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(other)
        file = tmp_path / "scenario.yaml"
        file.write_text(text)
        return read_scenario(file, env=env)

    return read_text


@pytest.fixture
def problems(read: Read, tmp_path: Path) -> Problems:
    """What the same file is refused for, one line a problem; an empty list where it is accepted."""

    def told(text: str, others: Mapping[str, str] | None = None, env: Mapping[str, str] = ENV) -> list[str]:
        try:
            read(text, others, env)
        except ScenarioError as error:
            return [str(problem).replace(f"{tmp_path}/", "") for problem in error.problems]
        return []

    return told
