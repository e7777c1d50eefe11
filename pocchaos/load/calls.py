"""The plan's requests as bytes: compiled once per tenant and input, whoever sends them."""

from collections.abc import Iterator
from typing import Any, Final

from pocchaos.exchange.answer import Facts, Reader
from pocchaos.exchange.redact import Redaction
from pocchaos.exchange.request import Call, Outgoing, Prepared, Spoiling
from pocchaos.exchange.scan import Needles, Sightings
from pocchaos.exchange.template import UnknownName
from pocchaos.inputs import content_type, leaves_of, spoil
from pocchaos.load.spec import LoadSpec
from pocchaos.model.errors import LoadError
from pocchaos.model.evidence import How, Sample
from pocchaos.scenario.plan import InputRow

PREPARED_LIMIT: Final = 64 << 20  # bytes of messages that are kept ready; what is over is rendered when it is due


class Calls:
    """The scenario's request for any tenant and input of the plan, by their positions."""

    def __init__(self, spec: LoadSpec) -> None:
        self._spec = spec
        self._call = Call(
            url=spec.url,
            method=spec.request.method,
            path=spec.request.path,
            headers=spec.request.headers,
            body=spec.request.body,
            correlate=spec.correlate,
        )
        self._tenants = [tenant.names() for tenant in spec.tenants]
        self._ready: dict[tuple[int, int], Prepared] = {}
        self._size = 0
        self._leaves = leaves_of(spec.request.body)
        self.origin = self._call.origin
        self.method = self._call.method
        self.name = spec.request.path

    def prepare_all(self) -> None:
        """Render every pair of tenant and input that the plan uses, so that none is rendered under load.

        Raises LoadError for the first that cannot be sent.
        """
        for tenant, row in self._used():
            try:
                self._prepared(tenant, row)
            except (UnknownName, ValueError) as error:
                raise LoadError(
                    f"the request for input {self._spec.plan.inputs[row].id!r} of tenant "
                    f"{self._spec.tenants[tenant].name!r} cannot be sent: {error}"
                ) from None

    def message(self, tenant: int, row: int, request: int) -> bytes:
        """The HTTP/1.1 message of the plan's request number `request`."""
        return self._prepared(tenant, row).message(request_id(self._spec.run, request))

    def outgoing(self, tenant: int, row: int, request: int) -> Outgoing:
        """The same request in its parts, for another client than the load's own."""
        one = self._spec.plan.inputs[row]
        return self._call.render(self._spaces(tenant, one), request_id(self._spec.run, request), self._spoiling(one))

    def _prepared(self, tenant: int, row: int) -> Prepared:
        known = self._ready.get((tenant, row))
        if known is not None:
            return known
        one = self._spec.plan.inputs[row]
        prepared = self._call.prepare(self._spaces(tenant, one), self._spoiling(one))
        if self._size < PREPARED_LIMIT:
            self._ready[tenant, row] = prepared
            self._size += prepared.size
        return prepared

    def _used(self) -> Iterator[tuple[int, int]]:
        requests = self._spec.plan.requests
        yield from sorted(set(zip(requests.tenant, requests.input, strict=True)))

    def _spaces(self, tenant: int, one: InputRow) -> dict[str, Any]:
        names = {"id": one.id, "category": one.category, **one.fields}
        return {**self._spec.names, "tenant": self._tenants[tenant], "input": names}

    def _spoiling(self, one: InputRow) -> Spoiling | None:
        mutation = one.mutation
        if mutation is None:
            return None
        leaves = self._leaves
        return Spoiling(body=lambda body: spoil(body, mutation, leaves), content_type=content_type(mutation))


def reader_of(spec: LoadSpec) -> Reader:
    """What reads the answers to these calls, and looks for every tenant's canaries and the secrets in them."""
    canaries = {tenant.name: tenant.canaries for tenant in spec.tenants}
    return Reader(
        spec.answer,
        needles=Needles(canaries, spec.secrets),
        keep_headers=spec.keep_headers,
        redaction=Redaction(spec.redact),
    )


def sample_of(
    facts: Facts,
    seen: Sightings,
    *,
    request: int,
    worker: int,
    due: int,
    start: int,
    end: int | None,
    how: How,
    first_byte: int | None = None,
    error: str | None = None,
    status: int | None = None,
) -> Sample:
    """The evidence of a request that was answered so, whoever sent it; `seen` are its hits, sorted for its tenant."""
    return Sample(
        request=request,
        worker=worker,
        due=due,
        start=start,
        first_byte=first_byte,
        first_token=facts.first_token,
        last_token=facts.last_token,
        end=end,
        tokens=facts.tokens,
        gap_max=facts.gap_max,
        how=how,
        error=error,
        status=status,
        headers=facts.headers,
        size=facts.size,
        stream=facts.stream,
        finish=facts.finish,
        content=facts.hash,
        foreign=seen.foreign,
        own=seen.own,
        secrets=seen.secrets,
    )


def request_id(run: str, request: int) -> str:
    """What the target and its upstreams see as the request's id; wiring calls have negative numbers."""
    return f"{run}-{request}"
