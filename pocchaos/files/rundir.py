"""The run directory: the seam between recording and judging.

run.json         what ran, where and when        marks.jsonl      when things really changed
scenario.yaml    merged, uninterpolated          samples.jsonl    while the run lasts, samples.parquet afterwards
plan.jsonl       every due time and edge         answers.parquet  what was answered, once by content hash
attempts.jsonl   what the stand saw              logs/            what our parts and the target printed
verdicts.json, report.html, report.md, junit.xml, latency.hlog: made by `judge`, and remade at will
"""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import polars as pl

from pocchaos.files import evidence
from pocchaos.files.log import write_whole
from pocchaos.files.plan import dump_plan, load_plan
from pocchaos.model.errors import RunDirectoryError, UsageError
from pocchaos.model.evidence import Mark
from pocchaos.scenario.plan import Plan

SCHEMA = 1


@dataclass(frozen=True)
class RunDirectory:
    """One run's directory, to write while it runs or to read afterwards."""

    path: Path

    @classmethod
    def create(cls, root: Path, *, scenario: str, now: datetime, token: str) -> Self:
        """Make `root/<time>-<scenario>-<token>`; raises UsageError where that cannot be written."""
        name = "".join(c if c.isalnum() or c in "-_" else "-" for c in scenario)[:60]
        path = root / f"{now:%Y%m%d-%H%M%S}-{name}-{token}"
        try:
            path.mkdir(parents=True, exist_ok=False)
            (path / "logs").mkdir()
        except OSError as error:
            raise UsageError(
                f"{path}: the run directory cannot be made ({error.strerror}): choose another place with --out"
            ) from None
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> Self:
        """An existing run directory; raises RunDirectoryError with what is wrong with it."""
        if not (path / "run.json").is_file():
            raise RunDirectoryError(f"{path} is not a run directory: it has no run.json. They lie in results/")
        found = cls(path)
        if found.facts.get("schema") != SCHEMA:
            raise RunDirectoryError(
                f"{path}: this run was recorded in format {found.facts.get('schema')!r}, and this pocchaos "
                f"reads {SCHEMA}: judge it with the version that recorded it"
            )
        return found

    @cached_property
    def facts(self) -> dict[str, Any]:
        """run.json: what ran, where and when."""
        try:
            facts = json.loads((self.path / "run.json").read_bytes())
        except (OSError, ValueError) as error:
            raise RunDirectoryError(
                f"{self.path / 'run.json'} cannot be read ({error}): the copy is not whole"
            ) from None
        if not isinstance(facts, dict):
            raise RunDirectoryError(f"{self.path / 'run.json'} is not a mapping: this is no run directory")
        return facts

    def write_facts(self, facts: dict[str, Any]) -> None:
        """Replace run.json in one step."""
        self.__dict__.pop("facts", None)
        write_whole(
            self.path / "run.json", json.dumps({"schema": SCHEMA, **facts}, indent=2, sort_keys=True).encode() + b"\n"
        )

    @property
    def run(self) -> str:
        """The run's short id, with which its requests are named `<run>-<k>`."""
        return str(self.facts["run"])

    def logs(self, name: str) -> Path:
        """Where one part's output goes."""
        return self.path / "logs" / f"{name}.log"

    def write_scenario(self, text: str) -> None:
        """Keep the merged file, uninterpolated: it holds no secret."""
        write_whole(self.path / "scenario.yaml", text.encode())

    def scenario_text(self) -> str:
        """The merged scenario as it was run."""
        return self._bytes("scenario.yaml").decode()

    def write_plan(self, plan: Plan) -> None:
        """Keep every due time, input, tenant and edge."""
        write_whole(self.path / "plan.jsonl", dump_plan(plan))

    @cached_property
    def plan(self) -> Plan:
        """The plan as it was run."""
        return load_plan(self._bytes("plan.jsonl"))

    @cached_property
    def marks(self) -> tuple[Mark, ...]:
        """When things really changed."""
        return evidence.read_marks(self.path)

    def samples(self) -> pl.DataFrame:
        """Every request's raw evidence (columns: `evidence.SAMPLE_COLUMNS`)."""
        return evidence.read_samples(self.path)

    def scan_samples(self) -> pl.LazyFrame:
        """The same as a lazy frame, for whoever needs some of the columns only."""
        return evidence.scan_samples(self.path)

    def contents(self) -> pl.DataFrame:
        """Every different answer (columns: `evidence.CONTENT_COLUMNS`)."""
        return evidence.read_contents(self.path)

    def attempts(self) -> pl.DataFrame:
        """What the stand saw (columns: `evidence.ATTEMPT_COLUMNS`), times since the run's origin."""
        return evidence.read_attempts(self.path, int(self.facts["origin_us"]))

    def _bytes(self, name: str) -> bytes:
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise RunDirectoryError(
                f"{self.path / name} cannot be read ({error.strerror}): the copy is not whole"
            ) from None
