"""Who has only asked for a subscription reads examples, marked, and reaches nothing else, until somebody decides."""

import asyncio
import json

import pytest
from websockets.exceptions import ConnectionClosed

from gateway.announcements import announce
from gateway.message_log import Form
from gateway.models import SubscriptionState, Usage
from gateway.sandbox import ExampleFeed, ExampleMessage
from gateway.subscriptions import approve_subscription, reject_subscription
from gateway.tickets import issue_ticket
from tests.factories import EventTypeFactory
from tests.gateway.asgi_harness import DEADLINE, detail, gateway_process, wait_until
from tests.gateway.event_reader import read_events
from tests.gateway.shop import document, open_shop

MARK = "sluice-sandbox"
BOTH_WAYS = {
    "input": {"http_server": {"path": "/post", "ws_path": "/post/ws"}},
    "output": {"http_server": {"path": "/get", "stream_path": "/sse", "ws_path": "/ws", "timeout": "300ms"}},
}


@pytest.fixture(scope="module")
def gateway(gateway_environment):
    with gateway_process(gateway_environment) as running:
        yield running


class Asked:
    """A shop, and somebody who has asked to be subscribed."""

    def __init__(self, gateway, examples=({"id": 1}, {"id": 2})):
        self.gateway = gateway
        self.shop = open_shop(document({"live": BOTH_WAYS}))
        types = [
            EventTypeFactory(
                organization=self.shop.publisher.organization, name=f"type.{place}", example=example
            )
            for place, example in enumerate(examples)
        ]
        self.shop.product.event_types.set(types)
        self.app = self.shop.app(SubscriptionState.REQUESTED)
        self.headers = {"Authorization": self.shop.key(self.app)}
        announce()
        wait_until(lambda: self.get("/get").status_code in (200, 408), "the shop does not open")

    def get(self, path, method="GET", **headers):
        return self.gateway.request(
            method,
            f"/shop{path}",
            headers={**self.headers, **headers},
            data=b"{}" if method == "POST" else None,
        )

    def read(self):
        return read_events(self.gateway, "/shop/sse", **self.headers)

    def websocket(self, path="/shop/ws", headers=None):
        return self.gateway.websocket(path, self.headers if headers is None else headers)


pytestmark = pytest.mark.django_db(transaction=True)


def read_to_the_end(socket):
    while True:
        socket.recv(timeout=DEADLINE)


def test_examples_come_as_events_at_the_streams_own_address_and_are_marked(gateway):
    # A number that most libraries cannot write keeps nobody's changes from coming into force.
    asked = Asked(gateway, examples=({"id": 1, "sum": 10**20}, {"id": 2}))
    reader = asked.read()
    wait_until(lambda: len(reader.messages) >= 3)
    assert json.loads(reader.messages[0])["sum"] == 10**20
    assert [json.loads(message)["id"] for message in reader.messages[:3]] == [1, 2, 1]
    assert json.loads(reader.notices["sandbox"]) == {"reason": "subscription_requested"}
    assert reader.response.headers[MARK] == "subscription_requested"
    assert not reader.last_id, "a real stream could make nothing of a place among examples"
    reader.close()


@pytest.mark.parametrize("decide", [approve_subscription, reject_subscription])
def test_a_decision_ends_the_examples(gateway, decide):
    asked = Asked(gateway)
    reader = asked.read()
    with asked.websocket() as socket:
        assert json.loads(socket.recv(timeout=DEADLINE)) == {"id": 1}
        assert socket.response.headers[MARK] == "subscription_requested"
        decide(asked.shop.publisher, asked.shop.subscription(asked.app))
        with pytest.raises(ConnectionClosed) as closed:
            read_to_the_end(socket)
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1012, "subscription_decided")
    wait_until(reader.ended.is_set)
    assert json.loads(reader.notices["close"]) == {"reason": "subscription_decided"}
    after = asked.get("/nothing-claims-this")
    assert (after.status_code == 403, MARK in after.headers) == (decide is reject_subscription, False)
    reader.close()


def test_one_message_by_request_is_an_example(gateway):
    asked = Asked(gateway)
    answer = asked.get("/get")
    assert answer.json() in ({"id": 1}, {"id": 2})
    assert answer.headers[MARK] == "subscription_requested"
    assert asked.get("/get", "PUT").status_code == 405


def test_nothing_can_be_sent(gateway):
    asked = Asked(gateway)
    answer = asked.get("/post", "POST")
    assert detail(answer) == (403, "subscription_requested")
    assert answer.headers[MARK] == "subscription_requested"
    assert detail(asked.get("/nothing-claims-this")) == (403, "subscription_requested")


def test_a_product_without_examples_has_nothing_to_read(gateway):
    asked = Asked(gateway, examples=())
    answer = asked.get("/get")
    assert (answer.status_code, answer.headers[MARK]) == (408, "subscription_requested")
    reader = asked.read()
    wait_until(lambda: "sandbox" in reader.notices)
    assert reader.messages == []
    reader.close()


def test_a_ticket_opens_the_examples_too(gateway):
    asked = Asked(gateway)
    developer = asked.shop.developers[asked.app.pk]
    ticket = issue_ticket(developer, asked.app, asked.shop.definition.public_id, "live").ticket
    with asked.websocket(f"/shop/ws?ticket={ticket}", {}) as socket:
        assert json.loads(socket.recv(timeout=DEADLINE)) == {"id": 1}


def test_it_has_limits_of_its_own_and_uses_up_nothing(gateway):
    asked = Asked(gateway)
    wait_until(lambda: asked.get("/get").status_code == 429)
    assert not Usage.objects.exists()


def test_examples_of_one_organizations_request_are_not_for_another(gateway):
    asked = Asked(gateway)
    other = asked.shop.app(None)
    headers = {"Authorization": asked.shop.key(other)}
    wait_until(
        lambda: detail(gateway.request("GET", "/shop/get", headers=headers)) == (403, "not_subscribed")
    )


async def test_a_feed_gives_examples_in_turn_and_waits_between_them(monkeypatch):
    monkeypatch.setattr("gateway.sandbox.EXAMPLE_SECONDS", 0.01)
    feed = ExampleFeed((b"a", b"b"), Form.LINES)
    got = []
    while len(got) < 3:
        portion = await feed.take()
        if portion is None:
            waiter = asyncio.get_running_loop().create_future()
            feed.watch(waiter)
            feed.watch(waiter)
            await waiter
        else:
            got.append(portion.content)
    await feed.close()
    assert got == [b"a\n", b"b\n", b"a\n"]


async def test_without_examples_nothing_ever_comes():
    feed = ExampleFeed((), Form.FRAMES)
    assert await feed.take() is None
    feed.watch(asyncio.get_running_loop().create_future())
    await feed.close()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(ExampleMessage(()).next(), 0.01)
