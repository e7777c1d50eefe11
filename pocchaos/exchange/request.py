"""A request with templates, compiled to the bytes that go on the wire.

All that does not depend on the single request is rendered once per tenant and input (`Prepared`); what remains
per request is to put its id in its places.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

from pocchaos.exchange.template import UNSET, compile_template

Namespaces = Mapping[str, Any]

AGENT: Final = "pocchaos"
_ID: Final = "rq1d9c4be07fa2836e5d0b7c1f94ea5a"  # stands for the request's id until it is known
_LEGAL: Final = "%/?[]@!$&'()*+,;=:-._~"  # what a path may hold as it is written


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where requests go: the parts of the target's URL."""

    host: str
    port: int
    tls: bool
    prefix: str  # path before every request's own, without a slash at its end
    name: str  # value of the Host header


@dataclass(frozen=True, kw_only=True, slots=True)
class Outgoing:
    """One request as it is sent."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]  # without Host and Content-Length
    body: bytes | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoiling:
    """How a malformed input spoils a good request; the credentials stay."""

    body: Callable[[bytes], bytes]
    content_type: str | None = None  # in place of the right one; None: leave it


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """The bytes of one tenant's request for one input; `message` completes them for one request."""

    parts: tuple[bytes, ...] = ()  # the whole message, cut where the id goes; empty: render anew each time
    anew: Callable[[str], bytes] | None = None
    size: int = 0

    def message(self, request_id: str) -> bytes:
        """The whole HTTP/1.1 message."""
        if self.anew is not None:
            return self.anew(request_id)
        return request_id.encode().join(self.parts)


class Call:
    """One HTTP call of the scenario, compiled. Raises TemplateSyntaxError for a bad template."""

    def __init__(
        self,
        *,
        url: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: Any = None,
        correlate: str | None = None,
    ) -> None:
        self.origin = origin_of(url)
        self.method = method.upper()
        self._path = compile_template(path)
        self._headers = {name: compile_template(text) for name, text in headers.items()}
        self._body = None if body is None else compile_template(body)
        self._correlate = correlate

    def render(self, spaces: Namespaces, request_id: str, spoiling: Spoiling | None = None) -> Outgoing:
        """The request for these namespaces (`tenant`, `input`, …) and this id.

        Raises UnknownName, and ValueError for a header that HTTP forbids.
        """
        everything = {**spaces, "request": {"id": request_id, "nonce": request_id}}
        body = None if self._body is None else _json_bytes(self._body.render(everything))
        if body is not None and spoiling is not None:
            body = spoiling.body(body)
        path = self.origin.prefix + _path(str(self._path.render(everything)))
        content_type = None if body is None else "application/json"
        fields = self._fields(everything, request_id, content_type, spoiling.content_type if spoiling else None)
        return Outgoing(method=self.method, path=path, headers=fields, body=body)

    def prepare(self, spaces: Namespaces, spoiling: Spoiling | None = None) -> Prepared:
        """All that can be rendered before the request's id is known; raises as `render` does."""
        sent = self.render(spaces, _ID, spoiling)
        body = sent.body or b""
        if self._body is not None and self._body.names & {"request.id", "request.nonce"}:
            self.render(spaces, "0", spoiling)
            return Prepared(anew=lambda request_id: wire(self.origin, self.render(spaces, request_id, spoiling)))
        message = wire(self.origin, sent)
        head, _, _ = message.partition(b"\r\n\r\n")
        *before, after = head.split(_ID.encode())
        parts = (*before, after + b"\r\n\r\n" + body)
        return Prepared(parts=parts, size=len(message))

    def _fields(
        self, spaces: Namespaces, request_id: str, content_type: str | None, wrong_type: str | None
    ) -> tuple[tuple[str, str], ...]:
        fields = {"user-agent": ("User-Agent", AGENT), "accept": ("Accept", "*/*")}
        if content_type is not None:
            fields["content-type"] = ("Content-Type", content_type)
        for name, template in self._headers.items():
            value = template.render(spaces)
            if value is not UNSET:
                fields[name.lower()] = (name, value if isinstance(value, str) else json.dumps(value))
        if wrong_type is not None:
            fields["content-type"] = ("Content-Type", wrong_type)
        if self._correlate is not None:
            fields[self._correlate.lower()] = (self._correlate, request_id)
        for name, value in fields.values():
            _check_header(name, value)
        return tuple(fields.values())


def origin_of(url: str) -> Origin:
    """The parts of an http(s) URL; raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no http(s) URL")
    tls = parts.scheme == "https"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = 443 if tls else 80
    port = parts.port or usual
    return Origin(
        host=parts.hostname,
        port=port,
        tls=tls,
        prefix=parts.path.rstrip("/"),
        name=host if port == usual else f"{host}:{port}",
    )


def wire(origin: Origin, sent: Outgoing) -> bytes:
    """The request as HTTP/1.1 bytes (RFC 9112)."""
    lines = [f"{sent.method} {sent.path or '/'} HTTP/1.1", f"Host: {origin.name}"]
    lines += [f"{name}: {value}" for name, value in sent.headers]
    if sent.body is not None or sent.method in ("POST", "PUT", "PATCH"):
        lines.append(f"Content-Length: {len(sent.body or b'')}")
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + (sent.body or b"")


def _json_bytes(value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half a surrogate pair is legal JSON only as an escape
        return json.dumps(value, separators=(",", ":")).encode()


def _path(text: str) -> str:
    path = quote(text, safe=_LEGAL)
    return path if path.startswith("/") else f"/{path}"


def _check_header(name: str, value: str) -> None:
    if any(char in value for char in "\r\n\0"):
        raise ValueError(f"header {name}: a line break or NUL cannot be sent: {value[:60]!r}")
