"""An event is in the database once, with a delivery for everybody it is for, before its input may forget it."""

import asyncio
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import OutputError
from tests.webhooks.conftest import RecordingDispatcher, rows
from webhooks.partitions import KeptDays
from webhooks.publish import MAX_BATCH, Event, Publisher, event_id
from webhooks.subscribers import Recipient, Subscribers

DAY_MS = 86_400_000
OPENED = (1, "issue.opened")
SUBSCRIBERS = Subscribers(
    {OPENED: (Recipient(11, 101, None), Recipient(12, 102, None))}, frozenset({OPENED, (1, "issue.closed")})
)
PARTS = st.tuples(st.binary(max_size=9), st.binary(max_size=9), st.integers(0, 3), st.binary(max_size=9))


def event(
    number: int = 1, event_type: str = "issue.opened", *, age_days: int = 0, definition_id: int = 1
) -> Event:
    return Event(
        id=event_id(b"1/events", b"%d" % number, 0, event_type.encode()),
        organization_id=1,
        definition_id=definition_id,
        stream="events",
        event_type=event_type,
        position=f"issues/0@{number}",
        record_ms=int(time.time() * 1000) - age_days * DAY_MS,
        body=b'{"number":%d}' % number,
        content_type="application/json",
    )


@pytest.fixture
def publisher(pool, dispatcher: RecordingDispatcher) -> Publisher:
    return Publisher(pool, dispatcher, lambda: SUBSCRIBERS, KeptDays(30))


@given(one=PARTS, other=PARTS)
def test_two_events_have_one_id_only_if_all_their_parts_are_equal(one, other):
    assert (event_id(*one) == event_id(*other)) == (one == other)


async def test_an_event_is_stored_with_a_delivery_for_each_recipient(publisher, pool, dispatcher):
    await publisher.publish([event()])
    assert await rows(pool, "SELECT position, matched FROM webhooks_message") == [("issues/0@1", 2)]
    assert await rows(pool, "SELECT body FROM webhooks_payload") == [(b'{"number":1}',)]
    assert await rows(pool, "SELECT endpoint_id, state FROM webhooks_delivery ORDER BY 1") == [
        (11, 0),
        (12, 0),
    ]
    assert await rows(pool, "SELECT lane_id, lease FROM webhooks_due ORDER BY 1") == [(101, 1), (102, 1)]
    assert sorted(held.endpoint_id for held in dispatcher.sent) == [11, 12]


async def test_an_event_read_again_adds_nothing_and_frees_its_room(publisher, pool, dispatcher):
    await publisher.publish([event()])
    await publisher.publish([event(), event(2)])
    assert await rows(pool, "SELECT count(*) FROM webhooks_message") == [(2,)]
    assert await rows(pool, "SELECT count(*) FROM webhooks_due") == [(4,)]
    assert sorted(dispatcher.given_back) == [101, 102]


async def test_without_room_the_delivery_waits_in_the_queue_and_the_engine_is_woken(
    publisher, pool, dispatcher
):
    dispatcher.room_left = 1
    await publisher.publish([event()])
    assert await rows(pool, "SELECT lane_id, lease FROM webhooks_due ORDER BY 1") == [(101, 1), (102, None)]
    assert [held.lane_id for held in dispatcher.sent] == [101]
    assert dispatcher.woken == 1


async def test_an_offered_type_without_subscribers_keeps_its_payload(publisher, pool):
    await publisher.publish([event(event_type="issue.closed")])
    assert await rows(pool, "SELECT matched FROM webhooks_message") == [(0,)]
    assert await rows(pool, "SELECT count(*) FROM webhooks_payload") == [(1,)]
    assert await rows(pool, "SELECT count(*) FROM webhooks_unmatchedcount") == [(0,)]


async def test_whoever_takes_it_in_a_later_delivery_has_a_larger_id(publisher, pool):
    async with pool.connection() as other:
        await other.execute("SELECT nextval('webhooks_delivery_id_seq')")
        await publisher.publish([event()])
        [[between]] = await (await other.execute("SELECT nextval('webhooks_delivery_id_seq')")).fetchall()
        await publisher.publish([event(2)])
    found = await rows(pool, "SELECT id FROM webhooks_delivery ORDER BY created_at, id")
    assert found[1][0] < between < found[2][0]


async def test_a_type_that_no_product_offers_is_counted_once_per_event(publisher, pool, definition):
    unoffered = [event(number, "issue.pinned", definition_id=definition) for number in (1, 2)]
    await publisher.publish(unoffered)
    await publisher.publish([*unoffered, event(3, "issue.pinned", definition_id=definition)])
    assert await rows(pool, "SELECT event_type, count FROM webhooks_unmatchedcount") == [("issue.pinned", 3)]
    assert await rows(pool, "SELECT count(*) FROM webhooks_payload") == [(0,)]


@pytest.mark.parametrize(("age_days", "day"), [(9, None), (400, "1970-01-01"), (-40, "1970-01-01")])
async def test_a_record_goes_to_its_own_day_or_to_the_overflow(publisher, pool, age_days, day):
    await publisher.publish([event(age_days=age_days)])
    stored = await rows(pool, "SELECT day::text, record_at::date::text FROM webhooks_message")
    assert stored[0][0] == (day or stored[0][1])
    assert await rows(pool, "SELECT count(*) FROM webhooks_due") == [(2,)]


async def test_an_expired_subscription_receives_nothing(pool, dispatcher):
    over = replace(SUBSCRIBERS, recipients={OPENED: (Recipient(11, 101, time.time() - 1),)})
    await Publisher(pool, dispatcher, lambda: over, KeptDays(30)).publish([event()])
    assert dispatcher.sent == []


async def test_many_hand_overs_at_once_are_all_written_whatever_their_size(publisher, pool):
    sizes = [1, MAX_BATCH + 7, 3, 250, 260, 0]
    batches, number = [], 0
    for size in sizes:
        batches.append([event(number + place) for place in range(size)])
        number += size
    await asyncio.gather(*(publisher.publish(batch) for batch in batches))
    assert await rows(pool, "SELECT count(*) FROM webhooks_message") == [(sum(sizes),)]


async def test_the_events_go_back_when_the_database_does_not_take_them(publisher, pool, dispatcher):
    async with pool.connection() as connection:
        await connection.execute("ALTER TABLE webhooks_due RENAME TO webhooks_due_away")
    try:
        with pytest.raises(OutputError, match="PostgreSQL did not take the events"):
            await publisher.publish([event()])
    finally:
        async with pool.connection() as connection:
            await connection.execute("ALTER TABLE webhooks_due_away RENAME TO webhooks_due")
    assert sorted(dispatcher.given_back) == [101, 102]
    await publisher.publish([event()])
    assert len(dispatcher.sent) == 2
