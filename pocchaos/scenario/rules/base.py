"""What the rules share: names, globs, expressions, addresses."""

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Final

from pocchaos.exchange.jmes import compile_path
from pocchaos.exchange.template import TemplateSyntaxError, split
from pocchaos.scenario.finding import Finding, Where, shown, unknown

_NAME: Final = re.compile(r"[^\s*?\[\]@#/\\](?:[^*?\[\]@#/\\\r\n\t]*[^\s*?\[\]@#/\\])?")
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110: names of headers and methods
LONGEST: Final = 80  # characters of a name


def name(where: Where, value: str) -> Iterator[Finding]:
    """A name that criteria can select: no glob characters, no line breaks, not blank."""
    if len(value) > LONGEST:
        yield Finding(where=where, message=f"{shown(value)} is too long for a name: write at most {LONGEST} characters")
    elif not _NAME.fullmatch(value):
        said = "a name has letters, digits, spaces, dots or dashes, and none of * ? [ ] @ # / \\"
        yield Finding(where=where, message=f"{shown(value)} cannot be a name: {said}")


def twice(pieces: Iterable[tuple[Where, str]], what: str, remedy: str) -> Iterator[Finding]:
    """Names that stand more than once."""
    seen: dict[str, Where] = {}
    for where, value in pieces:
        if value in seen:
            yield Finding(where=where, message=f"{shown(value)} is the {what} of two of them: {remedy}")
        seen.setdefault(value, where)


def header_name(where: Where, value: str) -> Iterator[Finding]:
    """A header's name as HTTP allows it."""
    if not _TOKEN.fullmatch(value):
        yield Finding(where=where, message=f"{shown(value)} is not a header's name: write one such as x-request-id")


def expression(where: Where, value: str | None) -> Iterator[Finding]:
    """A JMESPath that compiles."""
    if value is None:
        return
    try:
        compile_path(value)
    except ValueError:
        told = 'write one such as data.answer or choices[0].text; quote keys with dashes: "my-key"'
        yield Finding(where=where, message=f"{shown(value)} is not a JMESPath: {told}")


def pattern(where: Where, value: str) -> Iterator[Finding]:
    """A regular expression that compiles."""
    try:
        re.compile(value)
    except re.error as error:
        said = f"{error.msg} at character {error.pos}" if error.pos is not None else error.msg
        yield Finding(where=where, message=f"{shown(value)} is not a regular expression ({said}): mend or escape it")


def rooted(where: Where, value: str) -> Iterator[Finding]:
    """A path of a URL, which begins with a slash and is one word; what templates bring is encoded when it is sent."""
    if not value.startswith(("/", "${")):
        yield Finding(where=where, message=f"{shown(value)} is not a path: begin it with /")
    if any(letter <= " " or letter == "\x7f" for letter in written(value)):
        said = "has a space, a line break or another control character, which no path holds: write a space as %20"
        yield Finding(where=where, message=f"{shown(value)} {said}")


def written(text: str) -> str:
    """A text without its templates."""
    try:
        return "".join(part for part in split(text) if isinstance(part, str))
    except TemplateSyntaxError:
        return ""  # told elsewhere


def no_port(where: Where, address: str) -> Iterator[Finding]:
    """A URL whose port nobody can listen on."""
    found = re.match(r"\w+://[^/?#]*:(\d+)(?:[/?#]|$)", address)
    if found is not None and not 1 <= int(found[1]) <= 65_535:
        yield Finding(where=where, message=f"{shown(address)} has the port {found[1]}: write one from 1 to 65535")


def matching(patterns: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
    """The names that one of the patterns (names or globs) selects."""
    wanted = tuple(patterns)
    return tuple(one for one in names if any(one == glob or fnmatchcase(one, glob) for glob in wanted))


def selected(where: Where, patterns: tuple[str, ...] | None, names: Iterable[str], what: str) -> Iterator[Finding]:
    """Every pattern of a scope selects something."""
    known = tuple(names)
    for index, glob in enumerate(patterns or ()):
        if not matching([glob], known):
            yield Finding(where=(*where, index), message=unknown(glob, what, known))


def address(value: str) -> tuple[str, int] | None:
    """`host:port` as its parts; None where it is none. IPv6 hosts stand in brackets."""
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+):(\d{1,5})", value.strip())
    if found is None or int(found[2]) > 65_535:
        return None
    return found[1].strip("[]"), int(found[2])


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its name alone."""
    return host == "localhost" or host == "::1" or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None


def is_wildcard(host: str) -> bool:
    """Whether a host to listen on means every network."""
    return host in {"0.0.0.0", "::", "0"}  # noqa: S104 - read, not bound
