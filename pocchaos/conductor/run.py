"""One run from file to evidence: start, prove, drive, stop; each thing turned off in the `with` that turned it on."""

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pocchaos.conductor import names, progress, pulse, target, wiring
from pocchaos.conductor.drive import Chain, drive, now_us
from pocchaos.conductor.interrupts import Interruption, came_through
from pocchaos.conductor.journal import Journal, Marks
from pocchaos.conductor.marked import marked
from pocchaos.conductor.progress import Progress, Tally
from pocchaos.conductor.pulse import Pulse
from pocchaos.conductor.sightings import Sightings
from pocchaos.conductor.trials import Trials, trials
from pocchaos.conductor.wired import load_spec, stand_spec
from pocchaos.files.batch import Batch, encode
from pocchaos.files.evidence import SampleLog
from pocchaos.files.rundir import RunDirectory
from pocchaos.files.scenario import Loaded
from pocchaos.load import process as load_process
from pocchaos.load.process import DRAIN_MARGIN, Load
from pocchaos.load.spec import LoadSpec
from pocchaos.model.errors import HarnessError
from pocchaos.model.evidence import Mark
from pocchaos.model.undo import Part
from pocchaos.model.units import Bytes, micros
from pocchaos.scenario.plan import Plan
from pocchaos.stand import process as stand_process
from pocchaos.stand.process import Stand
from pocchaos.toxiproxy import server as toxiproxy_server
from pocchaos.toxiproxy.proxies import Proxies
from pocchaos.watchdog import process as watchdog
from pocchaos.watchdog.process import Watchdog

LEAD = 500_000  # µs between the last preparation and the first stage
_TICK = 0.05  # s between looks while the last answers come in

_INTERRUPTED = ("it was interrupted", 130)

Say = Callable[[str], None]
Watch = Callable[[Progress], None]


@dataclass(frozen=True, kw_only=True)
class Options:
    """How this run is made; none of it changes what the scenario means."""

    out: Path
    keep: Bytes = Bytes(2 * 2**30)  # noqa: RUF009 - a plain number


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A finished recording, whole or not."""

    directory: RunDirectory
    exit_code: int | None  # None: the verdict decides; 130 interrupted, 4 a part of ours died
    stopped: str  # why it ended early; empty: it did not


def record(loaded: Loaded, plan: Plan, *, options: Options, say: Say, watch: Watch) -> Recorded:
    """Run the plan and keep the evidence; an Interruption ends it in order, at any time.

    Raises what the user can mend before the first stage (PortTakenError, TargetNotReadyError, WiringError, …).
    From the first stage on nothing is raised: what happened is in `Recorded`, and the evidence is on disk.
    """
    journal = Journal.open(options.out, loaded, plan, keep=options.keep)
    stopped: str = ""
    code: int | None = None
    try:
        _Session(loaded, plan, journal=journal, options=options, say=say, watch=watch).run()
    except Interruption:
        stopped, code = _INTERRUPTED
    except Exception as error:
        ours = isinstance(error, HarnessError | OSError)  # OSError: a full disk, no more processes
        if came_through(error):
            stopped, code = _INTERRUPTED
        elif ours and journal.began:
            stopped, code = str(error), HarnessError.exit_code
        else:
            journal.end(str(error) or type(error).__name__)
            raise
    journal.end(stopped)
    return Recorded(directory=journal.directory, exit_code=code, stopped=stopped)


@dataclass(frozen=True, kw_only=True)
class _Live:
    """The parts of a run while it lasts."""

    watchdog: Watchdog
    stand: Stand
    proxies: Proxies
    target: target.RunningTarget
    load: Load


class _Session:
    """One recording: what `run` and the steps that it is made of have in common."""

    def __init__(
        self, loaded: Loaded, plan: Plan, *, journal: Journal, options: Options, say: Say, watch: Watch
    ) -> None:
        self.loaded, self.scenario, self.plan = loaded, loaded.scenario, plan
        self.journal, self.options = journal, options
        self.say, self.watch = say, watch
        self.tally = Tally()
        self.sightings = Sightings({}, dict)

    def run(self) -> None:
        """Everything between the first process started and the last one ended."""
        at, run = self.journal.directory, self.journal.run
        self.say("starting the stand and toxiproxy-server")
        with (
            watchdog.start(at.path, run=run, secrets=self.loaded.secrets) as dog,
            marked(run),
            dog.undoing("stand", Part(name="stand")),
            stand_process.start(
                stand_spec(self.loaded, self.plan, run), log=at.logs("stand"), attempts=at.path / "attempts.jsonl"
            ) as stand,
            dog.undoing("toxiproxy-server", Part(name="toxiproxy-server")),
            toxiproxy_server.start(log=at.logs("toxiproxy"), say=self.say, run=run, keeper=dog) as proxies,
        ):
            self.journal.through(proxies.source)
            spaces = self._chain(stand, proxies)
            with (
                target.running(
                    self.scenario.target,
                    folder=self.loaded.path.parent,
                    names=spaces,
                    log=at.logs("target"),
                    say=self.say,
                    keeper=dog,
                    run=run,
                    shown=self.journal.shown,
                ) as poc,
                closing(SampleLog(at.path, keep=self.options.keep, seed=self.plan.seed)) as samples,
            ):
                self.journal.tested(target.ask_version(self.scenario.target, poc.url, spaces))
                spec = load_spec(self.loaded, self.plan, url=poc.url, run=run, names=spaces)
                with (
                    dog.undoing("load", Part(name="load")),
                    load_process.start(spec, on_batch=self._keep_in(samples), log=at.logs("load")) as load,
                ):
                    live = _Live(watchdog=dog, stand=stand, proxies=proxies, target=poc, load=load)
                    self._prove_and_drive(live, spec, samples, spaces)

    def _prove_and_drive(
        self, live: _Live, spec: LoadSpec, samples: SampleLog, spaces: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Everything between the last process started and the first one ended."""
        with trials(spec) as sent:
            unused = self._prove(sent, spaces)
        origin = now_us() + LEAD
        batch = sent.batch(origin)
        samples.write(batch, encode(batch))
        self.journal.begin(origin, unused=unused)
        live.load.go(origin)
        with self.journal.marks() as marks, pulse.taken(live.stand.counts, live.proxies.ping) as heart:
            self._drive(live, heart, marks, origin)

    def _chain(self, stand: Stand, proxies: Proxies) -> dict[str, Mapping[str, Any]]:
        """Put a proxy before the stand for each upstream; what templates may name, the addresses among it."""
        addresses: dict[str, tuple[str, int]] = {}
        for name, upstream in self.scenario.upstreams.items():
            host, port = stand.address(name)
            address = proxies.create(name, listen=upstream.listen, origin=f"{host}:{port}")
            addresses[name] = (address.host, address.port)
        bare = {name: addresses[name][1] for name, upstream in self.scenario.upstreams.items() if not upstream.relay}
        self.sightings = Sightings(bare, stand.counts)
        return {
            "upstreams": names.upstream_names(self.scenario, addresses),
            "run": names.run_names(self.journal.run),
            "env": {},
        }

    def _prove(self, sent: Trials, spaces: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
        self.say("proving that every upstream is reached")
        return wiring.prove(
            self.scenario,
            self.plan,
            send=sent.send,
            counts=self.sightings.counts,
            addresses=spaces["upstreams"],
        )

    def _drive(self, live: _Live, heart: Pulse, marks: Marks, origin: int) -> None:
        gone: list[int] = []

        def look(now: int) -> None:
            heart.check()
            live.watchdog.check_alive()
            live.stand.check_alive()
            live.proxies.check_alive()
            self.tally.report(live.load.poll())
            code = live.target.exited()
            if code is not None and not gone:
                gone.append(code)
                marks.write(Mark(kind="target", subject="exited", at=now, detail={"exit_code": code}))
            self.sightings.look(now, marks.write)
            self.watch(progress.look(self.plan, self.tally, marks.on, now))

        def drain() -> None:
            until = now_us() + micros(self.scenario.target.deadline + DRAIN_MARGIN)
            while not live.load.poll().done and now_us() < until:
                look(now_us() - origin)
                time.sleep(_TICK)
            live.load.wait(_TICK)

        try:
            chain = Chain(stand=live.stand, proxies=live.proxies, origin=origin, keeper=live.watchdog)
            drive(self.plan, origin=origin, switches=chain, write=marks.write, look=look, drain=drain)
        except BaseException as error:
            why = "interrupted" if isinstance(error, Interruption) else self.journal.shown(str(error))
            marks.write(Mark(kind="stop", subject="run", at=now_us() - origin, detail={"why": why}))
            raise

    def _keep_in(self, samples: SampleLog) -> Callable[[Batch, bytes], None]:
        def keep(batch: Batch, line: bytes) -> None:
            samples.write(batch, line)
            self.tally.add(batch)

        return keep
