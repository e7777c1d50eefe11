"""The scenario's own signs (fallback, refusal, shed, error), looked for once per body and once per set of headers.

Each matcher is one bit. A response carries a marker where, for one of its matchers, the header part and the body
part both hold: two small integers per sample, joined by `&`.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pocchaos.exchange.jmes import compile_path
from pocchaos.scenario.language import Markers, Matcher

NAMES: Final = ("fallback", "refusal", "shed", "error")


@dataclass(frozen=True, kw_only=True, slots=True)
class Body:
    """What a marker or an assertion may look at: the JSON value (None where there is none), text and answer."""

    value: Any
    text: str
    answer: str | None


NO_BODY: Final = Body(value=None, text="", answer=None)

HeaderPart = Callable[[Mapping[str, str]], bool]
BodyPart = Callable[[Body], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Signs:
    """The compiled markers: which bits belong to which name, and how each bit is found."""

    masks: Mapping[str, int]
    by_headers: tuple[HeaderPart, ...]
    by_body: tuple[BodyPart, ...]

    def header_bits(self, headers: str) -> int:
        """The bits whose header part holds for these headers (a JSON object as text)."""
        found: Mapping[str, str] = json.loads(headers) if headers else {}
        return sum(1 << bit for bit, part in enumerate(self.by_headers) if part(found))

    def body_bits(self, body: Body) -> int:
        """The bits whose body part holds for this body."""
        return sum(1 << bit for bit, part in enumerate(self.by_body) if part(body))


def compile_markers(markers: Markers) -> Signs:
    """The markers of a scenario, compiled once."""
    masks: dict[str, int] = {}
    matchers: list[Matcher] = []
    for name in NAMES:
        own: tuple[Matcher, ...] = getattr(markers, name)
        masks[name] = ((1 << len(own)) - 1) << len(matchers)
        matchers.extend(own)
    return Signs(
        masks=masks,
        by_headers=tuple(_header_part(matcher) for matcher in matchers),
        by_body=tuple(_body_part(matcher) for matcher in matchers),
    )


def truthy(value: Any) -> bool:
    """JMESPath's own notion: null, false and whatever is empty are not; zero is."""
    return value is not None and value is not False and value not in ("", [], {})


def _header_part(matcher: Matcher) -> HeaderPart:
    if matcher.header is None:
        return lambda headers: True
    name, wanted = matcher.header.lower(), matcher.equals
    if wanted is None:
        return lambda headers: name in headers
    return lambda headers: headers.get(name, "").strip() == wanted if name in headers else False


def _body_part(matcher: Matcher) -> BodyPart:
    parts: list[BodyPart] = []
    if matcher.path is not None:
        search = compile_path(matcher.path)
        parts.append(lambda body: body.value is not None and truthy(search(body.value)))
    if matcher.pattern is not None:
        pattern = re.compile(matcher.pattern)
        parts.append(lambda body: bool(pattern.search(body.text) or pattern.search(body.answer or "")))
    return lambda body: all(part(body) for part in parts)
