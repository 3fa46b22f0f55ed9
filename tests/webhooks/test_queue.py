"""The queue gives each due row to one living worker, and believes nothing a dead one says."""

import datetime as dt
import time

import pytest

from tests.webhooks.conftest import RecordingDispatcher, rows
from tests.webhooks.test_publish import SUBSCRIBERS, event
from webhooks import queue
from webhooks.exchange import ErrorClass, Exchange
from webhooks.models import AttemptDecision, DeliveryState
from webhooks.partitions import KeptDays
from webhooks.publish import Held, Publisher
from webhooks.queue import Outcome

LANES = [(101, 100), (102, 100)]
OK = Exchange(status=204, total_ms=3.5, headers=((b"Server", b"shop"),), body=b"fine")


@pytest.fixture
async def waiting(pool):
    """Three events, each due in lanes 101 and 102, held by nobody."""
    publisher = Publisher(pool, RecordingDispatcher(room_left=0), lambda: SUBSCRIBERS, KeptDays(30))
    await publisher.publish([event(number) for number in (1, 2, 3)])


def outcome(
    held: Held, decision: AttemptDecision = AttemptDecision.DELIVERED, exchange: Exchange = OK
) -> Outcome:
    again = decision is AttemptDecision.RETRY
    return Outcome(
        held=held,
        state=DeliveryState.RETRYING if again else DeliveryState.DELIVERED,
        decision=decision,
        retry_in=5.0 if again else None,
        at=dt.datetime.now(dt.UTC),
        signed_at=int(time.time()),
        signature="v1,abc",
        exchange=exchange,
    )


async def lanes_of(pool) -> list[int]:
    return [lane.lane_id for lane in await queue.lanes_with_work(pool, 0, 100)]


async def test_every_lane_with_free_rows_is_found_page_by_page(pool, waiting):
    assert await lanes_of(pool) == [101, 102]
    assert [lane.lane_id for lane in await queue.lanes_with_work(pool, 0, 1)] == [101]
    assert [lane.lane_id for lane in await queue.lanes_with_work(pool, 101, 1)] == [102]


async def test_a_row_is_leased_once_with_all_that_a_try_needs(pool, waiting):
    first = await queue.lease(pool, 1, [(101, 2)])
    second = await queue.lease(pool, 2, LANES)
    assert [len(first), len(second)] == [2, 4]
    assert first[0].body == b'{"number":1}'
    assert first[0].message_id == event(1).id
    assert await lanes_of(pool) == []


async def test_an_outcome_ends_the_row_and_is_kept_as_attempt(pool, waiting):
    [held] = await queue.lease(pool, 1, [(101, 1)])
    await queue.record(pool, [outcome(held)])
    [delivery] = await rows(
        pool,
        "SELECT state, attempts, due_at, finished_at IS NOT NULL, last_status FROM webhooks_delivery WHERE id = %s",
        (held.delivery_id,),
    )
    assert delivery == (DeliveryState.DELIVERED, 1, None, True, 204)
    assert await rows(
        pool, "SELECT count(*) FROM webhooks_due WHERE delivery_id = %s", (held.delivery_id,)
    ) == [(0,)]
    [attempt] = await rows(
        pool,
        "SELECT number, status, response_headers, response_body, decision, next_at FROM webhooks_attempt",
    )
    assert attempt == (1, 204, "Server: shop", b"fine", AttemptDecision.DELIVERED, None)


async def test_a_failure_is_due_again_later_and_free_for_everybody(pool, waiting):
    [held] = await queue.lease(pool, 1, [(101, 1)])
    failed = Exchange(error=ErrorClass.TIMEOUT, total_ms=20000.0)
    await queue.record(pool, [outcome(held, AttemptDecision.RETRY, failed)])
    [(lease, attempts, ahead)] = await rows(
        pool,
        "SELECT lease, attempts, extract(epoch FROM due_at - clock_timestamp())::float8 FROM webhooks_due"
        " WHERE delivery_id = %s",
        (held.delivery_id,),
    )
    assert (lease, attempts) == (None, 1)
    assert 0 < ahead <= 5
    assert held.delivery_id not in {each.delivery_id for each in await queue.lease(pool, 2, LANES)}
    assert await rows(pool, "SELECT error, next_at IS NOT NULL FROM webhooks_attempt") == [("timeout", True)]


async def test_the_outcome_of_a_worker_that_was_taken_for_dead_decides_nothing(pool, waiting):
    [held] = await queue.lease(pool, 1, [(101, 1)])
    await queue.take_over(pool)  # nobody ever registered epoch 1
    [again] = await queue.lease(pool, 2, [(101, 1)])
    assert again.delivery_id == held.delivery_id
    await queue.record(pool, [outcome(held)])
    state = await rows(
        pool, "SELECT state, attempts FROM webhooks_delivery WHERE id = %s", (held.delivery_id,)
    )
    assert state == [(DeliveryState.PENDING, 0)]
    assert await rows(pool, "SELECT decision FROM webhooks_attempt") == [(AttemptDecision.LATE,)]
    await queue.record(pool, [outcome(again)])
    state = await rows(
        pool, "SELECT state, attempts FROM webhooks_delivery WHERE id = %s", (held.delivery_id,)
    )
    assert state == [(DeliveryState.DELIVERED, 1)]


async def test_rows_of_a_dead_epoch_go_free_and_those_of_a_living_one_do_not(pool, waiting):
    living, dead = await queue.begin_epoch(pool), await queue.begin_epoch(pool)
    kept, lost = await queue.lease(pool, living, [(101, 1)]), await queue.lease(pool, dead, [(102, 1)])
    async with pool.connection() as connection:
        await connection.execute(
            "UPDATE webhooks_deliveryworker SET seen_at = seen_at - interval '1 hour' WHERE epoch = %s",
            [dead],
        )
    assert await queue.take_over(pool) == 1
    assert [each.delivery_id for each in await queue.lease(pool, living, [(102, 1)])] == [lost[0].delivery_id]
    assert await queue.beat(pool, living)
    assert not await queue.beat(pool, dead)
    leased = await rows(pool, "SELECT lease FROM webhooks_due WHERE delivery_id = %s", (kept[0].delivery_id,))
    assert leased == [(living,)]


async def test_an_epoch_that_ends_in_order_gives_everything_back(pool, waiting):
    epoch = await queue.begin_epoch(pool)
    assert len(await queue.lease(pool, epoch, LANES)) == 6
    await queue.end_epoch(pool, epoch)
    assert await lanes_of(pool) == [101, 102]
    assert not await queue.beat(pool, epoch)


async def test_rows_given_back_are_free_again_for_their_holder_only(pool, waiting):
    [mine] = await queue.lease(pool, 1, [(101, 1)])
    [others] = await queue.lease(pool, 2, [(102, 1)])
    others.epoch = 1
    await queue.give_back(pool, [mine, others])
    leased = await rows(pool, "SELECT lane_id FROM webhooks_due WHERE lease IS NOT NULL")
    assert leased == [(102,)]
