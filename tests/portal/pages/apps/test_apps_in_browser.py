"""Events reach a receiver on this machine by what one person clicks, at both widths; and every page of it is whole."""

import asyncio
import json
import threading
import time

import pytest
from django.db import connection

from gateway.definitions import create_definition
from gateway.models import ApiDefinition, DefinitionState, Dialect, Role
from portal.components import definition_registry
from portal.demonstration import shop
from portal.worker import Worker
from tests import factories
from tests.portal.pages.apps.addresses import CHANGE, READ, names_of
from tests.portal.pages.apps.conftest import client_of
from tests.portal.pages.apps.receiver import receiving
from tests.portal.pages.browsing import inspect_shown, look, open_page, stay_signed_in
from webhooks.database import open_pool
from webhooks.models import Attempt, Delivery, Due, Message, Payload

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

TICKS = {
    "input": {"generate": {"interval": "100ms", "mapping": 'root.order = "A-%d".format(counter())'}},
    "output": {"portal_webhook": {"event_type": "order.created"}},
}
TAIL = "/a-path-of-sixty-characters-that-breaks-what-is-not-careful-xx"


@pytest.fixture(autouse=True)
def no_history(transactional_db):
    """Deliveries outlive a test, as Django empties only the tables that it manages."""
    empty = (
        f"TRUNCATE {', '.join(model._meta.db_table for model in (Due, Attempt, Delivery, Payload, Message))}"
    )
    with connection.cursor() as cursor:
        cursor.execute(empty)
    yield
    with connection.cursor() as cursor:
        cursor.execute(empty)


@pytest.fixture
def worker(postgres_url, valkey_url):
    """A worker, on a thread: it runs streams and delivers."""
    stopping = threading.Event()

    async def work():
        pool = await open_pool(postgres_url)
        stop = asyncio.Event()
        working = asyncio.create_task(Worker(pool).run(stop))
        await asyncio.to_thread(stopping.wait)
        stop.set()
        await working
        await pool.close()

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    yield
    stopping.set()
    thread.join()


@pytest.fixture
def ticking(estate):
    """The estate's product sends an event ten times a second."""
    ApiDefinition.objects.update(state=DefinitionState.DRAFT)  # it reads a broker that is not there
    document = json.dumps(shop.document("Ticks", "/ticks/", {"ticks": TICKS}))
    made = create_definition(estate.actor, document, Dialect.SLUICE, definition_registry(), activate=True)
    ticks = factories.EventTypeFactory(organization=estate.actor.organization, name="order.created")
    Delivery.objects.all().delete()  # their ids are those that the worker will give
    estate.public.definitions.add(made.definition)
    estate.public.event_types.add(ticks)
    return estate.public


class Walker:
    """Clicks, and looks at each page it comes to."""

    def __init__(self, page, width):
        self.page = page
        self._width = width

    def press(self, name):
        self.page.get_by_role("button", name=name).click()

    def follow(self, name):
        self.page.get_by_role("link", name=name).first.click()

    def look(self, words, name):
        """Wait until a page says something, then inspect it."""
        self.page.get_by_text(words).first.wait_for()
        look(self.page, f"{self._width}-{name}")

    def reload_until(self, condition):
        """Load the page again until something is so."""
        until(lambda: self.page.reload() and condition(self.page.content()))


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not become so"


def subscribe(walker, address):
    walker.page.goto(address)
    walker.page.fill("#id_new_name", "dispatch-board")
    walker.look("Step 1 of 3", "subscribe-1")
    walker.press("Go on")
    walker.look("Step 2 of 3", "subscribe-2")
    walker.follow("Choose Free")
    walker.look("Step 3 of 3", "subscribe-3")
    walker.press("Subscribe")
    walker.look("The app receives.", "subscription")


def make_key(walker):
    walker.follow("Make an API key")
    walker.press("Make the key")
    walker.look("The new key of dispatch-board", "key-once")


def make_endpoint(walker, url):
    walker.follow("Webhooks")
    walker.look("No webhook endpoint", "webhooks-empty")
    walker.follow("Subscribe a URL")
    walker.page.fill("#id_url", url)
    walker.page.get_by_label("order.created", exact=True).check()
    walker.look("Subscribe a URL", "endpoint-new")
    walker.press("Subscribe")
    walker.look("The signing secret of", "secret-once")


@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_a_person_subscribes_receives_and_has_it_sent_again(
    browser, live_server, ticking, estate, worker, width
):
    page = open_page(browser, width, java_script_enabled=width == "desktop")  # nothing of it needs scripts
    stay_signed_in(page, live_server, client_of(estate.stranger.organization, Role.DEVELOPER))
    walker = Walker(page, width)
    with receiving() as received:
        subscribe(walker, f"{live_server.url}/products/orders/subscribe")
        make_key(walker)
        make_endpoint(walker, received.url + TAIL)
        page.goto(f"{live_server.url}/deliveries?state=delivered")
        walker.reload_until(lambda shown: "/deliveries/dlv_" in shown)
        walker.look("newest first", "deliveries")
        page.locator("table a").first.click()
        walker.look("It arrived", "delivery")
        message_id = page.locator("h1").inner_text()
        [(headers, body)] = [one for one in received.requests if one[0]["webhook-id"] == message_id]
        assert body.decode() in page.locator("#sent-body").inner_text()
        assert headers["webhook-signature"] in page.content()
        walker.press("Send it again")
        page.get_by_text("It is sent again now").wait_for()
        until(lambda: [one[0]["webhook-id"] for one in received.requests].count(message_id) == 2)
        walker.reload_until(lambda shown: "By try 2." in shown)
        walker.look("By try 2.", "delivery-again")
    assert page.errors == []


@pytest.mark.exhaustive
@pytest.mark.parametrize(("width", "scheme"), [("desktop", "dark"), ("phone", "light")])
def test_every_page_is_whole(browser, live_server, workshop, width, scheme):
    page = open_page(browser, width, scheme)
    see = inspect_shown if scheme == "dark" else look
    stay_signed_in(page, live_server, workshop.client)
    for number, address in enumerate((*READ, *CHANGE)):
        page.goto(live_server.url + address.format(**names_of(workshop)))
        see(page, f"{width}-{scheme}-{number:02}")
    page.goto(f"{live_server.url}/apps/{workshop.app.pk}/webhooks/subscribe")
    page.fill("#id_url", "http://10.0.0.1/")
    page.get_by_role("button", name="Subscribe").click()
    page.get_by_text("may not be called").first.wait_for()
    assert page.evaluate("document.activeElement.id") == "errors"
    inspect_shown(page, f"{width}-{scheme}-endpoint-new-faulty")
    assert [error for error in page.errors if "422" not in error] == []
