"""A publisher in a real browser: from a definition that runs to a published product, and the requests for it."""

import json
from pathlib import Path

import pytest

from gateway.models import Product, SubscriptionState
from tests import factories
from tests.portal.pages.browsing import PICTURES, WALKED, WIDTHS, inspect, open_page, stay_signed_in
from tests.portal.pages.conftest import LONG_NAME

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
EVENT = {"order": "A-1001", "at": "2026-01-01T12:00:00Z", "lines": [{"sku": LONG_NAME, "pieces": 2}]}
LOOKED_AT = (
    "/",
    "/publish/products",
    "/publish/event-types",
    "/publish/approvals",
    "/publish/products/{public}",
    "/publish/products/{public}/plans",
    "/publish/products/{public}/plans/{plan}",
    "/publish/products/{public}/settings",
    "/publish/products/{public}/texts",
    "/publish/products/{public}/texts/new",
    "/publish/products/{public}/subscribers",
    "/publish/products/{public}/retire",
    "/publish/subscriptions/{asked}",
    "/products/orders",
    "/console",
)
WALKS = {"desktop": "light", "phone": "dark"}


class Walk:
    """One publisher on their way."""

    def __init__(self, page, live_server, width):
        self.page, self.url, self.width, self.steps = page, live_server.url, width, 0

    def press(self, name, role="button"):
        self.page.get_by_role(role, name=name, exact=True).first.click()

    def open(self, address):
        self.page.goto(self.url + address)

    def seen(self, text):
        self.page.get_by_text(text).first.wait_for()
        self.steps += 1
        picture(self.page, f"walk-{self.width}-{self.steps:02}")
        assert too_wide(self.page) == 0

    def wrong(self):
        """What the browser complained of, but for answers that refuse a form."""
        return [error for error in self.page.errors if "422 (Unprocessable Entity)" not in error]


def picture(page, name):
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def too_wide(page):
    return page.evaluate("Math.max(0, document.documentElement.scrollWidth - innerWidth)")


@pytest.fixture
def walk(browser, live_server, estate, signed_in):
    def begin(width):
        page = open_page(browser, width, WALKS[width])
        stay_signed_in(page, live_server, signed_in(estate.actor))
        return Walk(page, live_server, width)

    return begin


@pytest.mark.parametrize("width", WALKED)
def test_a_publisher_makes_a_product_of_a_definition_and_publishes_it(walk, estate, width):
    on = walk(width)
    page = on.page
    on.open("/publish/event-types/new")
    page.fill("[name=name]", f"parcel.{LONG_NAME}")
    page.fill("[name=example]", json.dumps(EVENT))
    on.press("Guess the schema from the example")
    on.seen("The schema is guessed")
    on.press("Make the event type")
    on.seen("lines[].sku")
    on.open("/publish/products/new")
    page.fill("[name=name]", f"Parcels {LONG_NAME}")
    page.fill("[name=summary]", "Where each parcel is.")
    page.get_by_label("Shop orders").check()
    page.get_by_label("Sends webhooks").check()
    page.get_by_label(f"parcel.{LONG_NAME}").check()
    on.press("Make the draft")
    on.seen("missing: make a plan to subscribe under first")
    on.press("Make a plan", "link")
    on.press("Save the plan")
    on.seen("Nothing was changed")
    page.fill("[name=name]", "Free")
    page.get_by_label("Nobody: who subscribes receives at once").check()
    page.fill("[name=quota]", "1000")
    on.press("Save the plan")
    on.seen("1,000 a month")
    on.press("Documentation", "link")
    on.press("Write", "link")
    page.fill(
        "[name=description]", "# First steps\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nAsk for **parcels**."
    )
    page.locator("#preview strong", has_text="parcels").wait_for()
    on.press("Save")
    on.seen("The description is saved.")
    on.press("Overview", "link")
    on.seen("All is there.")
    on.press("Publish")
    on.seen("is in the catalogue")
    on.press("See its page", "link")
    on.seen("Ask for")
    assert Product.objects.get(name__startswith="Parcels").lifecycle == "published"
    assert on.wrong() == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("width", WIDTHS)
def test_pages_of_products_are_whole_and_readable(walk, estate, width):
    asked = factories.SubscriptionFactory(
        app=factories.AppFactory(name=LONG_NAME),
        plan=estate.public.plans.get(),
        state=SubscriptionState.REQUESTED,
        purpose="To tell customers where their parcels are. " * 3,
    )
    on = walk(width)
    values = {"public": estate.public.pk, "plan": estate.public.plans.get().pk, "asked": asked.pk}
    for number, address in enumerate(LOOKED_AT):
        inspect(on.page, on.url + address.format(**values), f"products-{width}-{number:02}")
    on.open("/publish/approvals")
    on.press("Look closer, or reject", "link")
    on.press("Reject")
    on.seen("Say why")
    on.page.fill("[name=reason]", "Not before May.")
    on.press("Reject")
    on.seen("is rejected")
    on.open("/")
    on.page.get_by_label("How it arrives").select_option(label="WebSocket (1)")
    on.page.wait_for_url("**/?*way=websocket*")
    on.page.get_by_text("1 product").wait_for()
    assert on.wrong() == []
