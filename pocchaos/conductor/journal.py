"""The run's own record: run.json from the first moment to the last, the marks, and no secret in any log."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from pocchaos.conductor import facts, names
from pocchaos.conductor.drive import now_us
from pocchaos.exchange.redact import Redaction
from pocchaos.files.evidence import compact, mark_record
from pocchaos.files.log import JsonLines
from pocchaos.files.plan import dump_plan
from pocchaos.files.redaction import redact_logs
from pocchaos.files.rundir import RunDirectory
from pocchaos.files.scenario import Loaded
from pocchaos.model.evidence import Mark
from pocchaos.model.units import Bytes
from pocchaos.scenario.plan import Plan


class Journal:
    """Says on disk what is known of a run, at every moment of it; made by `open`."""

    def __init__(self, directory: RunDirectory, known: Mapping[str, Any], secrets: Mapping[str, str]) -> None:
        self.directory = directory
        self.began = False  # whether the first stage did
        self._known = dict(known)
        self._redaction = Redaction(secrets)

    @classmethod
    def open(cls, out: Path, loaded: Loaded, plan: Plan, *, keep: Bytes) -> Self:
        """Make the run directory, with the scenario, the plan and all that is known before the first process."""
        run = names.token()
        directory = RunDirectory.create(out, scenario=loaded.scenario.name, now=datetime.now(UTC), token=run)
        planned = dump_plan(plan)
        known = {
            "run": run,
            "scenario": loaded.scenario.name,
            "file": loaded.path.name,
            "seed": plan.seed,
            "env": dict(loaded.env),
            "secret_env": sorted(loaded.secrets),
            "started": datetime.now(UTC).isoformat(),
            "clocks": facts.clocks(),
            "machine": facts.machine(),
            "versions": facts.versions(),
            "hashes": facts.hashes(loaded.scenario, loaded.text, planned, loaded.path.parent),
            "git_commit": facts.commit(loaded.path.parent),
            "keep": keep,
            "origin_us": now_us(),
            "stopped": "it was still being prepared",  # true until `begin`, also of a run that is killed
        }
        directory.write_scenario(loaded.text)
        directory.write_plan(plan)
        journal = cls(directory, known, loaded.secrets)
        journal._write()
        return journal

    @property
    def run(self) -> str:
        """The run's short id."""
        return str(self._known["run"])

    def shown(self, text: str) -> str:
        """The text as it may be shown and kept: without secrets."""
        return self._redaction.text(text)

    def through(self, server: str) -> None:
        """Which toxiproxy-server it is."""
        self._known["versions"]["toxiproxy-server"] = self.shown(server)

    def tested(self, version: str | None) -> None:
        """What version of the target this is."""
        self._known["target_version"] = None if version is None else self.shown(version)

    def begin(self, origin: int, *, unused: Sequence[str]) -> None:
        """The first stage begins at `origin`, absolute µs."""
        self._known.update(origin_us=origin, unused=list(unused), stopped="pocchaos was killed while it ran")
        self._write()
        self.began = True

    @contextmanager
    def marks(self) -> Iterator["Marks"]:
        """The log of marks, for as long as the `with` lasts."""
        with JsonLines(self.directory.path / "marks.jsonl") as log:
            yield Marks(log)

    def end(self, stopped: str) -> None:
        """The run is over; `stopped` says why before its time, and is empty where it ran to its end."""
        self._known.update(stopped=self.shown(stopped), ended=datetime.now(UTC).isoformat())
        self._write()
        redact_logs(self.directory.path, self._redaction)
        if (self.directory.path / "samples.jsonl").exists():
            compact(self.directory.path)

    def _write(self) -> None:
        self.directory.write_facts(self._known)


class Marks:
    """Appends marks, and knows which faults are on."""

    def __init__(self, log: JsonLines) -> None:
        self._log = log
        self._on: dict[str, str] = {}  # window key -> fault id

    @property
    def on(self) -> tuple[str, ...]:
        """Ids of the faults that are on, each once."""
        return tuple(sorted(set(self._on.values())))

    def write(self, mark: Mark) -> None:
        """Append one; it reaches the operating system at once."""
        self._log.append(mark_record(mark))
        if mark.kind == "fault_on":
            self._on[mark.subject] = mark.subject.rpartition("@")[0]
        elif mark.kind == "fault_off":
            self._on.pop(mark.subject, None)
