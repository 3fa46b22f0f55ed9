"""A plan's number of open streams is of all processes together."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from gateway.client_counts import GONE_SECONDS, ClientCounts, OpenElsewhere
from gateway.plans import change_plan
from tests.gateway.asgi_harness import DEADLINE, detail, gateway_process, wait_until
from tests.gateway.serving import until
from tests.gateway.shop import open_shop

KEY = "subscription/7"
COUNTS = st.dictionaries(st.sampled_from(["a", "b"]), st.integers(0, 3))


@given(st.lists(st.tuples(st.sampled_from(["p", "q", "r"]), st.booleans(), COUNTS)))
def test_what_others_have_open_is_what_they_said_last(said):
    elsewhere, expected = OpenElsewhere(), {}
    for process, everything, counts in said:
        is_new = elsewhere.hear(process, counts, 0.0, everything=everything)
        assert is_new is (process not in expected)
        expected[process] = {**({} if everything else expected.get(process, {})), **counts}
    for key in ("a", "b"):
        assert elsewhere.total(key) == sum(counts.get(key, 0) for counts in expected.values())
        by_turn = [elsewhere.earlier(key, process) for process in ("p", "q", "r", "s")]
        assert (by_turn == sorted(by_turn), by_turn[0], by_turn[3]) == (True, 0, elsewhere.total(key))


def test_who_is_not_heard_any_more_is_gone():
    elsewhere = OpenElsewhere()
    elsewhere.hear("p", {KEY: 2}, 0.0, everything=True)
    elsewhere.hear("q", {KEY: 1}, GONE_SECONDS, everything=True)
    elsewhere.forget(GONE_SECONDS + 0.5)
    assert elsewhere.total(KEY) == 1


@pytest.fixture
async def two(valkey_url):
    made = [ClientCounts(valkey_url, name) for name in ("one", "two")]
    for one in made:
        await one.start()
    yield made
    for one in made:
        await one.stop()


async def test_processes_tell_each_other_what_is_open(two):
    one, other = two
    one.add(KEY, 1)
    one.add(KEY, 1)
    await until(lambda: other.elsewhere(KEY) == 2)
    assert (other.first(KEY), one.first(KEY), one.elsewhere(KEY)) == (2, 0, 0)
    one.add(KEY, -1)
    await until(lambda: other.elsewhere(KEY) == 1)


async def test_a_process_that_comes_later_hears_what_is_open_already(two, valkey_url):
    two[0].add(KEY, 3)
    third = ClientCounts(valkey_url, "third")
    await third.start()
    await until(lambda: third.elsewhere(KEY) == 3)
    await third.stop()


async def test_a_process_that_is_about_to_end_stands_in_nobodys_way(two):
    one, other = two
    one.add(KEY, 1)
    await until(lambda: other.elsewhere(KEY) == 1)
    one.leave()
    await until(lambda: other.elsewhere(KEY) == 0)
    one.add(KEY, -1)


async def test_without_valkey_each_counts_for_itself():
    alone = ClientCounts("redis://127.0.0.1:1", "alone")
    await alone.start()
    alone.add(KEY, 1)
    await asyncio.sleep(0)
    assert alone.elsewhere(KEY) == 0
    await alone.stop()


@pytest.mark.django_db(transaction=True)
def test_two_gateways_together_open_no_more_than_the_plan_allows(gateway_environment):
    with gateway_process(gateway_environment) as one, gateway_process(gateway_environment) as other:
        shop = open_shop(max_clients=2)
        headers = {"Authorization": shop.key(shop.app())}
        for gateway in (one, other):
            wait_until(lambda to=gateway: _post(to, headers).status_code == 200)
        with (
            one.websocket("/shop/chat/ws", headers) as first,
            other.websocket("/shop/chat/ws", headers) as second,
        ):
            for gateway in (one, other):
                wait_until(lambda to=gateway: _handshake(to, headers) == (429, "clients_exceeded"))
            change_plan(shop.publisher, shop.plan, {"max_clients": 1})
            wait_until(lambda: {_is_open(first), _is_open(second)} == {True, False}, "too many stay open")


def _post(gateway, headers):
    return gateway.request("POST", "/shop/chat", data=b"{}", headers=headers)


def _handshake(gateway, headers):
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": "c2x1aWNlLXNsdWljZS1zbA==",
        "Sec-WebSocket-Version": "13",
    }
    with gateway.request("GET", "/shop/chat/ws", headers={**headers, **upgrade}, stream=True) as answer:
        return detail(answer)


def _is_open(client):
    try:
        client.send(b"{}")
        return client.ping().wait(DEADLINE)
    except ConnectionClosed:
        return False
