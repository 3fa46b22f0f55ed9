"""The databases that streams ask: PostgreSQL by TCP, MariaDB, and a folder for SQLite files."""

import asyncio
from contextlib import suppress

import psycopg
import pytest

from portal.embedded import postgresql
from streams.connections import Connections, ConnectionSettings
from streams.outbound import Guard
from streams.sql.sqlite import SqliteDirectories
from tests.parts import embedded, mariadb
from tests.streams.processors.processing import Processing


@pytest.fixture(scope="session")
def mariadb_server():
    """MariaDB, running."""
    server = mariadb.make(embedded.DIRECTORY / "mariadb").start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def shop_database(postgres_server):
    """The name of a database of PostgreSQL that has nothing to do with Sluice's own."""
    with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE shop")
    return "shop"


class Relay:
    """Leads from a TCP port to PostgreSQL's socket; its connections can be cut."""

    def __init__(self, socket):
        self.socket = socket
        self.port = 0
        self.opened = 0
        self._writers = set()
        self._server = None

    async def start(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self):
        for writer in self._writers:
            writer.transport.abort()

    async def stop(self):
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    async def _serve(self, reader, writer):
        self.opened += 1
        onward, there = await asyncio.open_unix_connection(str(self.socket))
        self._writers |= {writer, there}
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(_pass_on(reader, there), _pass_on(onward, writer))
        self._writers -= {writer, there}


async def _pass_on(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()


@pytest.fixture
async def relay(postgres_server, shop_database):
    made = Relay(postgres_server.sockets / ".s.PGSQL.5432")
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def databases(relay, mariadb_server, tmp_path):
    """DSNs by driver, each leading by a connection of the operator but SQLite's."""
    return {
        "postgres": "postgres://customers/shop",
        "mysql": "tcp(stock)/shop",
        "sqlite": f"file:{tmp_path}/shop.db",
    }


@pytest.fixture
async def run(relay, mariadb_server, tmp_path):
    """Runs processors on messages with everything they need; `allow`: what the guard lets through."""
    made = []

    def processing(processors, *, allow=(), directories=(str(tmp_path),), raw=True):
        known = (
            ConnectionSettings(
                (f"127.0.0.1:{relay.port}",),
                username=postgresql.USER,
                allowed_topics=("shop",),
                name="customers",
                kind="postgresql",
            ),
            ConnectionSettings(
                (f"127.0.0.1:{mariadb_server.port}",),
                username="shop",
                password="secret",
                name="stock",
                kind="mysql",
            ),
        )
        guard = Guard(allow)
        services = {
            Guard: guard,
            Connections: Connections(known, raw_addresses=raw),
            SqliteDirectories: SqliteDirectories(directories),
        }
        made.append((Processing(processors, services=services), guard))
        return made[-1][0]

    yield processing
    for one, guard in made:
        await one.context.close_resources()
        guard.close()
