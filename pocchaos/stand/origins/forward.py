"""Plain forwarding to the real origin: streamed both ways, bytes untouched, hop-by-hop headers left out.

No proxies of the environment, no redirects followed, no decompression, no retries: what the origin does is
what the target sees. Only where a fault reshapes the reply is the origin asked not to compress it, or nobody
could count its tokens or change its text.
"""

import ssl
from collections.abc import AsyncIterator, Sequence
from typing import Final
from urllib.parse import urlsplit

from pocchaos.model.reply import Chunk, Event, Reply
from pocchaos.stand.incoming import Incoming
from pocchaos.stand.origins.base import Call
from pocchaos.stand.origins.http1 import FarSide, Pool
from pocchaos.stand.origins.tokens import counted

HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"http2-settings",
    }
)
"""RFC 9110, section 7.6.1; beside these what `Connection` names."""


class Forwarding:
    """An origin that is somebody else's server."""

    def __init__(self, origin: str) -> None:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or parts.hostname is None:
            raise ValueError(f"{origin} is no http://host or https://host")
        secure = parts.scheme == "https"
        self._host = parts.netloc.rpartition("@")[2].encode("ascii")
        self._base = parts.path.rstrip("/").encode("ascii")
        self._pool = Pool(
            parts.hostname,
            parts.port or (443 if secure else 80),
            tls=ssl.create_default_context() if secure else None,
        )

    async def reply(self, call: Call) -> Reply:
        """The origin's reply as it arrives; raises OriginUnreachableError, BodyBrokenError."""
        incoming = call.incoming
        far = await self._pool.call(
            self._head(incoming, plain=call.touched),
            incoming.body if incoming.has_body else None,
            chunked=incoming.chunked,
            head_only=incoming.method == "HEAD",
        )
        call.resources.push_async_callback(far.done)
        headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in end_to_end(far.headers)
            if name.lower() != b"content-length"
        )
        reply = Reply(status=far.status, headers=headers, chunks=_chunks(far), length=far.length)
        return counted(reply) if call.touched else reply

    async def close(self) -> None:
        """Close the pool."""
        await self._pool.close()

    def _head(self, incoming: Incoming, *, plain: bool) -> bytes:
        replaced = {b"host", b"expect", b"accept-encoding"} if plain else {b"host", b"expect"}
        lines = [b"%b %b%b HTTP/1.1" % (incoming.method.encode(), self._base, incoming.target.encode("latin-1"))]
        lines.append(b"Host: " + self._host)
        lines += [
            b"%b: %b" % (name, value) for name, value in end_to_end(incoming.headers) if name.lower() not in replaced
        ]
        if plain:
            lines.append(b"Accept-Encoding: identity")
        if incoming.chunked:
            lines.append(b"Transfer-Encoding: chunked")
        return b"\r\n".join([*lines, b"", b""])


def end_to_end(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers that are meant for the other end, in their order."""
    named = {
        word.strip().lower() for name, value in headers if name.lower() == b"connection" for word in value.split(b",")
    }
    return [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP | named]


async def _chunks(far: FarSide) -> AsyncIterator[Event]:
    async for data in far.parts():
        yield Chunk(data=data)
