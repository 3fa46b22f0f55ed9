"""Django admin in a real browser: an administrator signs in and finds the deliveries, without an error."""

import os
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from playwright.sync_api import sync_playwright

from gateway.models import User
from portal.admin_look import _BASE, _PRIMARY
from tests import factories
from tests.parts.chromium import ARGUMENTS
from tests.portal.pages.browsing import PICTURES, WALKED, WIDTHS, inspect
from tests.portal.pages.conftest import LONG_NAME

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "correct horse battery"


@pytest.fixture
def page(chromium, request, monkeypatch):
    """A page of a fresh browser; what it says of errors is collected in `page.errors`."""
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's loop runs in this thread
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium), args=list(ARGUMENTS))
        width, height = WIDTHS[request.param]
        opened: Any = browser.new_page(viewport={"width": width, "height": height})
        opened.errors = []
        opened.on("console", lambda message: message.type == "error" and opened.errors.append(message.text))
        opened.on("pageerror", lambda error: opened.errors.append(str(error)))
        yield opened
        browser.close()
        connections.close_all()  # those of the context of Playwright's loop, which nobody else closes


def sign_in(page, portal):
    User.objects.create_superuser("admin@shop.example", PASSWORD)
    page.goto(f"{portal}/admin/")
    page.fill("input[name=login]", "admin@shop.example")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/admin/")


def look_at(page, name):
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"admin-{name}-{page.viewport_size['width']}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], name


def choose_action(page, action):
    page.locator("input[name=_selected_action]").first.check()
    page.locator("select[name=action]").select_option(action)
    page.get_by_role("button", name="Run").click()


def run_action(page, action):
    choose_action(page, action)
    page.get_by_text("Done: 1.").wait_for()


@pytest.mark.parametrize("page", WALKED, indirect=True)
def test_an_administrator_signs_in_approves_suspends_and_finds_the_deliveries(page, live_server, valkey_url):
    subscription = factories.SubscriptionFactory(
        state="requested", app__name=LONG_NAME, plan__product__name=LONG_NAME
    )
    sign_in(page, live_server.url)
    look_at(page, "overview")
    page.get_by_role("link", name="Subscriptions to approve").click()
    look_at(page, "subscriptions")
    run_action(page, "approve")
    page.goto(f"{live_server.url}/admin/gateway/subscription/")
    run_action(page, "suspend")
    look_at(page, "suspended")
    subscription.refresh_from_db()
    assert subscription.state == "suspended"
    page.goto(f"{live_server.url}/admin/gateway/subscription/{subscription.pk}/change/")
    look_at(page, "subscription")
    page.goto(f"{live_server.url}/admin/gateway/subscription/")
    choose_action(page, "cancel")
    page.get_by_text("This cannot be taken back.").wait_for()
    look_at(page, "question")
    page.get_by_role("button", name="Cancel 1 subscription").click()
    page.get_by_text("Done: 1.").wait_for()
    page.goto(f"{live_server.url}/admin/webhooks/delivery/")
    assert page.get_by_role("heading", name="deliver").count() >= 1
    look_at(page, "deliveries")
    assert page.errors == []


def test_admin_has_the_colours_of_the_pages():
    tokens = (settings.BASE_DIR / "static/css/tokens.css").read_text()
    for token, light, dark in (
        ("accent", _PRIMARY["600"], _PRIMARY["400"]),
        ("accent-wash", _PRIMARY["100"], _PRIMARY["900"]),
        ("paper", _BASE["50"], _BASE["950"]),
        ("line", _BASE["200"], _BASE["800"]),
    ):
        assert f"--{token}: light-dark({light}, {dark});" in tokens


@pytest.mark.slow
@pytest.mark.parametrize("page", ["desktop"], indirect=True)
@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.exhaustive)])
def test_forms_of_admin_can_be_read_and_have_names(page, live_server, valkey_url, scheme):
    page.emulate_media(color_scheme=scheme)
    sign_in(page, live_server.url)
    event_type = factories.EventTypeFactory()
    product = factories.ProductFactory(organization=event_type.organization)
    product.event_types.set([event_type])
    connection = factories.ConnectionFactory()
    for address in (
        f"gateway/connection/{connection.pk}/change/",
        f"gateway/product/{product.pk}/change/",
        f"gateway/user/{User.objects.get().pk}/change/",
        "gateway/membership/add/",
    ):
        name = f"admin-{scheme}-{address.replace('/', '-')}"
        inspect(page, f"{live_server.url}/admin/{address}", name)
    assert page.errors == []
