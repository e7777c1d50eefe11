"""Documents in Redis: one hash for each tenant, its fields being the ids."""

import json

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from pocchaos.reference.documents.values import Document


class RedisDocuments:
    """A server that a `redis://` URL names. A retry is the caller's decision, so the client makes none."""

    def __init__(self, url: str) -> None:
        self._redis: Redis = Redis.from_url(url, decode_responses=True, retry=Retry(NoBackoff(), 0))

    async def put(self, tenant: str, document: Document) -> None:
        """See Documents."""
        await self._redis.hset(_key(tenant), document.id, json.dumps([document.title, document.text]))

    async def get(self, tenant: str, key: str) -> Document | None:
        """See Documents."""
        found = await self._redis.hget(_key(tenant), key)
        return _read(key, found) if found is not None else None

    async def all(self, tenant: str) -> tuple[Document, ...]:
        """See Documents."""
        found = await self._redis.hgetall(_key(tenant))
        return tuple(_read(str(key), found[key]) for key in sorted(found))

    async def delete(self, tenant: str, key: str) -> bool:
        """See Documents."""
        return bool(await self._redis.hdel(_key(tenant), key))

    async def close(self) -> None:
        """See Documents."""
        await self._redis.aclose()


def _key(tenant: str) -> str:
    return f"documents:{tenant}"


def _read(key: str, text: bytes | str) -> Document:
    title, body = json.loads(text)
    return Document(id=key, title=title, text=body)
