"""A bound in time round any store, so that one that stalls costs a caller a moment and never the whole request."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from pocchaos.reference.documents.values import Document, StoreAway

if TYPE_CHECKING:
    from pocchaos.reference.documents import Documents

T = TypeVar("T")


class Timed:
    """A store whose every call ends within `timeout` seconds, by its result or by StoreAway.

    A call that is late is cancelled but not waited for: a driver may itself wait on a dead connection while it is
    being cancelled (psycopg does, to cancel on the server), and that must not become our caller's wait.
    """

    def __init__(self, store: Documents, timeout: float) -> None:
        self._store = store
        self._timeout = timeout

    async def put(self, tenant: str, document: Document) -> None:
        """See Documents."""
        await self._bounded(self._store.put(tenant, document))

    async def get(self, tenant: str, key: str) -> Document | None:
        """See Documents."""
        return await self._bounded(self._store.get(tenant, key))

    async def all(self, tenant: str) -> tuple[Document, ...]:
        """See Documents."""
        return await self._bounded(self._store.all(tenant))

    async def delete(self, tenant: str, key: str) -> bool:
        """See Documents."""
        return await self._bounded(self._store.delete(tenant, key))

    async def close(self) -> None:
        """See Documents."""
        await self._store.close()

    async def _bounded(self, call: Coroutine[Any, Any, T]) -> T:
        task = asyncio.create_task(call)
        try:
            done, _ = await asyncio.wait({task}, timeout=self._timeout)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not done:
            task.cancel()
            task.add_done_callback(_forgotten)
            raise StoreAway(f"no answer from the document store within {self._timeout} s")
        try:
            return task.result()
        except Exception as error:  # whatever a driver raises: to the caller the store is away
            raise StoreAway(f"{type(error).__name__}: {error}") from error


def _forgotten(task: asyncio.Task[Any]) -> None:
    """Look at the result of a task that nobody waits for, so that asyncio does not complain of it."""
    if not task.cancelled():
        task.exception()
