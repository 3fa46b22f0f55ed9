"""A thousand clients of which fifty never read: they cost the gateway little, and the others nothing."""

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
MESSAGES = 500
MESSAGE_BYTES = 8192
GROWTH_BYTES = 180 << 20
"""By which the gateway may grow. What is on its way to who reads takes up to 110 MB; all that fifty do not read would
be 187 MB more, as the kernel keeps no more than 256 kB for each."""

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.timeout(300)]


@pytest.mark.parametrize(
    ("daphne", "websocket"), [(False, True), (True, False)], ids=["uvicorn-websocket", "daphne-sse"]
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
    options = Options(
        gateway.port, path, CLIENTS, websocket=websocket, never_reading=NEVER_READING, timed_every=100
    )
    with crowd(options) as clients:
        before = gateway.resident_bytes()
        for _ in range(MESSAGES):
            publish(marked.message(time.monotonic_ns(), MESSAGE_BYTES))
        publish.flush()
        wait_until(lambda: clients.report()["least"] >= MESSAGES, "everything at who reads", 240)
        report = clients.report()
        assert (report["least"], report["most"]) == (MESSAGES, MESSAGES)
        assert gateway.resident_bytes() - before < GROWTH_BYTES
    deployment.kill(gateway)
