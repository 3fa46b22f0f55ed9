"""How every process learns of a change: one counter in PostgreSQL, looked at each second, hurried by Valkey."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from typing import Any, Final

import redis.asyncio
from psycopg import AsyncCursor
from psycopg.rows import namedtuple_row
from redis.exceptions import RedisError

from gateway.announcements import CHANNEL
from gateway.connections import PASSWORD_PURPOSE
from gateway.database import Pool
from streams.connections import Connections, ConnectionSettings
from streams.lint import CheckedStream
from streams.openapi import check_document
from streams.registry import Registry
from streams.secrets import DecryptionError, KeyRing
from streams.spec import Rules, StreamIdentity
from streams.supervisor import ActiveStream

logger = logging.getLogger(__name__)

_RECONNECT_SECONDS: Final = 1.0
_ACTIVE: Final = """
SELECT definition.id, definition.organization_id, definition.name, definition.dialect,
       revision.id AS revision_id, revision.number, revision.document
FROM gateway_apidefinition AS definition
JOIN gateway_organization AS organization ON organization.id = definition.organization_id AND organization.is_active
JOIN gateway_revision AS revision ON revision.id = definition.active_revision_id
WHERE definition.state = 'active' ORDER BY definition.id
"""
_CONNECTIONS: Final = """
SELECT connection.*, array_agg(allowed.organization_id) FILTER (WHERE allowed.id IS NOT NULL) AS organizations
FROM gateway_connection AS connection
LEFT JOIN gateway_connection_organizations AS allowed ON allowed.connection_id = connection.id
GROUP BY connection.id ORDER BY connection.name
"""


async def current_revision(pool: Pool) -> int:
    """The counter that every change moves. Raises psycopg.Error."""
    async with pool.connection() as connection:
        row = await (await connection.execute("SELECT value FROM gateway_revisioncounter")).fetchone()
    return int(row[0]) if row else 0


async def hints(valkey_url: str) -> AsyncIterator[None]:
    """Yield whenever Valkey says that something changed. While it is away, quietly try to reach it again."""
    while True:
        with suppress(RedisError, OSError):
            async with redis.asyncio.Redis.from_url(valkey_url) as client, client.pubsub() as listening:
                await listening.subscribe(CHANNEL)
                async for message in listening.listen():
                    if message["type"] == "message":
                        yield
        await asyncio.sleep(_RECONNECT_SECONDS)


class ActiveDefinitions:
    """The streams of the active definitions, as far as workers run them."""

    def __init__(self, pool: Pool, registry: Registry, ring: KeyRing, *, raw_addresses: bool) -> None:
        """registry: the components an operator lets definitions use now."""
        self._pool = pool
        self._registry = registry
        self._ring = ring
        self._raw_addresses = raw_addresses
        self._checked: dict[int, tuple[CheckedStream, ...]] = {}

    async def load(self) -> list[ActiveStream]:
        """Read what is active. A definition that can be run no more is left out and logged. Raises psycopg.Error."""
        async with self._pool.connection() as connection:
            cursor: AsyncCursor[Any] = connection.cursor(row_factory=namedtuple_row)
            definitions = await (await cursor.execute(_ACTIVE)).fetchall()
            connections = await (await cursor.execute(_CONNECTIONS)).fetchall()
        known = [(self._settings(row), row.organizations) for row in connections]
        self._checked = {row.revision_id: self._streams(row) for row in definitions}
        return [stream for row in definitions for stream in self._active(row, known)]

    def _streams(self, row: Any) -> tuple[CheckedStream, ...]:
        """The streams of a revision, checked once: it never changes."""
        if row.revision_id in self._checked:
            return self._checked[row.revision_id]
        checked = check_document(row.document, self._registry, Rules(dialect=row.dialect))
        if checked.document is None:
            logger.error("definition %s cannot be run: %s", row.name, checked.errors[0].message)
            return ()
        return tuple(stream for stream in checked.document.streams.values() if not stream.in_gateway)

    def _active(
        self, row: Any, known: Iterable[tuple[ConnectionSettings, list[int] | None]]
    ) -> Iterable[ActiveStream]:
        usable = tuple(
            settings
            for settings, organizations in known
            if row.organization_id in (organizations or [row.organization_id])
        )
        connections = Connections(usable, raw_addresses=self._raw_addresses)
        for stream in self._checked[row.revision_id]:
            identity = StreamIdentity(
                row.id, row.organization_id, row.name, stream.name, row.dialect, row.number
            )
            yield ActiveStream(identity, stream, connections)

    def _settings(self, row: Any) -> ConnectionSettings:
        return ConnectionSettings(
            addresses=tuple(row.addresses),
            tls=row.tls,
            sasl_mechanism=row.sasl_mechanism,
            username=row.username,
            password=self._password(row),
            allowed_topics=tuple(row.allowed_topics),
            name=row.name,
        )

    def _password(self, row: Any) -> str:
        if not row.password:
            return ""
        try:
            return self._ring.decrypt(row.password, purpose=PASSWORD_PURPOSE, row=row.name).decode()
        except DecryptionError as error:
            logger.error("connection %s has no password now: %s", row.name, error)  # noqa: TRY400 - no fault of the code
            return ""
