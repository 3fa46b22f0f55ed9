"""A NATS server that streams connect to."""

import uuid

import nats
import pytest

from tests.parts import embedded, nats_server


@pytest.fixture(scope="session")
def nats_broker():
    """NATS, running."""
    broker = nats_server.make(embedded.DIRECTORY / "nats").start()
    yield broker
    broker.stop()


@pytest.fixture
def subject():
    """A subject of one test."""
    return f"test.{uuid.uuid4().hex}"


@pytest.fixture
def url(nats_broker):
    """Where the server is."""
    return f"nats://127.0.0.1:{nats_broker.port}"


@pytest.fixture
async def other(url):
    """Another client of the server."""
    client = await nats.connect(url)
    yield client
    await client.close()
