"""What the delivery engine's tests share: a pool like the worker's, and rows to work on."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from webhooks.database import open_pool
from webhooks.queue import Pool

_TABLES = ", ".join(
    f"webhooks_{name}" for name in ("due", "attempt", "delivery", "payload", "message", "deliveryworker")
)


@pytest.fixture
async def pool(postgres_url: str) -> AsyncIterator[AsyncConnectionPool[AsyncConnection]]:
    """Connections as the worker makes them; the queue's tables are empty before a test and after it."""
    opened = await open_pool(postgres_url)
    await _empty(opened)
    yield opened
    await _empty(opened)
    await opened.close()


async def _empty(pool: Pool) -> None:
    """Forget what tests wrote, those too whose gateway processes accepted events."""
    async with pool.connection() as connection:
        await connection.execute(f"TRUNCATE {_TABLES}")


@dataclass
class RecordingDispatcher:
    """Stands where the delivery engine does: remembers what the publisher hands over."""

    epoch: int = 1
    room_left: int = 10**9

    def __post_init__(self) -> None:
        self.sent: list = []
        self.given_back: list[int] = []
        self.woken = 0
        self.suspected = 0

    async def room(self, wanted: int) -> int:
        return wanted

    def take(self, lane_id: int) -> bool:
        self.room_left -= 1
        return self.room_left >= 0

    def give_back(self, lane_id: int) -> None:
        self.given_back.append(lane_id)

    def send(self, held) -> None:
        self.sent.append(held)

    def wake(self) -> None:
        self.woken += 1

    def suspect(self) -> None:
        self.suspected += 1


@pytest.fixture
def dispatcher() -> RecordingDispatcher:
    return RecordingDispatcher()


async def rows(pool: Pool, statement: str, parameters: tuple = ()) -> list[tuple]:
    """The rows of a statement."""
    async with pool.connection() as connection:
        return await (await connection.execute(statement, parameters)).fetchall()


@pytest.fixture
async def definition(pool: Pool) -> AsyncIterator[int]:
    """The id of a definition of its own organization."""
    [(organization,)] = await rows(
        pool,
        "INSERT INTO gateway_organization (name, slug, is_active, created_at)"
        " VALUES ('Shop', 'shop', true, now()) RETURNING id",
    )
    [(made,)] = await rows(
        pool,
        "INSERT INTO gateway_apidefinition (organization_id, public_id, name, dialect, document, listen_path, state,"
        " serves, created_at, updated_at)"
        " VALUES (%s, 'd', 'Shop', 'sluice', '{}', '/shop/', 'draft', '{}', now(), now())"
        " RETURNING id",
        (organization,),
    )
    yield made
    async with pool.connection() as connection:
        await connection.execute("DELETE FROM gateway_apidefinition WHERE id = %s", [made])
        await connection.execute("DELETE FROM gateway_organization WHERE id = %s", [organization])
