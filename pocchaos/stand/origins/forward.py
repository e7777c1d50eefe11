"""Plain forwarding to the real origin: streamed both ways, bytes untouched, hop-by-hop headers left out.

No proxies of the environment, no redirects followed, no decompression, no retries: what the origin does is
what the target sees.
"""

from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import urlsplit

import httpx

from pocchaos.model.reply import Chunk, Cut, End, Event, Reply
from pocchaos.model.units import Seconds
from pocchaos.stand.incoming import Incoming
from pocchaos.stand.origins.base import Call, OriginUnreachableError
from pocchaos.stand.origins.tokens import counted
from pocchaos.stand.writer import OriginBrokeError

CONNECT_WITHIN: Final = Seconds(10.0)
KEEP_IDLE: Final = Seconds(4.0)  # below the 5 s after which uvicorn and Node close an idle connection
IDLE_AT_MOST: Final = 256

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
"""RFC 9110, section 7.6.1, and what `Connection` names."""


class Forwarding:
    """An origin that is somebody else's server."""

    def __init__(self, origin: str) -> None:
        parts = urlsplit(origin)
        self._url = httpx.URL(f"{parts.scheme}://{parts.netloc}")
        self._base = parts.path.rstrip("/")
        self._transport = httpx.AsyncHTTPTransport(
            verify=parts.scheme == "https",
            trust_env=False,
            limits=httpx.Limits(
                max_connections=None, max_keepalive_connections=IDLE_AT_MOST, keepalive_expiry=KEEP_IDLE
            ),
        )

    async def reply(self, call: Call) -> Reply:
        """The origin's reply as it arrives; raises OriginUnreachableError, BodyBrokenError."""
        incoming = call.incoming
        try:
            response = await self._transport.handle_async_request(self._request(incoming))
        except httpx.TransportError as error:
            raise OriginUnreachableError(str(error) or type(error).__name__) from error
        call.resources.push_async_callback(response.aclose)
        headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in end_to_end(response.headers.raw)
            if name.lower() != b"content-length"
        )
        length = response.headers.get("content-length", "")
        reply = Reply(
            status=response.status_code,
            headers=headers,
            chunks=_chunks(response),
            length=int(length) if length.isascii() and length.isdigit() else None,
        )
        return counted(reply) if call.touched else reply

    async def close(self) -> None:
        """Close the pool."""
        await self._transport.aclose()

    def _request(self, incoming: Incoming) -> httpx.Request:
        target = f"{self._base}{incoming.target}".encode("latin-1")
        headers = [(b"Host", self._url.netloc)]
        headers += [
            (name, value) for name, value in end_to_end(incoming.headers) if name.lower() not in {b"host", b"expect"}
        ]
        return httpx.Request(
            incoming.method,
            self._url,
            headers=headers,
            content=incoming.body.parts() if incoming.has_body else None,
            extensions={
                "target": target,
                "timeout": {"connect": CONNECT_WITHIN, "read": None, "write": None, "pool": None},
            },
        )


def end_to_end(headers: "list[tuple[bytes, bytes]] | tuple[tuple[bytes, bytes], ...]") -> list[tuple[bytes, bytes]]:
    """The headers that are meant for the other end, in their order."""
    named = {
        word.strip().lower() for name, value in headers if name.lower() == b"connection" for word in value.split(b",")
    }
    return [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP | named]


async def _chunks(response: httpx.Response) -> AsyncIterator[Event]:
    try:
        async for data in response.aiter_raw():
            yield Chunk(data=data)
    except httpx.ReadError as error:
        raise OriginBrokeError(Cut()) from error
    except httpx.TransportError as error:
        raise OriginBrokeError(End()) from error
