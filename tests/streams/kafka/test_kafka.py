"""The kafka input and output against real brokers: nothing is skipped, whatever happens in between."""

import asyncio
import uuid

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from streams.errors import OutputError
from streams.pipeline import Pipeline
from tests.streams.kafka.reading import DEADLINE, contents, produce, reader, until
from tests.streams.making import IDENTITY, SERVICES, ListOutput, MemoryQuarantine, stream

TANSU = pytest.param("tansu_bootstrap", marks=pytest.mark.exhaustive)


@pytest.fixture(params=[pytest.param("kafka_bootstrap", marks=pytest.mark.kafka), TANSU])
def bootstrap(request):
    return request.getfixturevalue(request.param)


async def test_a_group_goes_on_behind_what_was_dealt_with(bootstrap, topic_factory):
    topic, group = topic_factory(bootstrap, partitions=3), uuid.uuid4().hex
    produce(bootstrap, topic, [b"%04d" % n for n in range(1000)])
    output = ListOutput()
    first = reader(bootstrap, topic, group, output)
    running = asyncio.create_task(first.run())
    await until(lambda: len(output.taken) >= 1000)
    assert first.statistics.source().partitions == {topic: [0, 1, 2]}
    first.stop()
    await running
    assert contents(output) == [b"%04d" % n for n in range(1000)]
    assert output.taken[0].metadata["from"] == "test"
    assert output.taken[0].metadata["kafka_topic"] == topic
    produce(bootstrap, topic, [b"later"])
    again = ListOutput()
    second = reader(bootstrap, topic, group, again)
    running = asyncio.create_task(second.run())
    await until(lambda: again.taken)
    second.stop()
    await running
    assert contents(again) == [b"later"]


async def test_what_no_output_took_is_read_again_with_the_same_identity(bootstrap, topic_factory):
    topic, group = topic_factory(bootstrap), uuid.uuid4().hex
    produce(bootstrap, topic, [b"1", b"2"])
    failing = ListOutput()
    failing.failures = [OutputError("away")] * 10_000
    seen = []
    write = failing.write

    async def watched(messages):
        seen.extend(messages)
        await write(messages)

    failing.write = watched
    first = reader(bootstrap, topic, group, failing)
    running = asyncio.create_task(first.run())
    await until(lambda: len(seen) >= 2)
    first.stop()
    await running
    output = ListOutput()
    second = reader(bootstrap, topic, group, output)
    running = asyncio.create_task(second.run())
    await until(lambda: len(output.taken) >= 2)
    second.stop()
    await running
    identities = {one.source.identity for one in output.taken}
    assert contents(output) == [b"1", b"2"]
    assert identities == {one.source.identity for one in seen}


async def test_two_members_share_the_partitions_and_lose_nothing(bootstrap, topic_factory):
    topic, group = topic_factory(bootstrap, partitions=4), uuid.uuid4().hex
    outputs = [ListOutput(), ListOutput()]
    members = [reader(bootstrap, topic, group, output) for output in outputs]
    running = [asyncio.create_task(members[0].run())]
    produce(bootstrap, topic, [b"%04d" % n for n in range(500)])
    await until(lambda: outputs[0].taken)
    running.append(asyncio.create_task(members[1].run()))
    await until(lambda: all(member.statistics.source().partitions for member in members))
    produce(bootstrap, topic, [b"%04d" % n for n in range(500, 1000)])
    taken = lambda: {one.content for output in outputs for one in output.taken}  # noqa: E731
    await until(lambda: len(taken()) == 1000)
    for member in members:
        member.stop()
    await asyncio.gather(*running)


@pytest.mark.kafka
async def test_a_topic_deleted_and_made_anew_is_read_from_its_start(kafka_bootstrap, topic_factory):
    topic, group = topic_factory(kafka_bootstrap), uuid.uuid4().hex
    produce(kafka_bootstrap, topic, [b"old%03d" % n for n in range(50)])
    output = ListOutput()
    pipeline = reader(kafka_bootstrap, topic, group, output)
    running = asyncio.create_task(pipeline.run())
    await until(lambda: len(output.taken) == 50)
    admin = AdminClient({"bootstrap.servers": kafka_bootstrap})
    await asyncio.to_thread(admin.delete_topics([topic])[topic].result, DEADLINE)
    async with asyncio.timeout(DEADLINE):
        while topic in (await asyncio.to_thread(admin.list_topics, timeout=10)).topics:
            await asyncio.sleep(0.1)
    await asyncio.to_thread(admin.create_topics([NewTopic(topic, 1, 1)])[topic].result, DEADLINE)
    produce(kafka_bootstrap, topic, [b"new%03d" % n for n in range(200)])
    wanted = {b"new%03d" % n for n in range(200)}
    await until(lambda: wanted <= {one.content for one in output.taken})
    pipeline.stop()
    await running


async def test_messages_are_produced_with_key_headers_and_a_topic_worked_out(bootstrap, topic_factory):
    topic, source = topic_factory(bootstrap), uuid.uuid4().hex
    text = f"""
input:
  generate:
    mapping: |
      meta to = "{topic}"
      root.id = "{source}"
    interval: ''
    count: 20
output:
  kafka:
    addresses: ['{bootstrap}']
    topic: '${{! meta("to") }}'
    key: '${{! json("id") }}'
    static_headers: {{kind: made}}
"""
    await Pipeline(stream(text), IDENTITY, SERVICES, MemoryQuarantine()).run()
    output = ListOutput()
    pipeline = reader(bootstrap, topic, uuid.uuid4().hex, output)
    running = asyncio.create_task(pipeline.run())
    await until(lambda: len(output.taken) == 20)
    pipeline.stop()
    await running
    metadata = output.taken[0].metadata
    assert (metadata["kafka_key"], metadata["kind"], metadata["to"]) == (source, "made", topic)


class Gate(ListOutput):
    """Takes nothing until it is opened."""

    def __init__(self):
        super().__init__()
        self.opened = asyncio.Event()

    async def write(self, messages):
        await self.opened.wait()
        await super().write(messages)


async def test_a_consumer_with_full_hands_pauses_and_goes_on_when_they_are_free(bootstrap, topic_factory):
    topic = topic_factory(bootstrap, partitions=2)
    produce(bootstrap, topic, [b"%04d" % n for n in range(2000)])
    output = Gate()
    pipeline = reader(bootstrap, topic, uuid.uuid4().hex, output, fetch_buffer_cap=50, checkpoint_limit=20)
    running = asyncio.create_task(pipeline.run())
    await until(lambda: any(partition.paused for partition in pipeline._input._partitions.values()))
    assert pipeline.received <= 40  # two partitions of 20
    output.opened.set()
    await until(lambda: len({one.content for one in output.taken}) == 2000)
    assert contents(output) == [b"%04d" % n for n in range(2000)]
    pipeline.stop()
    await running


async def test_who_leaves_a_group_that_takes_it_in_leaves_it_whole(bootstrap, topic_factory):
    topic, group = topic_factory(bootstrap), uuid.uuid4().hex
    produce(bootstrap, topic, [b"1"])
    hasty = reader(bootstrap, topic, group, ListOutput())
    running = asyncio.create_task(hasty.run())
    await until(lambda: hasty.connected)
    hasty.stop()
    await running
    output = ListOutput()
    pipeline = reader(bootstrap, topic, group, output)
    running = asyncio.create_task(pipeline.run())
    await until(lambda: output.taken)
    pipeline.stop()
    await running
    assert contents(output) == [b"1"]
