"""Each tenant's own documents. Every store keys by tenant and id, so one tenant's id means nothing to another."""

from typing import Protocol

from pocchaos.reference.documents.timed import Timed
from pocchaos.reference.documents.values import Document, StoreAway


class Documents(Protocol):
    """What a store can do; every method may raise StoreAway once it is wrapped by `open_documents`."""

    async def put(self, tenant: str, document: Document) -> None:
        """Keep it; one with the same id is replaced."""

    async def get(self, tenant: str, key: str) -> Document | None:
        """The tenant's document whose id is `key`."""

    async def all(self, tenant: str) -> tuple[Document, ...]:
        """All of the tenant's documents, ordered by id."""

    async def delete(self, tenant: str, key: str) -> bool:
        """Whether there was one to delete."""

    async def close(self) -> None:
        """Give back what is held open."""


def open_documents(url: str, *, timeout: float) -> Documents:
    """The store that a URL names, each call bounded by `timeout` seconds; raises ValueError for an unknown kind.

    Nothing is connected yet: an assistant whose store is away still starts, and says so when asked.
    """
    scheme, _, rest = url.partition("://")
    if url == ":memory:" or scheme == "sqlite":
        from pocchaos.reference.documents.sqlite import SqliteDocuments

        return Timed(SqliteDocuments(rest.removeprefix("/") or ":memory:"), timeout)
    if scheme in {"postgresql", "postgres"}:
        from pocchaos.reference.documents.postgres import PostgresDocuments

        return Timed(PostgresDocuments(url), timeout)
    if scheme in {"redis", "rediss"}:
        from pocchaos.reference.documents.redis import RedisDocuments

        return Timed(RedisDocuments(url), timeout)
    raise ValueError(f"STORE_URL={url!r}: write :memory:, sqlite:///path, postgresql://… or redis://…")


__all__ = ["Document", "Documents", "StoreAway", "open_documents"]
