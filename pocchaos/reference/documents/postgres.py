"""Documents in Postgres, over a few kept connections."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psycopg

from pocchaos.reference.documents.values import Document

MOST_CONNECTIONS = 8

_TABLE = """
CREATE TABLE IF NOT EXISTS documents (
    tenant text NOT NULL, id text NOT NULL, title text NOT NULL, body text NOT NULL, PRIMARY KEY (tenant, id)
)"""


class PostgresDocuments:
    """A database that a `postgresql://` URL names; the table is made at the first call.

    A connection goes back to the others only after a call that went well. After anything else, a cancellation
    above all, it may hold the answer to somebody else's question, so it is closed.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._idle: list[psycopg.AsyncConnection[Any]] = []
        self._places = asyncio.Semaphore(MOST_CONNECTIONS)
        self._table_made = False

    async def put(self, tenant: str, document: Document) -> None:
        """See Documents."""
        async with self._connection() as db:
            await db.execute(
                "INSERT INTO documents VALUES (%s, %s, %s, %s) ON CONFLICT (tenant, id) "
                "DO UPDATE SET title = excluded.title, body = excluded.body",
                (tenant, document.id, document.title, document.text),
            )

    async def get(self, tenant: str, key: str) -> Document | None:
        """See Documents."""
        rows = await self._read("SELECT id, title, body FROM documents WHERE tenant = %s AND id = %s", (tenant, key))
        return rows[0] if rows else None

    async def all(self, tenant: str) -> tuple[Document, ...]:
        """See Documents."""
        query = 'SELECT id, title, body FROM documents WHERE tenant = %s ORDER BY id COLLATE "C"'
        return tuple(await self._read(query, (tenant,)))

    async def delete(self, tenant: str, key: str) -> bool:
        """See Documents."""
        async with self._connection() as db:
            done = await db.execute("DELETE FROM documents WHERE tenant = %s AND id = %s", (tenant, key))
            return done.rowcount > 0

    async def close(self) -> None:
        """See Documents."""
        while self._idle:
            await self._idle.pop().close()

    async def _read(self, query: str, values: Sequence[str]) -> list[Document]:
        async with self._connection() as db:
            rows = await (await db.execute(query.encode(), values)).fetchall()
        return [Document(id=row[0], title=row[1], text=row[2]) for row in rows]

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        await self._places.acquire()
        connection = None
        try:
            connection = await self._open()
            yield connection
        except BaseException:
            if connection is not None:
                connection.pgconn.finish()  # at once and without a word: the other side may not be listening
            raise
        else:
            self._idle.append(connection)
        finally:
            self._places.release()

    async def _open(self) -> psycopg.AsyncConnection[Any]:
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed:
                return connection
        # no prepared statements: they would tie a connection to what was asked on it before
        connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True, prepare_threshold=None)
        if not self._table_made:
            await connection.execute(_TABLE)
            self._table_made = True
        return connection
