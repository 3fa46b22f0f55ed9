"""An MQTT broker that streams connect to."""

import uuid

import aiomqtt
import pytest

from tests.parts import embedded, mosquitto


@pytest.fixture(scope="session")
def mqtt_broker():
    """Mosquitto, running."""
    broker = mosquitto.make(embedded.DIRECTORY / "mosquitto").start()
    yield broker
    broker.stop()


@pytest.fixture
def topic():
    """A topic of one test."""
    return f"test/{uuid.uuid4().hex}"


@pytest.fixture
def url(mqtt_broker):
    """Where the broker is."""
    return f"tcp://127.0.0.1:{mqtt_broker.port}"


@pytest.fixture
async def other(mqtt_broker):
    """Another client of the broker."""
    async with aiomqtt.Client("127.0.0.1", mqtt_broker.port) as client:
        yield client
