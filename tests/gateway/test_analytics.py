"""Traffic counted in memory and written in bulk, on real PostgreSQL."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import analytics as module
from gateway.analytics import Analytics, Series, TrafficMeter
from gateway.caller import Caller, Limits
from gateway.client import CloseReason
from gateway.models import Traffic
from tests.gateway.serving import in_database
from tests.gateway.upstreams import api
from webhooks.database import open_pool

pytestmark = pytest.mark.django_db(transaction=True)

API = api("")
CALLER = Caller("192.0.2.1", Limits(), app_id=2, subscription_id=3, product_id=4, plan_id=5)
ANYBODY = Caller("192.0.2.1", Limits())


@pytest.fixture
async def pool(postgres_url):
    made = await open_pool(postgres_url)
    yield made
    await made.close()


async def written(**of):
    def read():
        sums = {}
        for measure, value in Traffic.objects.filter(**of).values_list("measure", "value"):
            sums[measure] = sums.get(measure, 0) + value
        return sums

    return await in_database(read)


async def test_everything_is_counted_for_definition_product_app_and_plan(pool):
    analytics = Analytics(pool)
    meter = analytics.meter(API, CALLER)
    meter.request("accepted")
    meter.request("quota_exceeded")
    meter.messages(3, 300)
    meter.messages(2, 20)
    meter.error("output_failed")
    meter.opened()
    meter.closed(CloseReason.SLOW, 61.4)
    await analytics.flush()
    assert await written(definition_id=1, product_id=4, app_id=2, plan_id=5) == {
        "requests.accepted": 1,
        "requests.quota_exceeded": 1,
        "messages": 5,
        "bytes": 320,
        "error.output_failed": 1,
        "opened": 1,
        "closed.slow_client": 1,
        "open_seconds": 61,
    }


async def test_counts_of_a_minute_are_one_row_also_where_nobody_is_known(pool, monkeypatch):
    monkeypatch.setattr(module.time, "time", lambda: 1_800_000_000.0)
    analytics = Analytics(pool)
    for _ in range(3):
        analytics.meter(API, ANYBODY).messages(1, 10)
        await analytics.flush()
    assert await in_database(lambda: Traffic.objects.filter(measure="messages").count()) == 1
    assert await written(app_id=None) == {"messages": 3, "bytes": 30}
    monkeypatch.setattr(module.time, "time", lambda: 1_800_000_060.0)
    analytics.meter(API, ANYBODY).messages(1, 10)
    await analytics.flush()
    assert await in_database(lambda: Traffic.objects.filter(measure="messages").count()) == 2


async def test_processes_write_the_same_rows_at_once(pool):
    made = [Analytics(pool) for _ in range(4)]
    for turn, analytics in enumerate(made):
        for row in range(50) if turn % 2 else reversed(range(50)):
            analytics.meter(API, Caller("", Limits(), app_id=row or None)).messages(1, 1)
    await asyncio.gather(*(analytics.flush() for analytics in made))
    assert await written() == {"messages": 200, "bytes": 200}


async def test_what_cannot_be_written_waits_and_is_written_once(pool, postgres_url):
    away = await open_pool(postgres_url)
    await away.close()
    analytics = Analytics(away)
    analytics.meter(API, CALLER).messages(1, 1)
    await analytics.flush()
    analytics.meter(API, CALLER).messages(1, 1)
    unwritten = analytics.unwritten_seconds
    await analytics.flush()
    assert analytics.unwritten_seconds > unwritten
    analytics._pool = pool
    await analytics.stop()
    assert await written() == {"messages": 2, "bytes": 2}
    assert analytics.totals == {"messages": 2, "bytes": 2}


async def test_what_waits_is_bounded_and_what_is_lost_is_said(pool, postgres_url, monkeypatch):
    monkeypatch.setattr(module, "MOST_COUNTS", 10)
    away = await open_pool(postgres_url)
    await away.close()
    analytics = Analytics(away)
    for app in range(100):
        analytics.meter(API, Caller("", Limits(), app_id=app)).opened()
        await analytics.flush()
    analytics.meter(API, Caller("", Limits(), app_id=0)).opened()
    assert analytics.totals == {"opened": 101, "counts_lost": 90}
    analytics._pool = pool
    await analytics.flush()
    assert await written() == {"opened": 11}


async def test_a_name_that_is_too_long_stops_nobody(pool):
    analytics = Analytics(pool)
    for end in ("a", "b"):
        analytics.meter(API, CALLER).error("x" * 100 + end)
    await analytics.flush()
    assert await written() == {"error." + "x" * 58: 2}


async def test_counting_costs_the_database_nothing_until_it_is_flushed(pool):
    analytics = Analytics(pool)
    await analytics.start()
    for _ in range(1_000):
        analytics.meter(API, CALLER).messages(1, 1)
    assert await written() == {}
    await analytics.stop()
    assert await written() == {"messages": 1_000, "bytes": 1_000}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 100), st.booleans())))
def test_a_meter_gives_each_count_once(steps):
    used, taken = [], {}
    meter = TrafficMeter(Series(1, None, None, None), used)

    def take():
        for measure, value in meter.take().items():
            taken[measure] = taken.get(measure, 0) + value
        used.clear()

    for kind, value, then_take in steps:
        meter._add(kind, value)
        assert used == [meter]
        if then_take:
            take()
    take()
    assert taken == {kind: sum(v for k, v, _ in steps if k == kind) for kind, _, _ in steps}
