"""Documents in SQLite, the default: one connection on a thread of its own, so that a slow disk blocks nobody else."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pocchaos.reference.documents.values import Document

T = TypeVar("T")

_TABLE = """
CREATE TABLE IF NOT EXISTS documents (
    tenant TEXT NOT NULL, id TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (tenant, id)
)"""


class SqliteDocuments:
    """A file, or `:memory:`."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, "documents")
        self._connection: sqlite3.Connection | None = None

    async def put(self, tenant: str, document: Document) -> None:
        """See Documents."""
        row = (tenant, document.id, document.title, document.text)
        await self._run(lambda db: db.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?)", row))

    async def get(self, tenant: str, key: str) -> Document | None:
        """See Documents."""
        query = "SELECT id, title, body FROM documents WHERE tenant = ? AND id = ?"
        row = await self._run(lambda db: db.execute(query, (tenant, key)).fetchone())
        return Document(id=row[0], title=row[1], text=row[2]) if row else None

    async def all(self, tenant: str) -> tuple[Document, ...]:
        """See Documents."""
        query = "SELECT id, title, body FROM documents WHERE tenant = ? ORDER BY id"
        rows = await self._run(lambda db: db.execute(query, (tenant,)).fetchall())
        return tuple(Document(id=row[0], title=row[1], text=row[2]) for row in rows)

    async def delete(self, tenant: str, key: str) -> bool:
        """See Documents."""
        query = "DELETE FROM documents WHERE tenant = ? AND id = ?"
        return await self._run(lambda db: db.execute(query, (tenant, key)).rowcount) > 0

    async def close(self) -> None:
        """See Documents."""
        if self._connection is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown()

    async def _run(self, query: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._committed, query)

    def _committed(self, query: Callable[[sqlite3.Connection], T]) -> T:
        if self._connection is None:
            self._connection = sqlite3.connect(self._path)
            self._connection.execute(_TABLE)
        with self._connection:
            return query(self._connection)
