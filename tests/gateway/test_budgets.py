"""Limits that processes share: on real Valkey, which is stopped here, and real PostgreSQL."""

import asyncio
import gc
from contextlib import asynccontextmanager

import pytest
from psycopg_pool import PoolClosed

from gateway import budgets as module
from gateway.access_table import load_access
from gateway.budgets import Budgets
from gateway.caller import Caller, Limits
from gateway.caller_budget import Shared, used_elsewhere
from gateway.models import Plan, Usage
from portal.embedded import valkey
from tests.factories import ApiDefinitionFactory, PlanFactory, SubscriptionFactory
from tests.gateway.serving import in_database, until
from tests.parts import embedded
from webhooks.database import open_pool

pytestmark = pytest.mark.django_db(transaction=True)

NOBODY = "unix:///nowhere/valkey.sock"


@pytest.fixture
async def pool(postgres_url):
    made = await open_pool(postgres_url)
    yield made
    await made.close()


@asynccontextmanager
async def processes(pool, url, count=1):
    made = [Budgets(pool, url) for _ in range(count)]
    for one in made:
        await one.start()
    try:
        yield made
    finally:
        for one in made:
            await one.stop()


def subscribed(limits, subscription=1):
    return Caller("192.0.2.1", limits, app_id=1, subscription_id=subscription)


def let_in(budget, tries):
    return sum(budget.request().allowed for _ in range(tries))


async def used(subscription):
    rows = await in_database(
        lambda: list(Usage.objects.filter(subscription=subscription).values_list("used"))
    )
    return sum(count for (count,) in rows)


async def test_a_refusal_says_when_to_come_again(pool, valkey_url):
    async with processes(pool, valkey_url) as [budgets]:
        budget = budgets.for_caller(subscribed(Limits(requests_per_second=2)))
        assert let_in(budget, 10) == 2
        verdict = budget.request()
    assert not verdict.allowed
    assert verdict.retry_after == 1
    assert verdict.code == "requests_exceeded"
    assert dict(verdict.headers) == {
        b"retry-after": b"1",
        b"ratelimit-policy": b'"requests";q=2;w=1',
        b"ratelimit": b'"requests";r=0;t=1',
    }


async def test_two_processes_share_one_limit(pool, valkey_url):
    caller = subscribed(Limits(requests_per_second=50))
    loop = asyncio.get_running_loop()
    async with processes(pool, valkey_url, 2) as made:
        one, other = (budgets.for_caller(caller) for budgets in made)
        began, allowed = loop.time(), 0
        while loop.time() - began < 3.0:
            allowed += let_in(one, 20) + let_in(other, 20)
            await asyncio.sleep(0.01)
        passed = loop.time() - began
    # Each may begin with a second's worth; after that it is one limit. Two limits would let 100 a second through.
    assert allowed <= 50 * passed + 2 * 50 + 60
    assert allowed >= 50 * passed / 2


async def test_two_processes_share_the_messages_of_a_second(pool, valkey_url):
    caller = subscribed(Limits(messages_per_second=100))
    async with processes(pool, valkey_url, 2) as made:
        one, other = (budgets.for_caller(caller) for budgets in made)
        one.take_messages(1), other.take_messages(1)
        await until(lambda: one.shared is not None and other.shared is not None)
        one.take_messages(300)

        def is_held_against_the_other():
            other.take_messages(1)
            return other.messages.level < -50

        await until(is_held_against_the_other)


async def test_without_valkey_each_process_keeps_the_limit_and_with_it_again_they_share(pool, tmp_path):
    place = valkey.prepare(tmp_path / "valkey")
    server = valkey.start(place, embedded.logging_to("valkey-of-budgets"))
    caller = subscribed(Limits(requests_per_second=5))
    async with processes(pool, place.url, 2) as made:
        one, other = (budgets.for_caller(caller) for budgets in made)
        let_in(one, 1), let_in(other, 1)
        await until(lambda: one.shared is not None)
        server.stop()
        assert let_in(one, 100) <= 5
        assert let_in(other, 100) <= 5
        server = valkey.start(place, embedded.logging_to("valkey-of-budgets"))
        before = one.shared

        def is_shared_again():
            one.request()
            return one.shared is not before

        await until(is_shared_again)
    server.stop()


def test_what_others_used_is_told_from_what_was_known_and_what_was_told():
    before = Shared(slot=1, at=10.0, totals=(5, 50))
    assert used_elsewhere(None, Shared(1, 10.0, (9, 9)), (1, 1), 1.0) == (0, 0)
    assert used_elsewhere(before, Shared(1, 10.5, (9, 50)), (3, 0), 1.0) == (1, 0)
    assert used_elsewhere(before, Shared(2, 10.5, (4, 7)), (3, 0), 1.0) == (1, 7)
    assert used_elsewhere(before, Shared(1, 12.0, (90, 90)), (3, 0), 1.0) == (0, 0)


async def test_a_quota_is_of_record_and_outlives_the_process(pool, valkey_url):
    subscription = await in_database(lambda: SubscriptionFactory().pk)
    caller = subscribed(Limits(quota=5, quota_period="month"), subscription)
    async with processes(pool, valkey_url) as [budgets]:
        budget = budgets.for_caller(caller)
        assert let_in(budget, 2) == 2
        assert budget.take_messages(2) == 0.0
    assert await used(subscription) == 4
    async with processes(pool, NOBODY) as [budgets]:
        budget = budgets.for_caller(caller)
        assert let_in(budget, 10) == 1
        verdict = budget.request()
    assert verdict.code == "quota_exceeded"
    assert dict(verdict.headers)[b"ratelimit-policy"] == b'"quota";q=5;w=2592000'
    assert await used(subscription) == 5


async def test_a_quota_is_one_for_all_processes(pool, valkey_url):
    subscription = await in_database(lambda: SubscriptionFactory().pk)
    caller = subscribed(Limits(quota=10, quota_period="day"), subscription)
    async with processes(pool, valkey_url, 2) as made:
        one, other = (budgets.for_caller(caller) for budgets in made)
        assert let_in(one, 9) == 9
        await until(lambda: not one.unrecorded)
        assert let_in(other, 1) == 1
        await until(lambda: other.quota.used == 10)
        assert let_in(other, 5) == 0
    assert await used(subscription) == 10


async def test_many_processes_record_the_same_subscriptions_at_once(pool, valkey_url):
    rows = await in_database(lambda: [SubscriptionFactory().pk for _ in range(20)])
    async with processes(pool, valkey_url, 4) as made:
        for turn, budgets in enumerate(made):
            for row in rows if turn % 2 else reversed(rows):
                let_in(budgets.for_caller(subscribed(Limits(quota=100), row)), 5)
        await asyncio.gather(*(budgets._write() for budgets in made))
    assert [await used(row) for row in rows] == [20] * 20


async def test_what_cannot_be_recorded_is_kept_until_it_can(pool, postgres_url):
    subscription = await in_database(lambda: SubscriptionFactory().pk)
    away = await open_pool(postgres_url)
    await away.close()
    async with processes(away, NOBODY) as [budgets]:
        budget = budgets.for_caller(subscribed(Limits(quota=5), subscription))
        assert let_in(budget, 3) == 3
        with pytest.raises(PoolClosed):
            await budgets._write()
        assert let_in(budget, 3) == 2
        budgets._record._pool = pool
    assert await used(subscription) == 5


async def test_a_deleted_subscription_stops_nobody_elses_record(pool, valkey_url):
    kept = await in_database(lambda: SubscriptionFactory().pk)
    async with processes(pool, valkey_url) as [budgets]:
        for subscription in (kept, 999_999_999):
            let_in(budgets.for_caller(subscribed(Limits(quota=5), subscription)), 2)
    assert await used(kept) == 2


async def test_a_plan_that_changes_is_kept_to_by_streams_that_are_open(pool, valkey_url):
    def make():
        plan = PlanFactory(requests_per_second=1, quota=10)
        plan.product.definitions.add(ApiDefinitionFactory(organization=plan.product.organization))
        return SubscriptionFactory(plan=plan).pk, plan.pk

    subscription, plan = await in_database(make)
    async with processes(pool, valkey_url) as [budgets]:
        budgets.apply(await load_access(pool))
        limits = Limits(requests_per_second=1, quota=10)
        budget = budgets.for_caller(subscribed(limits, subscription))
        assert let_in(budget, 10) == 1
        await in_database(lambda: Plan.objects.filter(pk=plan).update(requests_per_second=None, quota=4))
        budgets.apply(await load_access(pool))
        assert let_in(budget, 10) == 3  # of four, one was used before


async def test_addresses_do_not_fill_the_memory_and_streams_keep_their_budget(pool, valkey_url, monkeypatch):
    monkeypatch.setattr(module, "MOST_KEPT", 100)
    limits = Limits(requests_per_second=1)
    async with processes(pool, valkey_url) as [budgets]:
        held = budgets.for_caller(Caller("198.51.100.1", limits))
        for number in range(1_000):
            budgets.for_caller(Caller(f"2001:db8:{number:x}::1", limits))
        gc.collect()
        assert len(budgets) == 101
        assert budgets.for_caller(Caller("198.51.100.1", limits)) is held


async def test_addresses_of_one_ipv6_network_use_one_limit(pool, valkey_url):
    limits = Limits(requests_per_second=1)
    async with processes(pool, valkey_url) as [budgets]:
        same = [budgets.for_caller(Caller(f"2001:db8::{host}", limits)) for host in ("1", "2", "ffff:1")]
        assert len({id(one) for one in same}) == 1
        others = ("2001:db8:0:1::1", "192.0.2.1", "192.0.2.2", "::ffff:192.0.2.1", "testclient")
        assert len({budgets.for_caller(Caller(one, limits)).key for one in others}) == 4
    assert Caller("::ffff:192.0.2.1", limits).budget_key == "address/192.0.2.1"


async def test_messages_are_refused_by_the_limit_that_was_met(pool, valkey_url):
    async with processes(pool, valkey_url) as [budgets]:
        limits = Limits(messages_per_second=7, quota=2, quota_period="day")
        budget = budgets.for_caller(subscribed(limits))
        assert dict(budget.messages_refused(1.5))[b"ratelimit"] == b'"messages";r=0;t=2'
        budget.take_messages(2)
        refused = dict(budget.messages_refused(budget.take_messages(1)))
        assert refused[b"ratelimit-policy"] == b'"quota";q=2;w=86400'


async def test_a_caller_without_limits_is_never_held_back(pool, valkey_url):
    async with processes(pool, valkey_url) as [budgets]:
        budget = budgets.for_caller(subscribed(Limits()))
        assert let_in(budget, 10_000) == 10_000
        assert budget.take_messages(1_000_000) == 0.0
        assert not budgets._dirty.to_share
