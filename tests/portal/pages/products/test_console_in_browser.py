"""The console in a real browser, on a real gateway and broker: events come, are dropped and go on where they were."""

import json
import os
import time
import uuid

import pytest
from confluent_kafka import Producer
from confluent_kafka.cimpl import NewTopic

from gateway.definitions import create_definition
from gateway.models import Dialect, RevisionCounter
from gateway.subscriptions import resume_subscription, suspend_subscription
from portal.components import definition_registry
from portal.demonstration import shop
from tests import factories
from tests.gateway.asgi_harness import gateway_process, wait_until
from tests.parts import embedded, topics
from tests.portal.pages.browsing import WIDTHS, inspect_shown, open_page, stay_signed_in
from tests.portal.pages.conftest import LONG_NAME, make_actor

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
FLUSH_SECONDS = 30.0


def revision_of(gateway):
    lines = gateway.request("GET", "/metrics").text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("sluice_gateway_revision "))


class Topic:
    """A topic that orders are written to."""

    def __init__(self, bootstrap, name):
        self.name, self.count = name, 0
        self._producer = Producer({"bootstrap.servers": bootstrap})

    def order(self):
        self.count += 1
        text = json.dumps({"order": f"A-{self.count}", "cents": 990, "currency": "EUR", "note": LONG_NAME})
        self._producer.produce(self.name, text)
        assert self._producer.flush(FLUSH_SECONDS) == 0


@pytest.fixture(scope="module")
def gateway(postgres_url, valkey_server, live_server):
    parts = {
        "DATABASE_URL": postgres_url,
        "VALKEY_URL": valkey_server.url,
        "SLUICE_PORTAL_URL": live_server.url,
    }
    environment = {
        **os.environ,
        **embedded.environment(),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        **parts,
    }
    with gateway_process(environment) as running:
        yield running


@pytest.fixture
def topic(tansu_bootstrap):
    # It is left there: librdkafka does not survive that Tansu deletes a topic while it is read.
    name = f"console-{uuid.uuid4().hex[:12]}"
    topics.create(tansu_bootstrap, NewTopic(name, num_partitions=1, replication_factor=1))
    return Topic(tansu_bootstrap, name)


@pytest.fixture
def product(valkey_url, tansu_bootstrap, topic, gateway):
    """One with a stream out of the topic, and an app that is subscribed to it."""
    factories.ConnectionFactory(name=shop.CONNECTION, addresses=[tansu_bootstrap])
    actor = make_actor()
    clients = {"http_server": {"path": "", "stream_path": "/sse", "ws_path": "/ws"}}
    source = {"kafka": {"addresses": [shop.CONNECTION], "topics": [topic.name], "consumer_group": "console"}}
    document = shop.document("Shop", "/console-shop/", {"live": {"input": source, "output": clients}})
    definition = create_definition(
        actor, json.dumps(document), Dialect.SLUICE, definition_registry(), activate=True
    ).definition
    made = factories.ProductFactory(
        organization=actor.organization, name=LONG_NAME, slug="orders", webhooks_enabled=False
    )
    made.definitions.set([definition])
    app = factories.AppFactory(organization=actor.organization, name=f"{LONG_NAME}-app")
    factories.SubscriptionFactory(app=app, plan=factories.PlanFactory(product=made, max_clients=1))
    # Last, as the factories tell nobody. Each test's count is another: the gateway outlives a test.
    count = time.time_ns() // 1_000_000
    RevisionCounter.objects.update(value=count)
    wait_until(lambda: revision_of(gateway) >= count, "the gateway does not see the product")
    made.publisher = actor
    return made


@pytest.fixture
def shown(browser, live_server, signed_in, settings, gateway, product):
    settings.GATEWAY_URL = gateway.url("")

    def open_at(width, address):
        page = open_page(browser, width)
        stay_signed_in(page, live_server, signed_in(product.publisher))
        page.goto(live_server.url + address)
        return page

    return open_at


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def focused(page):
    return page.evaluate("document.activeElement.textContent")


def orders(page):
    """The orders in the list, the newest first."""
    texts = page.locator(".frames .frame pre").all_text_contents()
    return [json.loads(text)["order"] for text in texts]


def hear(page, *expected):
    page.get_by_text(f'"order": "{expected[0]}"').first.wait_for(state="attached")
    assert orders(page) == list(expected)


@pytest.mark.parametrize("width", WIDTHS)
def test_events_come_are_held_back_dropped_and_go_on_where_they_were(shown, topic, width):
    page = shown(width, "/products/orders")
    press(page, "Connect")
    page.get_by_text("Connected", exact=True).wait_for()
    assert focused(page) == "Drop", "the button that was pressed is gone"
    topic.order()
    hear(page, "A-1")
    press(page, "Pause")
    topic.order()
    page.get_by_text("2 received, 1 held back").wait_for()
    assert orders(page) == ["A-1"]
    press(page, "Go on")
    hear(page, "A-2", "A-1")
    press(page, "Drop")
    page.get_by_text("Dropped by you.").wait_for()
    assert focused(page) == "Resume"
    topic.order()
    press(page, "Resume")
    hear(page, "A-3", "A-2", "A-1")
    inspect_shown(page, f"console-{width}")
    assert page.errors == []


def test_a_websocket_begins_at_the_oldest_and_goes_on_by_its_cursor(shown, topic):
    topic.order()
    page = shown("desktop", "/console")
    page.get_by_label("Stream").select_option(label="live by WebSocket")
    page.get_by_label("Begin").select_option(label="From the oldest")
    press(page, "Connect")
    hear(page, "A-1")
    press(page, "Drop")
    topic.order()
    press(page, "Resume")
    hear(page, "A-2", "A-1")
    assert page.errors == []


def test_why_a_stream_is_refused_or_ends_is_said_in_words(shown, topic, product):
    first, second = shown("desktop", "/products/orders"), shown("phone", "/console")
    press(first, "Connect")
    first.get_by_text("Connected", exact=True).wait_for()
    press(second, "Connect")
    second.get_by_text("A limit of the plan is met (429)").wait_for()
    second.get_by_text("The plan allows 1 open streams at a time.").wait_for()
    inspect_shown(second, "console-refused")
    suspend_subscription(product.publisher, product.subscriptions.get(), "Too much.")
    first.get_by_text("The subscription was suspended or ended.").wait_for()
    press(first, "Connect")
    first.get_by_text("The portal gave no ticket").wait_for()
    resume_subscription(product.publisher, product.subscriptions.get())
    second.get_by_label("Begin").select_option(label="Behind a cursor")
    second.get_by_label("Cursor").fill("nonsense")
    press(second, "Connect")
    second.get_by_text("The cursor is no good (400)").wait_for()
