"""Each message to one client of all gateway processes, on real brokers."""

import asyncio
import uuid
from contextlib import asynccontextmanager

import pytest

from gateway import round_robin
from gateway.internal_topic import InternalTopics
from gateway.models import Quarantine
from streams.connections import Connections
from streams.errors import ConnectError
from streams.pipeline import Pipeline
from tests.factories import ApiDefinitionFactory
from tests.gateway.serving import (
    DEADLINE,
    Reader,
    api,
    call,
    in_database,
    kafka_text,
    processes,
    produce,
    until,
)
from tests.streams.making import MemoryQuarantine

pytestmark = pytest.mark.django_db(transaction=True)
KAFKA = pytest.param("kafka_bootstrap", marks=pytest.mark.kafka)
several_processes = pytest.mark.parametrize("bootstrap", [KAFKA], indirect=True)
"""Tansu never settles a group that one member joins while another leaves it."""


@pytest.fixture(params=[KAFKA, "tansu_bootstrap"])
def bootstrap(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def gateways(postgres_url, valkey_url, bootstrap):
    """`gateways(2)`: a context with so many processes."""
    return lambda count=1: processes(postgres_url, valkey_url, InternalTopics(bootstrap), count)


@pytest.fixture
def topic(bootstrap, topic_factory):
    return topic_factory(bootstrap)


@pytest.fixture
def shop(bootstrap, topic):
    return api(kafka_text(bootstrap, topic, uuid.uuid4().hex))


def numbers(start, end):
    return [b"%04d" % n for n in range(start, end)]


@several_processes
async def test_the_process_with_the_client_reads_the_one_partition(gateways, bootstrap, topic, shop):
    async with gateways(2) as (one, other):
        first = await Reader().join(one, shop)
        produce(bootstrap, topic, numbers(0, 20))
        await until(lambda: len(first.got) == 20)
        await first.leave()
        second = await Reader().join(other, shop)
        produce(bootstrap, topic, numbers(20, 40))
        await until(lambda: len(second.got) >= 20)
        assert first.got + second.got == numbers(0, 40)


@several_processes
async def test_five_clients_of_two_processes_get_each_message_once_in_sum(gateways, bootstrap, topic_factory):
    topic = topic_factory(bootstrap, partitions=4)
    shop = api(kafka_text(bootstrap, topic, uuid.uuid4().hex))
    async with gateways(2) as both:
        produce(bootstrap, topic, numbers(0, 200))
        clients = [await Reader().join(both[n % 2], shop) for n in range(5)]
        produce(bootstrap, topic, numbers(200, 1000))
        got = lambda: [content for client in clients for content in client.got]  # noqa: E731
        await until(lambda: len(got()) >= 1000)
        await clients[0].leave()
        produce(bootstrap, topic, numbers(1000, 1100))
        await until(lambda: len(got()) >= 1100)
        assert sorted(got()) == numbers(0, 1100)
        for client in clients:
            await client.leave()


@several_processes
async def test_what_no_client_got_is_read_by_another_process(gateways, bootstrap, topic, shop):
    produce(bootstrap, topic, numbers(0, 10))
    async with gateways(2) as (one, other):
        reader = await one.join(call(shop))
        batch = await anext(reader)
        await reader.handed_over(batch[:1])
        await reader.close()
        client = await Reader().join(other, shop)
        await until(lambda: len(client.got) >= 9)
        assert client.got == numbers(1, 10)
        await client.leave()


async def test_a_slow_client_holds_nobody_up(gateways, bootstrap, topic, shop):
    async with gateways() as (one,):
        slow = await one.join(call(shop))
        fast = await Reader().join(one, shop)
        produce(bootstrap, topic, numbers(0, 1))
        held = await anext(slow) if not fast.got else []
        produce(bootstrap, topic, numbers(1, 2000))
        await until(lambda: len(fast.got) + len(held) == 2000)
        await slow.close()
        await until(lambda: sorted(fast.got) == numbers(0, 2000))
        await fast.leave()


@several_processes
async def test_with_one_partition_clients_of_both_processes_get_their_turn(
    gateways, bootstrap, topic, shop, monkeypatch
):
    monkeypatch.setattr(round_robin, "TURN_SECONDS", 1.0)
    monkeypatch.setattr(round_robin, "STARVING_SECONDS", 0.5)
    async with gateways(2) as both:
        clients = [await Reader().join(process, shop) for process in both]
        sent = 0
        async with asyncio.timeout(DEADLINE):
            while not all(client.got for client in clients):
                produce(bootstrap, topic, numbers(sent, sent + 5))
                sent += 5
                await asyncio.sleep(0.2)
        got = lambda: [content for client in clients for content in client.got]  # noqa: E731
        await until(lambda: len(got()) >= sent)
        assert sorted(got()) == numbers(0, sent)
        for client in clients:
            await client.leave()


@several_processes
async def test_after_a_get_another_process_gets_the_topic_at_once(gateways, bootstrap, topic, shop):
    produce(bootstrap, topic, numbers(0, 3))
    async with gateways(2) as (one, other):
        reader = await one.join(call(shop), lingering=True)
        batch = await anext(reader)
        assert [message.content for message in batch] == numbers(0, 1)
        await reader.handed_over(batch)
        await reader.close()
        again = await one.join(call(shop), lingering=True)
        assert [message.content for message in await anext(again)] == numbers(1, 2)
        await again.close()
        client = await Reader().join(other, shop)
        await until(lambda: len(client.got) >= 2)
        assert client.got == numbers(1, 3)
        await client.leave()


@several_processes
async def test_without_valkey_the_membership_runs_out_by_itself(
    postgres_url, bootstrap, topic, shop, monkeypatch
):
    monkeypatch.setattr(round_robin, "LINGER_SECONDS", 0.5)
    produce(bootstrap, topic, numbers(0, 2))
    async with processes(postgres_url, "redis://127.0.0.1:1", InternalTopics(bootstrap), 2) as (one, other):
        reader = await one.join(call(shop), lingering=True)
        await reader.handed_over(await anext(reader))
        await reader.close()
        client = await Reader().join(other, shop)
        await until(lambda: client.got)
        assert client.got == numbers(1, 2)
        await client.leave()


async def test_a_changed_stream_hands_out_what_its_new_mapping_makes(gateways, bootstrap, topic):
    group = uuid.uuid4().hex
    before = api(kafka_text(bootstrap, topic, group, "mapping: 'root = \"old\"'"))
    after = api(kafka_text(bootstrap, topic, group, "mapping: 'root = \"new\"'"), revision=2)
    async with gateways() as (one,):
        client = await Reader().join(one, before)
        produce(bootstrap, topic, [b"1"])
        await until(lambda: client.got == [b"old"])
        one.apply([after])
        produce(bootstrap, topic, [b"2"])
        await until(lambda: client.got == [b"old", b"new"])
        one.apply([])
        await until(client.task.done)


async def test_what_fails_is_held_and_reaches_no_client(gateways, bootstrap, topic):
    definition = await in_database(ApiDefinitionFactory)
    failing = 'mapping: \'root = if content() == "bad" { throw("no") }\''
    text = kafka_text(bootstrap, topic, uuid.uuid4().hex, failing, output=", delivery: round_robin")
    shop = api(text, definition_id=definition.pk, dialect="sluice")
    produce(bootstrap, topic, [b"bad", b"good"])
    async with gateways() as (one,):
        client = await Reader().join(one, shop)
        await until(lambda: client.got)
        await client.leave()
    assert client.got == [b"good"]
    held = await in_database(lambda: [bytes(row.content) for row in Quarantine.objects.all()])
    assert held == [b"bad"]


@several_processes
async def test_what_cannot_be_repeated_is_made_once_and_read_from_the_internal_topic(gateways, bootstrap):
    number = uuid.uuid4().int % 2**40
    text = """
input:
  generate:
    interval: ''
    count: 20
    mapping: |
      root.id = uuid_v4()
      meta kind = "made"
output: {http_server: {stream_path: /sse}}
"""
    shop = api(text, definition_id=number)
    async with gateways(2) as both, working(shop, bootstrap):
        readers = [await one.join(call(shop)) for one in both]
        got = []
        tasks = [asyncio.create_task(collect(reader, got)) for reader in readers]
        await until(lambda: len(got) >= 20)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert len({message.content for message in got}) == len(got) == 20
    assert all(message.metadata == {"kind": "made"} for message in got)
    assert len({message.source.identity for message in got}) == 20


async def collect(reader, got):
    try:
        async for batch in reader:
            got.extend(batch)
            await reader.handed_over(batch)
    finally:
        await reader.close()


@asynccontextmanager
async def working(shop, bootstrap):
    """The stream as a worker runs it."""
    services = {Connections: Connections(), InternalTopics: InternalTopics(bootstrap)}
    pipeline = Pipeline(shop.streams["orders"], shop.identity("orders"), services, MemoryQuarantine())
    running = asyncio.create_task(pipeline.run())
    try:
        yield
    finally:
        pipeline.stop()
        await running


async def test_a_client_is_told_when_no_broker_answers(postgres_url, valkey_url, monkeypatch):
    monkeypatch.setattr(round_robin, "JOIN_SECONDS", 0.5)
    shop = api(kafka_text("127.0.0.1:1", "orders", "g"))
    async with processes(postgres_url, valkey_url, InternalTopics("127.0.0.1:1")) as (one,):
        with pytest.raises(ConnectError):
            await one.join(call(shop))


async def test_a_client_that_leaves_before_the_group_has_settled_is_in_nobodys_way(
    gateways, bootstrap, topic, shop
):
    async with gateways() as (process,):
        hasty = asyncio.create_task(process.join(call(shop)))
        await asyncio.sleep(0.5)
        hasty.cancel()
        await asyncio.gather(hasty, return_exceptions=True)
        patient = await Reader().join(process, shop)
        produce(bootstrap, topic, numbers(0, 5))
        await until(lambda: patient.got == numbers(0, 5))
        await patient.leave()
