"""Who is about to be refused waits for a look at the counter, and not for a database that hangs."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from gateway.configuration import ConfigurationFollower
from tests.gateway.serving import until


class Database:
    """Answers that nothing has changed, while its gate is open."""

    def __init__(self):
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = 0

    @asynccontextmanager
    async def connection(self):
        self.asked += 1
        await self.gate.wait()
        yield self

    async def execute(self, _statement):
        return self

    async def fetchone(self):
        return (-1,)


@pytest.fixture
def database():
    return Database()


@pytest.fixture
async def follower(database, monkeypatch):
    monkeypatch.setattr("gateway.configuration.LOOK_AGAIN_SECONDS", 0.05)
    made = ConfigurationFollower(
        database, None, "redis://127.0.0.1:1", lambda *_, **__: None, stale_seconds=60
    )
    await made.start()
    yield made
    await made.stop()


def waits(follower):
    """Whether who asks for a look is kept waiting at all."""
    looking = follower.look_again()
    try:
        looking.send(None)
    except StopIteration:
        return False
    looking.close()
    return True


async def test_one_look_is_shared_by_all_who_ask_meanwhile(follower, database):
    before = database.asked
    assert await asyncio.gather(*(follower.look_again() for _ in range(50))) == [False] * 50
    assert database.asked <= before + 2


async def test_of_those_refused_while_the_database_hangs_only_the_first_wait(follower, database):
    await until(lambda: waits(follower))
    database.gate.clear()

    assert not await follower.look_again()
    assert not waits(follower)

    database.gate.set()
    await until(lambda: waits(follower))
