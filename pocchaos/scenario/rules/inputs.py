"""Tenants, inputs and load: who asks what, how often."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pocchaos.arrivals import Arrival
from pocchaos.assertions import BaseAssertion
from pocchaos.assertions.regex import Regex
from pocchaos.exchange.template import UNSET, names_in
from pocchaos.inputs import named
from pocchaos.scenario.draft import Draft, Piece
from pocchaos.scenario.finding import Finding, Where, shown, unknown
from pocchaos.scenario.language import Inputs, Tenant
from pocchaos.scenario.rules.base import expression, name, pattern, twice
from pocchaos.scenario.rules.target import long_enough

MOST_GENERATED: Final = 10_000  # malformed requests of one entry, each made and compared with the others
ROUNDING: Final = 0.0011  # three shares of 33.3 % or 33.33 % are meant to be whole


def tenants(draft: Draft) -> Iterator[Finding]:
    """Names, shares and canaries."""
    yield from twice(
        [((*piece.where, "name"), piece.name) for piece in draft.tenants if piece.name is not None],
        "name",
        "rename one",
    )
    for piece in draft.tenants:
        if piece.value is None:
            continue
        tenant: Tenant = piece.value
        yield from name((*piece.where, "name"), tenant.name)
        for surface, texts in tenant.canaries.items():
            for index, text in enumerate(() if isinstance(texts, str) else texts):
                yield from long_enough((*piece.where, "canaries", surface, index), text)
    yield from _shared_canaries(draft)
    shares = [(piece.where, piece.value.share) for piece in draft.tenants if piece.value is not None]
    if len(shares) == len(draft.tenants):
        yield from _sum("tenants", [share for _, share in shares])


def inputs(draft: Draft) -> Iterator[Finding]:
    """Files, shares, assertions."""
    known = [piece.name for piece in draft.tenants if piece.name is not None]
    for piece in draft.inputs:
        if piece.value is None:
            continue
        entry: Inputs = piece.value
        yield from _source(piece, entry, draft)
        if entry.tenant is not None and entry.tenant not in known:
            said = unknown(entry.tenant, "this scenario's tenants", known)
            yield Finding(where=(*piece.where, "tenant"), message=said)
        for index, assertion in enumerate(entry.asserts):
            yield from assertion_findings((*piece.where, "assert", index), assertion)
    if draft.inputs_whole and draft.inputs:
        yield from _sum("inputs", [piece.value.share for piece in draft.inputs])


def load(draft: Draft) -> Iterator[Finding]:
    """The streams of the scenario and of each stage."""
    if draft.load is not None:
        yield from _streams(("load",), draft.load, draft)
    for placed in draft.stages:
        if placed.stage is not None and placed.stage.load is not None:
            yield from _streams((*placed.where, "load"), placed.stage.load, draft)


def assertion_findings(where: Where, assertion: BaseAssertion) -> Iterator[Finding]:
    """What is wrong with an assertion before any answer is there."""
    yield from expression((*where, "path"), assertion.path)
    value = getattr(assertion, "value", None)
    try:
        if names_in(value) or value is UNSET:
            return
        if isinstance(assertion, Regex) and isinstance(value, str) and value:
            yield from pattern((*where, "value"), value)
            return
        assertion.holds("{}", value)
    except ValueError as error:
        yield Finding(where=(*where, "value"), message=str(error))


def _source(piece: Piece, entry: Inputs, draft: Draft) -> Iterator[Finding]:
    if (entry.file is None) == (entry.generate is None):
        told = "has both `file` and `generate`" if entry.file else "says not where its inputs come from"
        yield Finding(where=piece.where, message=f"{told}: write one of `file: …` and `generate: malformed`")
    if entry.generate is None:
        return
    where = (*piece.where, "generate")
    if isinstance(entry.generate, Mapping):
        yield from _generated(where, entry.generate)
    if entry.category != "malformed":
        said = f"{shown(entry.category)} cannot be generated: malformed requests have `category: malformed`"
        yield Finding(where=(*piece.where, "category"), message=said)
    refused = any(name.startswith("target.request.") for name in draft.excused)
    if draft.target is not None and draft.target.request.body is None and not refused:
        said = "malformed requests are made of a JSON body, and target.request has no `json`: add it"
        yield Finding(where=where, message=said)


def _generated(where: Where, given: Mapping[str, Any]) -> Iterator[Finding]:
    inner = given.get("malformed")
    if set(given) != {"malformed"} or not isinstance(inner, Mapping):
        said = f"{shown(dict(given))} is not known: write malformed, or {{malformed: {{kinds: [syntax], count: 50}}}}"
        yield Finding(where=where, message=said)
        return
    for key in inner:
        if key not in ("kinds", "count"):
            yield Finding(where=(*where, "malformed", key), message=unknown(key, "the keys here", ("kinds", "count")))
    count = inner.get("count", 1)
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_GENERATED:
        said = f"{shown(count)} is not a number of requests: write a whole one from 1 to {MOST_GENERATED:,}"
        yield Finding(where=(*where, "malformed", "count"), message=said)
    kinds = inner.get("kinds", ["syntax"])
    if not isinstance(kinds, Sequence) or isinstance(kinds, str) or not kinds:
        said = f"{shown(kinds)} is not a list of kinds: write one such as [syntax, leaves]"
        yield Finding(where=(*where, "malformed", "kinds"), message=said)
        return
    for index, kind in enumerate(kinds):
        try:
            named([str(kind)])
        except ValueError as error:
            yield Finding(where=(*where, "malformed", "kinds", index), message=str(error))


def _shared_canaries(draft: Draft) -> Iterator[Finding]:
    owners: dict[str, str] = {}
    for piece in draft.tenants:
        if piece.value is None:
            continue
        for surface, texts in piece.value.canaries.items():
            for index, text in enumerate(() if isinstance(texts, str) else texts):
                if owners.setdefault(text, piece.value.name) != piece.value.name:
                    said = f"is a canary of {shown(owners[text])} too: a canary belongs to one tenant alone"
                    yield Finding(where=(*piece.where, "canaries", surface, index), message=said)


def _sum(section: str, shares: Sequence[float | None]) -> Iterator[Finding]:
    given = [share for share in shares if share is not None]
    if not given:
        return
    if len(given) < len(shares):
        said = f"{len(given)} of {len(shares)} have a `share`: give each one, or none (then all are equal)"
        yield Finding(where=(section,), message=said)
    elif abs(sum(given) - 1) > ROUNDING:
        said = f"the shares sum to {sum(given) * 100:.4g}%, not 100%: change {shown_shares(given)}"
        yield Finding(where=(section,), message=said)


def shown_shares(shares: Sequence[float]) -> str:
    """`70% + 40%`."""
    return " + ".join(f"{share * 100:.4g}%" for share in shares)


def _streams(where: Where, streams: Sequence[Arrival], draft: Draft) -> Iterator[Finding]:
    known = [piece.name for piece in draft.tenants if piece.name is not None]
    owners = []
    for index, stream in enumerate(streams):
        if stream.tenant is None:
            continue
        owners.append(((*where, index, "tenant"), stream.tenant))
        if stream.tenant not in known:
            said = unknown(stream.tenant, "this scenario's tenants", known)
            yield Finding(where=(*where, index, "tenant"), message=said)
    yield from twice(owners, "tenant", "write one stream with the sum of their rates")
