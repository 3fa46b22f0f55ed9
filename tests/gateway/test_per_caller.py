"""Callers with a place of their own: each reads all of the topic, once, whichever process serves it."""

import asyncio

import pytest

from gateway import per_caller, round_robin, topic_log
from gateway.internal_topic import InternalTopics
from gateway.models import Position
from gateway.routes import Purpose
from tests.factories import ApiDefinitionFactory
from tests.gateway.serving import Reader, api, call, in_database, kafka_text, processes, produce, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.kafka]
USER = "$tyk_context.request_data_user"
OWN = f"""mapping: 'root = if this.user != "{USER}" {{ deleted() }}'"""


@pytest.fixture
def bootstrap(kafka_bootstrap):
    return kafka_bootstrap


@pytest.fixture
def topic(bootstrap, topic_factory):
    return topic_factory(bootstrap, partitions=2)


@pytest.fixture
def shop(bootstrap, topic):
    return api(kafka_text(bootstrap, topic, USER, OWN), definition_id=ApiDefinitionFactory().pk)


@pytest.fixture
def gateways(postgres_url, valkey_url, bootstrap, shop):
    return lambda count=1: processes(postgres_url, valkey_url, InternalTopics(bootstrap), count)


def events(user, start, end):
    return [b'{"user":"%b","n":%d}' % (user, n) for n in range(start, end)]


async def get(process, shop, user, *, hand=True):
    """What one GET gives."""
    reader = await process.join(call(shop, purpose=Purpose.POLL, query=b"user=" + user), lingering=True)
    try:
        (message,) = await anext(reader)
        if hand:
            await reader.handed_over([message])
    finally:
        await reader.close()
    return message.content


async def test_each_caller_gets_its_own_messages_by_get_once(gateways, shop, bootstrap, topic):
    mixed = [
        event for pair in zip(events(b"alice", 0, 5), events(b"bob", 0, 5), strict=True) for event in pair
    ]
    produce(bootstrap, topic, mixed)
    async with gateways() as (one,):
        for user in (b"alice", b"bob"):
            got = [await get(one, shop, user) for _ in range(5)]
            assert sorted(got) == events(user, 0, 5)


async def test_a_place_outlasts_the_process(gateways, shop, bootstrap, topic):
    produce(bootstrap, topic, events(b"alice", 0, 6))
    got = []
    for _ in range(3):
        async with gateways() as (one,):
            got += [await get(one, shop, b"alice") for _ in range(2)]
    assert sorted(got) == events(b"alice", 0, 6)


async def test_processes_take_turns_with_one_caller(gateways, shop, bootstrap, topic):
    produce(bootstrap, topic, events(b"alice", 0, 6))
    async with gateways(2) as both:
        got = [await get(both[n % 2], shop, b"alice") for n in range(6)]
    assert sorted(got) == events(b"alice", 0, 6)


async def test_one_callers_clients_at_two_processes_get_their_turn(
    gateways, shop, bootstrap, topic, monkeypatch
):
    monkeypatch.setattr(per_caller, "TURN_SECONDS", 1.0)
    monkeypatch.setattr(per_caller, "HOLD_SECONDS", 0.5)
    monkeypatch.setattr(round_robin, "STARVING_SECONDS", 0.5)
    async with gateways(2) as both:
        clients = [await Reader().join(one, shop, query=b"user=alice") for one in both]
        sent = 0
        while not all(client.got for client in clients):
            produce(bootstrap, topic, events(b"alice", sent, sent + 3))
            sent += 3
            await asyncio.sleep(0.2)
        got = lambda: [content for client in clients for content in client.got]  # noqa: E731
        await until(lambda: len(got()) >= sent)
        assert sorted(got()) == sorted(events(b"alice", 0, sent))
        for client in clients:
            await client.leave()


async def test_what_a_caller_did_not_get_comes_again(gateways, shop, bootstrap, topic):
    produce(bootstrap, topic, events(b"alice", 0, 1))
    async with gateways() as (one,):
        assert await get(one, shop, b"alice", hand=False) == events(b"alice", 0, 1)[0]
        assert await get(one, shop, b"alice") == events(b"alice", 0, 1)[0]
        produce(bootstrap, topic, events(b"alice", 1, 2))
        assert await get(one, shop, b"alice") == events(b"alice", 1, 2)[0]


async def test_a_position_moves_past_what_is_others(gateways, shop, bootstrap, topic):
    produce(bootstrap, topic, events(b"bob", 0, 50))
    async with gateways() as (one,):
        reader = await one.join(call(shop, query=b"user=alice"))
        waiting = asyncio.create_task(anext(reader))
        await until(lambda: not waiting.done())
        await wait_for_offsets(50)
        produce(bootstrap, topic, events(b"alice", 0, 1))
        assert [message.content for message in await waiting] == events(b"alice", 0, 1)
        await reader.close()


async def wait_for_offsets(total):
    """Until a position is written that is so many records along."""
    while True:
        row = await in_database(Position.objects.first)
        if row is not None and sum(row.offsets.values()) == total:
            return


async def test_a_new_caller_begins_with_what_comes_where_its_stream_says_so(gateways, shop, bootstrap, topic):
    text = kafka_text(bootstrap, topic, f"{USER}, start_from_oldest: false", OWN)
    late = api(text, definition_id=shop.definition_id)
    produce(bootstrap, topic, events(b"alice", 0, 3))
    async with gateways() as (one,):
        reader = await one.join(call(late, query=b"user=alice"))
        waiting = asyncio.create_task(anext(reader))
        while not await in_database(Position.objects.exclude(offsets={}).exists):
            pass
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await reader.close()
    produce(bootstrap, topic, events(b"alice", 3, 4))
    async with gateways() as (one,):
        assert await get(one, late, b"alice") == events(b"alice", 3, 4)[0]


async def test_who_is_far_behind_gets_everything_in_pieces(gateways, shop, bootstrap, topic, monkeypatch):
    monkeypatch.setattr(topic_log, "OLD_PIECE", 100)
    monkeypatch.setattr(topic_log, "KEPT_RECORDS", 20)
    produce(bootstrap, topic, events(b"alice", 0, 1000))
    async with gateways() as (one,):
        reader = await one.join(call(shop, query=b"user=alice"))
        got = []
        while len(got) < 1000:
            batch = await anext(reader)
            got += [message.content for message in batch]
            await reader.handed_over(batch)
            if len(got) % 300 == 0:
                produce(bootstrap, topic, events(b"bob", 0, 100))
        await reader.close()
    assert sorted(got) == sorted(events(b"alice", 0, 1000))


async def test_a_caller_without_a_name_has_a_place_too(gateways, shop, bootstrap, topic):
    produce(bootstrap, topic, events(b"", 0, 1))
    async with gateways() as (one,):
        assert await get(one, shop, b"") == events(b"", 0, 1)[0]


async def test_a_request_of_its_own_kind_leaves_no_place(gateways, shop, bootstrap, topic):
    own = api(kafka_text(bootstrap, topic, "$tyk_context.request_id"), definition_id=shop.definition_id)
    produce(bootstrap, topic, events(b"alice", 0, 3))
    async with gateways() as (one,):
        for _ in range(2):
            reader = await one.join(call(own))
            got = []
            while len(got) < 3:
                got += [message.content for message in await anext(reader)]
            assert sorted(got) == events(b"alice", 0, 3)
            await reader.close()
    assert not await in_database(Position.objects.exists)


async def test_a_changed_stream_ends_for_its_callers(gateways, shop, bootstrap, topic):
    async with gateways() as (one,):
        reader = await one.join(call(shop, query=b"user=alice"))
        one.apply([shop])
        waiting = asyncio.create_task(anext(reader, None))
        one.apply([api(kafka_text(bootstrap, topic, USER), definition_id=shop.definition_id)])
        assert await waiting is None
        await reader.close()


async def test_a_process_serves_so_many_callers_at_a_time(gateways, shop, monkeypatch):
    monkeypatch.setattr(per_caller, "MOST_READINGS", 1)
    async with gateways() as (one,):
        reader = await one.join(call(shop, query=b"user=alice"))
        with pytest.raises(per_caller.ConnectError):
            await one.join(call(shop, query=b"user=bob"))
        await reader.close()
