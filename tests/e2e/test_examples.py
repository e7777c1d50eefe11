"""The examples are what people copy: each is accepted, and the desk of the library passes as it says."""

from pathlib import Path

import pytest

from tests.e2e.running import ran

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/*.yaml")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_each_is_accepted_and_listed(path: Path, tmp_path: Path) -> None:
    ended = ran("check", path, at=tmp_path)
    assert ended.code == 0, ended.told()
    assert f"{path.parent.name}/{path.name}" in (EXAMPLES / "README.md").read_text()


@pytest.mark.slow
def test_the_library_desk_survives_its_outages(llm: str, tmp_path: Path) -> None:
    del llm  # toxiproxy-server is there from here on
    ended = ran("run", EXAMPLES / "library_desk" / "outage.yaml", at=tmp_path)
    assert ended.code == 0, ended.told()
    assert all(fault["bitten"] for fault in ended.verdicts["faults"])
