"""One run from file to evidence: start, prove, drive, stop; each thing turned off in the `with` that turned it on."""

import signal
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from pocchaos.conductor import facts, names, target, wiring
from pocchaos.conductor.drive import Chain, drive, now_us
from pocchaos.conductor.progress import Progress, Tally, percentile
from pocchaos.conductor.wired import load_spec, stand_spec, wiring_requests
from pocchaos.files.batch import Batch
from pocchaos.files.evidence import SampleLog, compact, mark_record
from pocchaos.files.log import JsonLines
from pocchaos.files.plan import dump_plan
from pocchaos.files.rundir import RunDirectory
from pocchaos.files.scenario import Loaded
from pocchaos.load import process as load_process
from pocchaos.load.process import DRAIN_MARGIN, Load
from pocchaos.model.errors import HarnessError
from pocchaos.model.evidence import Mark
from pocchaos.model.units import Bytes, seconds
from pocchaos.scenario.plan import Plan
from pocchaos.stand import process as stand_process
from pocchaos.stand.process import Stand
from pocchaos.toxiproxy import server as toxiproxy_server
from pocchaos.toxiproxy.proxies import Proxies

LEAD = 500_000  # µs between the last preparation and the first stage


@dataclass(frozen=True, kw_only=True)
class Options:
    """How this run is made; none of it changes what the scenario means."""

    out: Path
    keep: Bytes = Bytes(2 * 2**30)  # noqa: RUF009 - a plain number
    allow_remote: bool = False


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A finished recording, whole or not."""

    directory: RunDirectory
    exit_code: int | None  # None: the verdict decides; 130 interrupted, 4 a part of ours died
    stopped: str  # why it ended early; empty: it did not


class InterruptedRunError(Exception):
    """The user (or the system) asked the run to stop."""


def record(
    loaded: Loaded,
    plan: Plan,
    *,
    options: Options,
    say: Callable[[str], None],
    watch: Callable[[Progress], None],
) -> Recorded:
    """Run the plan and keep the evidence.

    Raises what the user can mend before the first stage (PortTakenError, TargetNotReadyError, WiringError, …).
    From the first stage on nothing is raised: what happened is in `Recorded`, and the evidence is on disk.
    """
    run = names.token()
    directory = RunDirectory.create(options.out, scenario=loaded.scenario.name, now=datetime.now(UTC), token=run)
    known: dict[str, Any] = {
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
        "hashes": facts.hashes(loaded.scenario, loaded.text, dump_plan(plan), loaded.path.parent),
        "git_commit": facts.commit(loaded.path.parent),
        "keep": options.keep,
        "origin_us": now_us(),
        "stopped": "preparing",
    }
    directory.write_scenario(loaded.text)
    directory.write_plan(plan)
    directory.write_facts(known)
    session = _Session(
        loaded=loaded, plan=plan, directory=directory, options=options, say=say, watch=watch, known=known
    )
    with _signals_raise():
        return session.run()


class _Session:
    """One recording; what is on is held by the ExitStack of `run`, in the order in which it was turned on."""

    def __init__(
        self,
        *,
        loaded: Loaded,
        plan: Plan,
        directory: RunDirectory,
        options: Options,
        say: Callable[[str], None],
        watch: Callable[[Progress], None],
        known: dict[str, Any],
    ) -> None:
        self.loaded, self.plan, self.directory, self.options = loaded, plan, directory, options
        self.say, self.watch, self.known = say, watch, known
        self.tally = Tally()
        self.on: dict[str, str] = {}  # window key -> fault id
        self.began = False

    def run(self) -> Recorded:
        """Everything between the first process started and the last one ended."""
        stopped, code = "", None
        try:
            with ExitStack() as stack:
                self._prepare_and_drive(stack)
        except InterruptedRunError:
            stopped, code = "interrupted by the user", 130
        except HarnessError as error:
            stopped, code = str(error), 4
            if not self.began:
                self._finish(stopped)
                raise
        except BaseException as error:
            self._finish(str(error) or type(error).__name__)
            raise
        self._finish(stopped)
        return Recorded(directory=self.directory, exit_code=code, stopped=stopped)

    def _prepare_and_drive(self, stack: ExitStack) -> None:
        scenario, log = self.loaded.scenario, self.directory.logs
        self.say("starting the stand and toxiproxy-server")
        stand = stack.enter_context(
            stand_process.start(
                stand_spec(self.loaded, self.plan, self.known["run"]),
                log=log("stand"),
                attempts=self.directory.path / "attempts.jsonl",
            )
        )
        proxies = stack.enter_context(toxiproxy_server.start(log=log("toxiproxy"), say=self.say, run=self.known["run"]))
        addresses: dict[str, tuple[str, int]] = {}
        for name, upstream in scenario.upstreams.items():
            host, port = stand.address(name)
            address = proxies.create(name, listen=upstream.listen, origin=f"{host}:{port}")
            addresses[name] = (address.host, address.port)
        spaces: dict[str, Mapping[str, Any]] = {
            "upstreams": names.upstream_names(scenario, addresses),
            "run": names.run_names(self.known["run"]),
            "env": {},
        }
        poc = stack.enter_context(
            target.running(
                scenario.target, folder=self.loaded.path.parent, names=spaces, log=log("target"), say=self.say
            )
        )
        self.known["target_version"] = target.ask_version(scenario.target, poc.url, spaces)
        spec = load_spec(self.loaded, self.plan, url=poc.url, run=self.known["run"], names=spaces)
        samples = SampleLog(self.directory.path, keep=self.options.keep, seed=self.plan.seed)
        stack.callback(samples.close)
        load = stack.enter_context(
            load_process.start(spec, on_batch=lambda batch, line: self._keep(samples, batch, line), log=log("load"))
        )
        self.say("proving that every upstream is reached")
        with wiring_requests(spec) as send:
            unused = wiring.prove(
                scenario,
                self.plan,
                send=send,
                counts=stand.counts,
                urls={name: f"http://{host}:{port}" for name, (host, port) in addresses.items()},
            )
        origin = now_us() + LEAD
        self.known.update(origin_us=origin, unused=list(unused), stopped="running")
        self.directory.write_facts(self.known)
        marks = stack.enter_context(JsonLines(self.directory.path / "marks.jsonl"))
        self.began = True
        load.go(origin)
        self._drive(load, stand, proxies, poc, marks, origin)

    def _drive(
        self, load: Load, stand: Stand, proxies: Proxies, poc: target.RunningTarget, marks: JsonLines, origin: int
    ) -> None:
        gone: list[int] = []

        def write(mark: Mark) -> None:
            marks.append(mark_record(mark))
            if mark.kind == "fault_on":
                self.on[mark.subject] = mark.subject.rpartition("@")[0]
            elif mark.kind == "fault_off":
                self.on.pop(mark.subject, None)

        def look(now: int) -> None:
            stand.check_alive()
            proxies.check_alive()
            load.poll()
            code = poc.exited()
            if code is not None and not gone:
                gone.append(code)
                write(Mark(kind="target", subject="exited", at=now, detail={"exit_code": code}))
            self.watch(self._progress(now))

        def drain() -> None:
            load.wait(self.loaded.scenario.target.deadline + DRAIN_MARGIN)

        try:
            drive(
                self.plan,
                origin=origin,
                switches=Chain(stand=stand, proxies=proxies, origin=origin),
                write=write,
                look=look,
                drain=drain,
            )
        except BaseException:
            with suppress(HarnessError):
                load.stop()
            raise

    def _keep(self, samples: SampleLog, batch: Batch, line: bytes) -> None:
        samples.write(batch, line)
        self.tally.add(batch)

    def _progress(self, now: int) -> Progress:
        begun = [stage for stage in self.plan.stages if stage.start <= now]
        stage = begun[-1] if begun else self.plan.stages[0]
        achieved, times, silent = self.tally.recent(now)
        due = self.plan.requests.due
        from_ = max(0, now - 5_000_000)
        return Progress(
            now=seconds(now),
            end=seconds(self.plan.end),
            stage=stage.name,
            stage_left=max(0.0, seconds(stage.end - now)),
            faults=tuple(sorted(set(self.on.values()))),
            offered=_between(due, from_, now) / 5.0,
            achieved=achieved,
            p50=percentile(times, 0.5),
            p95=percentile(times, 0.95),
            p99=percentile(times, 0.99),
            no_answer=silent,
            recorded=self.tally.recorded,
        )

    def _finish(self, stopped: str) -> None:
        self.known.update(stopped=stopped, ended=datetime.now(UTC).isoformat())
        if (self.directory.path / "samples.jsonl").exists():
            compact(self.directory.path)
        self.directory.write_facts(self.known)


def _between(due: Any, from_: int, to: int) -> int:
    return bisect_left(due, to) - bisect_left(due, from_)


@contextmanager
def _signals_raise() -> Iterator[None]:
    """SIGINT and SIGTERM raise in the main thread, so that every `with` on the way out does its work."""

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise InterruptedRunError

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
