"""A thousand clients of which fifty never read: they cost the gateway little, and the others nothing."""

import dataclasses
import time
import uuid

import pytest

from tests.load import marked
from tests.load.crowd import crowd
from tests.load.deployment import Deployment
from tests.load.documents import document, from_topic
from tests.load.listeners import Options
from tests.load.waiting import wait_until
from tests.parts.topics import Topics

CLIENTS = 1000
NEVER_READING = 50
MESSAGES = 250
MESSAGE_BYTES = 8192
GROWTH_BYTES = 40 << 20
"""By which the gateway may grow beyond what a thousand readers took: all that fifty do not read would be 87 MB, as the
kernel keeps no more than 256 kB for each."""

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.timeout(300)]


@pytest.mark.parametrize(
    ("daphne", "websocket"), [(False, False), (True, True)], ids=["uvicorn-sse", "daphne-websocket"]
)
def test_clients_that_never_read_take_no_memory_and_hold_nobody_up(
    deployment: Deployment, topic_factory: Topics, daphne: bool, websocket: bool
):
    bootstrap = deployment.processes.environment["KAFKA_BOOTSTRAP_SERVERS"]
    topic, name = topic_factory(bootstrap), f"stream-{uuid.uuid4().hex[:8]}"
    gateway = deployment.start_gateway(daphne=daphne)
    deployment.define(document(name, {"events": from_topic(topic, delivery="broadcast")}))
    publish = marked.TopicPublisher(bootstrap, topic)
    path = f"/{name}/ws" if websocket else f"/{name}/sse"
    everybody_reads = Options(gateway.port, path, CLIENTS, websocket=websocket, timed_every=100)
    assert read_all(everybody_reads, publish) == (MESSAGES, MESSAGES)
    before = gateway.resident_bytes()
    some_do_not = dataclasses.replace(everybody_reads, never_reading=NEVER_READING)
    assert read_all(some_do_not, publish) == (MESSAGES, MESSAGES)
    assert gateway.resident_bytes() - before < GROWTH_BYTES
    deployment.kill(gateway)


def read_all(options: Options, publish: marked.TopicPublisher) -> tuple[int, int]:
    """The least and the most that a client which reads got, once each has all of it."""
    with crowd(options) as clients:
        for _ in range(MESSAGES):
            publish(marked.message(time.monotonic_ns(), MESSAGE_BYTES))
        publish.flush()
        wait_until(lambda: clients.report()["least"] >= MESSAGES, "everything at who reads")
        report = clients.report()
        return report["least"], report["most"]
