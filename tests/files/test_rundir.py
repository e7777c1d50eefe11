"""A run directory says what it is, or what is wrong with it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pocchaos.files.rundir import RunDirectory
from pocchaos.model.errors import RunDirectoryError, UsageError

NOW = datetime(2026, 11, 24, 10, 15, tzinfo=UTC)


def make(root: Path) -> RunDirectory:
    return RunDirectory.create(root, scenario="llm outage / night", now=NOW, token="3f9a2b1c04")


def test_its_name_tells_time_scenario_and_run(tmp_path: Path) -> None:
    assert make(tmp_path).path.name == "20261124-101500-llm-outage---night-3f9a2b1c04"


def test_facts_come_back_as_they_were_written(tmp_path: Path) -> None:
    made = make(tmp_path)
    made.write_facts({"run": "3f9a2b1c04", "seed": 7})
    assert RunDirectory.open(made.path).facts == {"schema": 1, "run": "3f9a2b1c04", "seed": 7}
    made.write_facts({"run": "3f9a2b1c04", "seed": 8})
    assert made.facts["seed"] == 8


def test_another_folder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError, match=r"is not a run directory: it has no run\.json"):
        RunDirectory.open(tmp_path)


def test_a_run_of_another_format_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"schema": 99}')
    with pytest.raises(RunDirectoryError, match=r"recorded in format 99.*judge it with the version that recorded it"):
        RunDirectory.open(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[1]", "\x00"])
def test_a_torn_run_json_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(RunDirectoryError, match=r"run\.json"):
        RunDirectory.open(tmp_path)


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    made = make(tmp_path)
    made.write_facts({"run": "x"})
    with pytest.raises(RunDirectoryError, match=r"scenario\.yaml cannot be read"):
        made.scenario_text()


def test_a_place_that_cannot_be_written_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="choose another place with --out"):
        make(tmp_path / "file")
