"""A Valkey that streams connect to."""

import pytest
import redis

from tests.parts import embedded, valkey_tcp


@pytest.fixture(scope="session")
def valkey_broker():
    """Valkey on TCP, which keeps everything."""
    broker = valkey_tcp.make(embedded.DIRECTORY / "valkey-tcp").start()
    yield broker
    broker.stop()


@pytest.fixture
def server(valkey_broker):
    """A client of an emptied Valkey, with its URL as `url`."""
    with redis.Redis(port=valkey_broker.port) as client:
        client.flushall()
        client.url = f"redis://127.0.0.1:{valkey_broker.port}/0"
        yield client
