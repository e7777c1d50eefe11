"""Templates: every name is known where it stands, before the first request asks for it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pocchaos.exchange.template import Found, TemplateSyntaxError, templates_in
from pocchaos.scenario.draft import Draft
from pocchaos.scenario.finding import Finding, Where, did_you_mean, listed
from pocchaos.scenario.not_yet import NAMESPACES, not_yet

RUN: Final = ("id", "port", "python")
REQUEST: Final = ("id", "nonce")
IN_REQUESTS: Final = ("tenant", "input", "request", "run", "upstreams")
IN_CHECKS: Final = ("input", "tenant")
AT_START: Final = ("upstreams", "run")


def templates(draft: Draft) -> Iterator[Finding]:
    """All that is rendered later: the request, the start of the target, the values of assertions."""
    target = draft.target
    if target is not None:
        request = target.request
        places: list[tuple[Where, Any, tuple[str, ...]]] = [
            (("target", "url"), target.url, AT_START),
            (("target", "request", "path"), request.path, IN_REQUESTS),
            (("target", "request", "headers"), dict(request.headers), IN_REQUESTS),
            (("target", "request", "json"), request.body, IN_REQUESTS),
        ]
        if isinstance(target.version, str):
            places.append((("target", "version"), target.version, AT_START))
        if target.start is not None:
            start = target.start
            places += [
                (("target", "start", "command"), list(start.command), AT_START),
                (("target", "start", "stop"), list(start.stop or ()), AT_START),
                (("target", "start", "env"), dict(start.env), AT_START),
            ]
        for where, value, namespaces in places:
            yield from _in(where, value, namespaces, draft)
    for piece in draft.inputs:
        for index, check in enumerate(piece.value.asserts if piece.value is not None else ()):
            place = (*piece.where, "assert", index, "value")
            yield from _in(place, getattr(check, "value", None), IN_CHECKS, draft)


def differences(draft: Draft) -> Iterator[Finding]:
    """Inputs and tenants that make no difference to the request are a mistake."""
    if draft.target is None or any(name.startswith("target.request") for name in draft.excused):
        return
    request = draft.target.request
    try:
        found = list(templates_in([request.path, dict(request.headers), request.body]))
    except TemplateSyntaxError:
        return
    if any(_unknown(one, IN_REQUESTS, draft) for one in found):
        return  # told already; it may well be the one that is missed
    names = {one.name.name for one in found}
    if not any(name.startswith("input.") for name in names):
        said = "asks the same whatever the input: put a field of it in, such as ${input.text}"
        yield Finding(where=("target", "request"), message=said)
    for piece in draft.tenants:
        if piece.value is not None and piece.value.token is not None and "tenant.token" not in names:
            said = "is never sent: put ${tenant.token} into target.request.headers, or delete it"
            yield Finding(where=(*piece.where, "token"), message=said)


def _in(where: Where, value: Any, namespaces: tuple[str, ...], draft: Draft) -> Iterator[Finding]:
    try:
        found = list(templates_in(value, where))
    except TemplateSyntaxError as error:
        yield Finding(where=error.place, message=f"{error}"[:400])
        return
    for one in found:
        message = _unknown(one, namespaces, draft)
        if message:
            yield Finding(where=one.place, message=message)


def _unknown(one: Found, namespaces: tuple[str, ...], draft: Draft) -> str:
    space, *rest = one.name.parts
    for later in (one.name.name, ".".join(one.name.parts[:2]), space):
        if later in NAMESPACES:
            return not_yet(f"${{{one.name.name}}}", NAMESPACES[later])
    if space not in namespaces:
        return (
            f"${{{one.name.name}}} is not known here: names begin with {listed([*namespaces, 'env'])}."
            f"{did_you_mean(space, [*namespaces, 'env'])}"
        )
    if not rest:
        return f"${{{space}}} is a namespace: name something in it, such as ${{{space}.{_first(space)}}}"
    match space:
        case "run":
            return _one_of(one, rest[0], RUN)
        case "request":
            return _one_of(one, rest[0], REQUEST)
        case "upstreams":
            return _upstream(one, rest, draft)
        case "tenant":
            return _tenant(one, rest, draft)
        case _:
            return ""


def _first(space: str) -> str:
    return {"run": "port", "request": "id", "upstreams": "llm.url", "tenant": "name", "input": "text"}.get(space, "x")


def _one_of(one: Found, key: str, known: tuple[str, ...]) -> str:
    if key in known:
        return ""
    space = one.name.parts[0]
    there = listed(f"{space}.{name}" for name in known)
    return f"${{{one.name.name}}} names nothing: use one of {there}.{did_you_mean(key, known)}"


def _upstream(one: Found, rest: list[str], draft: Draft) -> str:
    names = [piece.name for piece in draft.upstreams if piece.name is not None]
    if rest[0] not in names:
        there = f"use one of {listed(names)}" if names else "there is none, so add it under `upstreams`"
        return f"${{{one.name.name}}} names no upstream of this scenario: {there}.{did_you_mean(rest[0], names)}"
    keys = ("url", "host", "port")
    if len(rest) < 2 or rest[1] not in keys:
        there = listed(f"upstreams.{rest[0]}.{key}" for key in keys)
        return f"${{{one.name.name}}} names nothing: use one of {there}"
    return ""


def _tenant(one: Found, rest: list[str], draft: Draft) -> str:
    keys = ("name", "token", "vars", "canaries")
    if rest[0] not in keys:
        return _one_of(one, rest[0], keys)
    if one.name.optional or one.name.default is not None or "target.auth" in draft.excused:
        return ""
    for piece in draft.tenants:
        if piece.value is None:
            continue
        have: Mapping[str, Any] = {
            "name": piece.value.name,
            "token": piece.value.token,
            "vars": piece.value.vars,
            "canaries": piece.value.canaries,
        }
        found: Any = have
        for key in rest[:2]:
            found = found.get(key) if isinstance(found, Mapping) else None
        if found is None or (rest[0] in ("vars", "canaries") and len(rest) < 2):
            key = ".".join(rest[:2])
            near = did_you_mean(rest[1], have[rest[0]]) if len(rest) > 1 and isinstance(have[rest[0]], Mapping) else ""
            return f"${{{one.name.name}}} needs `{key}` in every tenant, and {piece.value.name} has none: add it.{near}"
    return ""
