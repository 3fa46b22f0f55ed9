"""How every process learns of a change: one counter in PostgreSQL, looked at each second, hurried by Valkey."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

import redis.asyncio
from psycopg import AsyncCursor
from psycopg.rows import namedtuple_row
from redis.exceptions import RedisError

from gateway.announcements import CHANNEL
from gateway.connections import PASSWORD_PURPOSE, settings_of
from gateway.database import Pool
from gateway.reading import runs_in_worker
from gateway.routes import ActiveApi
from gateway.worker_organizations import WorkerOrganizations
from streams.connections import Connections, ConnectionSettings
from streams.openapi import StreamingDocument, check_document
from streams.registry import Registry
from streams.secrets import DecryptionError, KeyRing
from streams.spec import Rules
from streams.supervisor import ActiveStream

logger = logging.getLogger(__name__)

POLL_SECONDS: Final = 1.0
"""Between two looks at the counter."""
_DISTANCE_SECONDS: Final = 0.02
"""Between two looks, however many hints there are."""
_RECONNECT_SECONDS: Final = 1.0
_ACTIVE: Final = """
SELECT definition.id, definition.organization_id, definition.name, definition.dialect,
       organization.slug AS organization,
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


async def _hints(valkey_url: str) -> AsyncIterator[None]:
    """Yield whenever Valkey says that something changed. While it is away, quietly try to reach it again."""
    while True:
        with suppress(RedisError, OSError):
            async with redis.asyncio.Redis.from_url(valkey_url) as client, client.pubsub() as listening:
                await listening.subscribe(CHANNEL)
                async for message in listening.listen():
                    if message["type"] == "message":
                        yield
        await asyncio.sleep(_RECONNECT_SECONDS)


class Looks:
    """When it is time to compare the counter: at once, then each second, sooner when Valkey hints.

    To be iterated, while a task of its own runs `listen`.
    """

    def __init__(self, valkey_url: str) -> None:
        self._valkey_url = valkey_url
        self._due = asyncio.Event()
        self._due.set()
        self._last = time.monotonic() - _DISTANCE_SECONDS

    def __aiter__(self) -> AsyncIterator[None]:
        return self

    async def __anext__(self) -> None:
        """Return when the next look is due; it never ends."""
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self._due.wait()
        await asyncio.sleep(self._last + _DISTANCE_SECONDS - time.monotonic())
        self._last = time.monotonic()
        self._due.clear()

    def hurry(self) -> None:
        """Have the next look as soon as may be."""
        self._due.set()

    async def listen(self) -> None:
        """Heed Valkey's hints."""
        async for _ in _hints(self._valkey_url):
            self._due.set()


@dataclass(frozen=True, slots=True)
class _Active:
    """What is active, as it was read."""

    definitions: Sequence[Any]
    connections: Sequence[tuple[ConnectionSettings, list[int] | None]]
    """Each with the organizations that may use it; None: all."""


class ActiveDefinitions:
    """The active definitions: the streams that workers run, and what the gateway serves."""

    def __init__(  # noqa: PLR0913 - all but the first three are named
        self,
        pool: Pool,
        registry: Registry,
        ring: KeyRing,
        *,
        raw_addresses: bool,
        streaming: bool = True,
        organizations: WorkerOrganizations | None = None,
    ) -> None:
        """registry: the components an operator lets definitions use now; streaming: false where none may run.

        organizations: whose streams `load` gives; None: everybody's.
        """
        self._pool = pool
        self._registry = registry
        self._ring = ring
        self._raw_addresses = raw_addresses
        self._streaming = streaming
        self._organizations = organizations
        self._checked: dict[int, StreamingDocument | None] = {}

    async def load(self) -> list[ActiveStream]:
        """The streams that this worker runs. A definition that can be run no more is left out and logged.

        Raises psycopg.Error.
        """
        return [
            api.active(name)
            for api in await self._apis(self._organizations)
            for name, stream in api.streams.items()
            if runs_in_worker(stream)
        ]

    async def load_apis(self) -> list[ActiveApi]:
        """What the gateway serves, with those streams that begin or end in HTTP. Raises psycopg.Error."""
        return [
            replace(api, streams={name: stream for name, stream in api.streams.items() if stream.in_gateway})
            for api in await self._apis()
        ]

    async def _apis(self, organizations: WorkerOrganizations | None = None) -> list[ActiveApi]:
        active = await self._read()
        ours = [
            row for row in active.definitions if not organizations or organizations.takes(row.organization)
        ]
        self._checked = {row.revision_id: self._document(row) for row in ours}
        found = ((row, self._checked[row.revision_id]) for row in ours)
        return [self._api(row, document, active) for row, document in found if document is not None]

    async def _read(self) -> _Active:
        async with self._pool.connection() as connection:
            cursor: AsyncCursor[Any] = connection.cursor(row_factory=namedtuple_row)
            definitions = await (await cursor.execute(_ACTIVE)).fetchall()
            connections = await (await cursor.execute(_CONNECTIONS)).fetchall()
        return _Active(definitions, [(self._settings(row), row.organizations) for row in connections])

    def _document(self, row: Any) -> StreamingDocument | None:
        """A revision's document, checked once: it never changes."""
        if row.revision_id in self._checked:
            return self._checked[row.revision_id]
        checked = check_document(row.document, self._registry, Rules(dialect=row.dialect))
        if checked.document is None:
            logger.error("definition %s cannot be run: %s", row.name, checked.errors[0].message)
        return checked.document

    def _api(self, row: Any, document: StreamingDocument, active: _Active) -> ActiveApi:
        usable = tuple(
            settings
            for settings, organizations in active.connections
            if row.organization_id in (organizations or [row.organization_id])
        )
        return ActiveApi(
            definition_id=row.id,
            organization_id=row.organization_id,
            name=row.name,
            dialect=row.dialect,
            revision=row.number,
            listen_path=document.listen_path,
            strip_listen_path=document.strip_listen_path,
            authenticated=document.authenticated,
            upstream_url=document.upstream_url,
            connections=Connections(usable, raw_addresses=self._raw_addresses),
            key_places=document.key_places,
            allowed_origins=document.allowed_origins,
            streams=document.streams if self._streaming else {},
        )

    def _settings(self, row: Any) -> ConnectionSettings:
        return settings_of(row, self._password(row))

    def _password(self, row: Any) -> str:
        if not row.password:
            return ""
        try:
            return self._ring.decrypt(row.password, purpose=PASSWORD_PURPOSE, row=row.name).decode()
        except DecryptionError as error:
            logger.error("connection %s has no password now: %s", row.name, error)  # noqa: TRY400 - no fault of the code
            return ""
