"""Single requests before the load: they prove the wiring, and what they bring back is evidence like all else."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

import httpx

from pocchaos.conductor.drive import now_us
from pocchaos.exchange.answer import NO_FACTS, Facts
from pocchaos.files.batch import Batch
from pocchaos.load.calls import Calls, reader_of, sample_of
from pocchaos.load.spec import LoadSpec
from pocchaos.model.evidence import Content, How, Sample
from pocchaos.model.units import micros
from pocchaos.scenario.plan import InputRow

WORKER: Final = -1  # who sent them, beside the load's own workers


class Trials:
    """Sends one input at a time, and keeps what came of it; their numbers are negative, so that they join no request.

    Made by `trials`. No metric counts them, but what they brought is scanned for canaries and secrets.
    """

    def __init__(self, spec: LoadSpec, client: httpx.Client) -> None:
        self._spec, self._client = spec, client
        self._calls, self._reader = Calls(spec), reader_of(spec)
        self._positions = {id(row): position for position, row in enumerate(spec.plan.inputs)}
        self._samples: list[Sample] = []  # times absolute, µs
        self._contents: list[Content] = []

    def send(self, row: InputRow, tenant: str, number: int) -> str:
        """Send the input as this tenant, and say in a word what came of it."""
        place = self._spec.plan.tenants.index(tenant)
        sent = self._calls.outgoing(place, self._positions[id(row)], -number)
        path = sent.path.removeprefix(self._calls.origin.prefix)
        request = self._client.build_request(sent.method, path, headers=list(sent.headers), content=sent.body)
        start, status, facts, how = now_us(), None, NO_FACTS, How.COMPLETE
        try:
            status, facts, how = self._exchange(request, start)
        except httpx.TimeoutException:
            how = How.DEADLINE
        except httpx.ConnectError:
            how = How.REFUSED
        except httpx.HTTPError:
            how = How.RESET
        self._keep(-number, tenant, start, status, facts, how)
        if how is How.DEADLINE:
            return "no answer in time"
        return "no answer" if status is None else f"status {status}"

    def batch(self, origin: int) -> Batch:
        """What was sent, with its times since the run's origin (absolute µs); they are negative."""
        samples = tuple(
            replace(
                sample,
                due=sample.due - origin,
                start=_since(origin, sample.start),
                first_token=_since(origin, sample.first_token),
                last_token=_since(origin, sample.last_token),
                end=_since(origin, sample.end),
            )
            for sample in self._samples
        )
        return Batch(worker=WORKER, number=0, samples=samples, contents=tuple(self._contents))

    def _exchange(self, request: httpx.Request, start: int) -> tuple[int, Facts, How]:
        """The response read to its end, or to the deadline; raises httpx.HTTPError where none began."""
        reply = self._client.send(request, stream=True)
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in reply.headers.raw]
        head = b"\r\n".join(name + b": " + value for name, value in reply.headers.raw)
        reading, how = self._reader.begin(reply.status_code, headers, head), How.COMPLETE
        try:
            for part in reply.iter_raw():
                reading.feed(part, now_us())
                if now_us() - start > micros(self._spec.deadline):
                    how = How.DEADLINE
                    break
        except httpx.TimeoutException:
            how = How.DEADLINE
        except httpx.HTTPError:
            how = How.SHORT
        finally:
            reply.close()
        return reply.status_code, reading.close(whole=how is How.COMPLETE), how

    def _keep(self, number: int, tenant: str, start: int, status: int | None, facts: Facts, how: How) -> None:
        seen = self._reader.needles.sort(facts.hits, tenant)
        self._samples.append(
            sample_of(
                facts, seen, request=number, worker=WORKER, due=start, start=start, end=now_us(), how=how, status=status
            )
        )
        if facts.content is not None:
            self._contents.append(facts.content)


def _since(origin: int, at: int | None) -> int | None:
    return None if at is None else at - origin


@contextmanager
def trials(spec: LoadSpec) -> Iterator[Trials]:
    """A way to send single inputs before the load begins."""
    with httpx.Client(base_url=spec.url, timeout=spec.deadline, trust_env=False) as client:
        yield Trials(spec, client)
