"""A RabbitMQ that streams connect to."""

import uuid

import aio_pika
import pytest

from tests.parts import embedded, rabbitmq


@pytest.fixture(scope="session")
def amqp_broker():
    """RabbitMQ, running."""
    broker = rabbitmq.make(embedded.DIRECTORY / "rabbitmq").start()
    yield broker
    broker.stop()


@pytest.fixture
def url(amqp_broker):
    """Where the broker is."""
    return f"amqp://guest:guest@127.0.0.1:{amqp_broker.port}/"


@pytest.fixture
async def channel(url):
    """Another client's channel."""
    connection = await aio_pika.connect(url)
    yield await connection.channel()
    await connection.close()


@pytest.fixture
async def queue(channel):
    """A queue of one test."""
    made = await channel.declare_queue(uuid.uuid4().hex, durable=True)
    yield made
    await channel.queue_delete(made.name)
