"""Topics read whole, from any position, by whoever wants to: on real brokers."""

import asyncio
from collections.abc import Sequence

import pytest
from confluent_kafka.admin import AdminClient, NewPartitions
from confluent_kafka.cimpl import NewTopic

from streams.connections import ConnectionSettings
from streams.kafka.settings import connection_config
from streams.kafka.topic_reader import Beginning, Run, Start, TopicReader
from tests.streams.kafka.reading import DEADLINE, produce, until


@pytest.fixture(params=[pytest.param("kafka_bootstrap", marks=pytest.mark.kafka), "tansu_bootstrap"])
def bootstrap(request):
    return request.getfixturevalue(request.param)


class Kept:
    """A listener that keeps everything."""

    def __init__(self) -> None:
        self.beginnings: list[Beginning] = []
        self.runs: list[Run] = []
        self.open = asyncio.Event()
        self.open.set()

    def began(self, beginning: Beginning) -> None:
        self.beginnings.append(beginning)

    async def arrived(self, runs: Sequence[Run]) -> None:
        await self.open.wait()
        self.runs += runs

    @property
    def contents(self) -> list[bytes]:
        return [message.content for run in self.runs for message in run.messages]


def reader(bootstrap, topic, kept, start=None):
    connection = connection_config(ConnectionSettings((bootstrap,)), "test")
    return TopicReader(connection, [topic], start or Start({}), kept)


def numbers(start, end):
    return [b"%04d" % number for number in range(start, end)]


async def test_it_begins_at_the_end_unless_told_otherwise(request, bootstrap, topic_factory):
    topic = topic_factory(bootstrap)
    produce(bootstrap, topic, numbers(0, 10))
    starts = {"newest": Start({}), "oldest": Start({}, oldest=True), "behind": Start({(topic, 0): 7})}
    kept = {name: Kept() for name in starts}
    readers = [reader(bootstrap, topic, kept[name], start) for name, start in starts.items()]
    for one in readers:
        one.start()
    await until(lambda: all(one.beginnings for one in kept.values()))
    produce(bootstrap, topic, numbers(10, 12))
    await until(lambda: all(one.contents[-1:] == [b"0011"] for one in kept.values()))
    # Tansu tells an end that is too low: the newest may then begin with what was there before.
    assert kept["newest"].contents[-2:] == numbers(10, 12)
    assert request.node.callspec.id == "tansu_bootstrap" or len(kept["newest"].contents) == 2
    assert kept["oldest"].contents == numbers(0, 12)
    assert kept["behind"].contents == numbers(7, 12)
    assert kept["oldest"].runs[-1].following == 12
    for one in readers:
        await one.stop()


async def test_a_slow_listener_holds_two_fetches_and_loses_nothing(bootstrap, topic_factory):
    topic, kept = topic_factory(bootstrap), Kept()
    kept.open.clear()
    produce(bootstrap, topic, numbers(0, 3000))
    one = reader(bootstrap, topic, kept, Start({}, oldest=True))
    one.start()
    await until(lambda: kept.beginnings)
    produce(bootstrap, topic, numbers(3000, 3100))
    kept.open.set()
    await until(lambda: len(kept.contents) == 3100)
    assert kept.contents == numbers(0, 3100)
    await one.stop()


async def test_a_topic_that_is_missing_is_read_once_it_is_there(bootstrap, topic_factory):
    topic = topic_factory(bootstrap)
    missing, kept = f"{topic}-later", Kept()
    one = reader(bootstrap, missing, kept)
    one.start()
    await until(lambda: "there is no topic" in one.error)
    topic_factory(bootstrap, name=missing)
    await until(lambda: kept.beginnings)
    produce(bootstrap, missing, [b"first"])
    await until(lambda: kept.contents == [b"first"])
    await one.stop()


@pytest.mark.exhaustive
@pytest.mark.kafka
async def test_a_topic_made_anew_is_read_from_its_start(kafka_bootstrap, topic_factory):
    topic, kept = topic_factory(kafka_bootstrap), Kept()
    produce(kafka_bootstrap, topic, numbers(0, 20))
    one = reader(kafka_bootstrap, topic, kept)
    one.start()
    await until(lambda: kept.beginnings)
    client = AdminClient({"bootstrap.servers": kafka_bootstrap})
    await asyncio.to_thread(client.delete_topics([topic])[topic].result, DEADLINE)
    await until(lambda: one.error)
    await asyncio.to_thread(client.create_topics([NewTopic(topic, 1, 1)])[topic].result, DEADLINE)
    produce(kafka_bootstrap, topic, numbers(50, 90))
    await until(lambda: kept.contents[-40:-39] == [b"0050"])
    # What had the offsets that came next was read before it was noticed; then all of it is.
    assert kept.contents[-40:] == numbers(50, 90)
    ids = [beginning.topic_ids[topic] for beginning in kept.beginnings]
    assert len(set(ids)) == 2
    await one.stop()


@pytest.mark.kafka
async def test_added_partitions_are_read_from_their_start(kafka_bootstrap, topic_factory):
    topic, kept = topic_factory(kafka_bootstrap), Kept()
    produce(kafka_bootstrap, topic, numbers(0, 5))
    one = reader(kafka_bootstrap, topic, kept)
    one.start()
    await until(lambda: kept.beginnings)
    client = AdminClient({"bootstrap.servers": kafka_bootstrap})
    await asyncio.to_thread(client.create_partitions([NewPartitions(topic, 3)])[topic].result, DEADLINE)
    await until(lambda: len(kept.beginnings[-1].offsets) == 3)
    assert dict(kept.beginnings[-1].offsets) == {(topic, 0): 5, (topic, 1): 0, (topic, 2): 0}
    produce(kafka_bootstrap, topic, numbers(5, 60))
    await until(lambda: len(kept.contents) >= 55)
    assert sorted(kept.contents) == numbers(5, 60)
    await one.stop()


async def test_what_fails_is_read_again_and_nothing_is_left_out(tansu_bootstrap, topic_factory, monkeypatch):
    topic, kept = topic_factory(tansu_bootstrap), Kept()
    one = reader(tansu_bootstrap, topic, kept, Start({}, oldest=True))
    make, failures = one._runs, [MemoryError("twice"), MemoryError("once")]

    def fail_at_first(records):
        if records and failures:
            raise failures.pop()
        return make(records)

    monkeypatch.setattr(one, "_runs", fail_at_first)
    one.start()
    await until(lambda: kept.beginnings)
    produce(tansu_bootstrap, topic, numbers(0, 100))
    await until(lambda: len(kept.contents) == 100)
    assert kept.contents == numbers(0, 100)
    assert not failures
    await one.stop()


async def test_a_topic_whose_id_is_not_told_does_not_pass_for_another(
    tansu_bootstrap, topic_factory, monkeypatch
):
    topic, kept = topic_factory(tansu_bootstrap), Kept()
    one = reader(tansu_bootstrap, topic, kept)
    one._ids = {topic: "known"}
    monkeypatch.setattr(one._cluster, "topic_ids", lambda _topics: {})
    one.start()
    await until(lambda: "ids" in one.error)
    assert not kept.beginnings
    monkeypatch.setattr(one._cluster, "topic_ids", lambda _topics: {topic: "known"})
    await until(lambda: kept.beginnings)
    await one.stop()
