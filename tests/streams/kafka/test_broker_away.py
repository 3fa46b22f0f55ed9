"""A broker that is killed and comes back: what it acknowledged is read, and what is read meanwhile is committed."""

import asyncio
import uuid

import pytest

from tests.conftest import missing
from tests.parts import kafka
from tests.parts.topics import Topics
from tests.streams.kafka.reading import contents, produce, reader, until
from tests.streams.making import ListOutput

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.exhaustive]


@pytest.fixture
def broker(tmp_path):
    """A broker of this test alone: it is killed."""
    if reason := kafka.missing_part():
        missing(reason)
    servers = [kafka.start(tmp_path / "kafka")]
    yield servers
    servers[-1].stop()


async def test_reading_goes_on_where_it_was(broker):
    bootstrap, group = broker[0].bootstrap_servers, uuid.uuid4().hex
    topic = Topics()(bootstrap, partitions=2)  # it goes with the broker
    output = ListOutput()
    pipeline = reader(bootstrap, topic, group, output)
    running = asyncio.create_task(pipeline.run())
    produce(bootstrap, topic, [b"%04d" % n for n in range(200)])
    await until(lambda: len(output.taken) == 200)
    await asyncio.to_thread(broker[0].kill)
    await until(lambda: pipeline.statistics.source().error)
    broker.append(await asyncio.to_thread(broker[0].restarted))
    await asyncio.to_thread(produce, bootstrap, topic, [b"%04d" % n for n in range(200, 400)])
    wanted = [b"%04d" % n for n in range(400)]
    await until(lambda: {one.content for one in output.taken} == set(wanted))
    await until(lambda: not pipeline.statistics.source().error)
    pipeline.stop()
    await running
    again = ListOutput()
    second = reader(bootstrap, topic, group, again)
    running = asyncio.create_task(second.run())
    await asyncio.to_thread(produce, bootstrap, topic, [b"later"])
    await until(lambda: b"later" in contents(again))
    second.stop()
    await running
    assert len(again.taken) < len(wanted), "nothing of what was dealt with had been committed"
