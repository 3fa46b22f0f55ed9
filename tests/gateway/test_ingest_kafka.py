"""POST to a broker: acknowledged by it, or honestly not."""

import asyncio

import pytest
from confluent_kafka import Consumer

from gateway.ingest import IngestLimits
from tests.conftest import missing
from tests.gateway.ingesting import api, serving, until
from tests.parts import kafka
from tests.parts.topics import Topics

LARGE = b"x" * 900_000


def text(bootstrap, topic, timeout="60s", more=""):
    return f"""
input: {{http_server: {{path: /chat, timeout: {timeout}}}}}
output: {{kafka: {{addresses: ['{bootstrap}'], topic: {topic}{more}}}}}
"""


def records(bootstrap, topic, count):
    """The first records of a topic, as (value, headers)."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": topic, "auto.offset.reset": "earliest", "log_level": 0}
    )
    consumer.subscribe([topic])
    found = consumer.consume(count, timeout=60)
    consumer.close()
    return [(one.value(), dict(one.headers() or [])) for one in found]


TANSU = pytest.param("tansu_bootstrap", marks=pytest.mark.exhaustive)


@pytest.fixture(params=[pytest.param("kafka_bootstrap", marks=pytest.mark.kafka), TANSU])
def bootstrap(request):
    return request.getfixturevalue(request.param)


async def test_what_was_acknowledged_is_in_the_topic(bootstrap, topic_factory):
    topic = topic_factory(bootstrap)
    async with serving(api(text(bootstrap, topic))) as served:
        assert (await served.post(b"Tell me a joke.", authorization="Bearer k", x_a="1")).status == 200
        assert (await served.post(b"1\n2", content_type="application/x-ndjson")).status == 200

    found = await asyncio.to_thread(records, bootstrap, topic, 3)

    assert [value for value, _ in found] == [b"Tell me a joke.", b"1", b"2"]
    assert found[0][1]["X-A"] == b"1"
    assert b"Bearer k" not in found[0][1].values()


async def test_many_at_a_time_are_each_answered_once_and_written_once(bootstrap, topic_factory):
    topic = topic_factory(bootstrap)
    async with serving(api(text(bootstrap, topic))) as served:
        answers = await asyncio.gather(*(served.post(b"%03d" % number) for number in range(300)))

        assert {answer.status for answer in answers} == {200}

    found = await asyncio.to_thread(records, bootstrap, topic, 300)
    assert sorted(value for value, _ in found) == [b"%03d" % number for number in range(300)]


async def test_a_message_too_large_for_the_topic_is_told_as_such(bootstrap, topic_factory):
    topic = topic_factory(bootstrap)
    async with serving(api(text(bootstrap, topic, more=", max_msg_bytes: 2000"))) as served:
        response = await served.post(b"x" * 3000)

        assert (response.status, response.problem["code"]) == (413, "too_large")
        assert (await served.post(b"x")).status == 200


@pytest.fixture
def broker(tmp_path):
    """A broker of this test alone: it is killed."""
    if reason := kafka.missing_part():
        missing(reason)
    servers = [kafka.start(tmp_path / "kafka")]
    yield servers
    servers[-1].stop()


@pytest.mark.kafka
@pytest.mark.slow
async def test_a_broker_that_is_gone_is_told_in_time_and_used_again_when_it_is_back(broker):
    bootstrap = broker[0].bootstrap_servers
    topic = Topics()(bootstrap)
    short = ", timeout: 1s, backoff: {max_elapsed_time: 1s}"
    patient = api(text(bootstrap, topic, more=short))
    async with serving(api(text(bootstrap, topic, timeout="200ms"))) as hasty, serving(patient) as served:
        await asyncio.to_thread(broker[0].kill)

        late = await hasty.post(b"late")
        failed = await served.post(b"failed")

        assert (late.status, late.problem["code"]) == (408, "output_timeout")
        assert (failed.status, failed.problem["code"]) == (502, "output_failed")
        broker.append(await asyncio.to_thread(broker[0].restarted))
        async with asyncio.timeout(60):
            while (await served.post(b"back")).status != 200:
                pass

    values = {value for value, _ in await asyncio.to_thread(records, bootstrap, topic, 2)}
    assert b"back" in values
    assert b"failed" not in values


@pytest.mark.kafka
@pytest.mark.slow
async def test_a_queue_without_room_is_told_at_once(broker):
    bootstrap = broker[0].bootstrap_servers
    topic = Topics()(bootstrap)
    limits = IngestLimits(held_bytes=1_000_000_000)
    async with serving(api(text(bootstrap, topic, more=", max_in_flight: 1000")), limits) as served:
        await asyncio.to_thread(broker[0].kill)
        asked = [asyncio.create_task(served.post(LARGE)) for _ in range(100)]
        await until(lambda: any(one.done() for one in asked))

        refused = [one.result() for one in asked if one.done()]

        assert {(one.status, one.headers["retry-after"]) for one in refused} == {(503, "1")}
        assert "queue to the broker is full" in refused[0].problem["detail"]
        broker.append(await asyncio.to_thread(broker[0].restarted))
        assert {one.status for one in await asyncio.gather(*asked)} == {200, 503}
        assert (await served.post(b"x")).status == 200
