"""The target: where it is, how it is called, how its answer is read."""

import re
from collections.abc import Iterator
from typing import Final

from pocchaos.exchange.template import split
from pocchaos.scenario.draft import Draft
from pocchaos.scenario.finding import Finding, Where, listed, shown
from pocchaos.scenario.language import Answer, Matcher, Request, Target, VersionCall
from pocchaos.scenario.rules.base import expression, header_name, no_port, pattern, rooted, written

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
SHORTEST_SECRET: Final = 8  # characters: a shorter text occurs by chance


def target(draft: Draft) -> Iterator[Finding]:
    """Everything under `target` that can be checked on its own."""
    if draft.target is None:
        return
    yield from _addresses(draft.target)
    yield from _request(("target", "request"), draft.target.request)
    yield from _answer(("target", "answer"), draft.target.answer)
    yield from _markers(draft.target)
    for index, secret in enumerate(draft.target.secrets):
        yield from long_enough(("target", "secrets", index), secret)


def long_enough(where: Where, text: str) -> Iterator[Finding]:
    """A text that is looked for in every answer must not be there by chance."""
    if "${" not in text and len(text.strip()) < SHORTEST_SECRET:
        said = f"a text of {len(text.strip())} characters occurs by chance: write at least {SHORTEST_SECRET}"
        yield Finding(where=where, message=said)


def _addresses(target: Target) -> Iterator[Finding]:
    url = "".join(part if isinstance(part, str) else "1" for part in _split(target.url))
    if not re.fullmatch(r"https?://(\[[0-9A-Fa-f:]+\]|[\w.-]+)(:\d{1,5})?(/\S*)?", url):
        said = f"{shown(target.url)} is not an address: write one such as http://127.0.0.1:8080"
        yield Finding(where=("target", "url"), message=said)
    else:
        yield from no_port(("target", "url"), target.url)
    yield from rooted(("target", "ready"), target.ready)
    if isinstance(target.version, VersionCall):
        yield from rooted(("target", "version", "get"), target.version.get)
        yield from expression(("target", "version", "path"), target.version.path)
    if not isinstance(target.correlate, str):
        yield from header_name(("target", "correlate", "header"), target.correlate.header)


def _split(text: str) -> tuple[object, ...]:
    try:
        return split(text)
    except ValueError:
        return (text,)


def _request(where: Where, request: Request) -> Iterator[Finding]:
    if request.method not in METHODS:
        near = " Methods are written in capitals." if request.method.upper() in METHODS else ""
        said = f"{shown(request.method)} is not one of {listed(METHODS)}.{near}"
        yield Finding(where=(*where, "method"), message=said)
    yield from rooted((*where, "path"), request.path)
    for key, value in request.headers.items():
        yield from header_name((*where, "headers", key), key)
        if any((letter < " " and letter != "\t") or letter == "\x7f" for letter in written(value)):
            said = "has a line break or another control character, which a header cannot hold: write it in one line"
            yield Finding(where=(*where, "headers", key), message=said)


def _answer(where: Where, answer: Answer) -> Iterator[Finding]:
    for key in ("path", "delta", "finish", "error"):
        yield from expression((*where, key), getattr(answer, key))
    if answer.stream == "sse" and answer.delta is None:
        said = "is missing: with `stream: sse` say where the text of an event is, such as choices[0].delta.content"
        yield Finding(where=(*where, "delta"), message=said)
    if answer.stream == "none":
        for key in ("delta", "done", "finish", "error"):
            if getattr(answer, key) is not None:
                said = f"{shown(getattr(answer, key))} is for streams: add `stream: sse`, or delete it"
                yield Finding(where=(*where, key), message=said)


def _markers(target: Target) -> Iterator[Finding]:
    for kind in ("fallback", "refusal", "shed", "error"):
        for index, matcher in enumerate(getattr(target.markers, kind)):
            yield from _matcher(("target", "markers", kind, index), matcher)


def _matcher(where: Where, matcher: Matcher) -> Iterator[Finding]:
    ways = [key for key in ("header", "path", "pattern") if getattr(matcher, key) is not None]
    if len(ways) != 1:
        told = f"has {' and '.join(ways)}" if ways else "says nothing to look for"
        said = f"{told}: write one of header, path or pattern (a list of matchers means any of them)"
        yield Finding(where=where, message=said)
    if matcher.equals is not None and matcher.header is None:
        said = f"{shown(matcher.equals)} needs the `header` that must say it"
        yield Finding(where=(*where, "equals"), message=said)
    if matcher.header is not None:
        yield from header_name((*where, "header"), matcher.header)
    if matcher.pattern is not None:
        yield from pattern((*where, "pattern"), matcher.pattern)
    yield from expression((*where, "path"), matcher.path)
