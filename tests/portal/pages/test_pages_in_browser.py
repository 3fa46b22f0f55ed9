"""Every page in a real browser: nothing clipped, no error, no violation of the policy, readable in light and dark."""

import os
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connections
from playwright.sync_api import sync_playwright

from tests.parts.chromium import ARGUMENTS

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PASSWORD = "correct horse battery"
WIDTHS = {"desktop": (1280, 800), "phone": (360, 740)}
ANONYMOUS = ("/", "/?q=zeppelin", "/products/orders", "/products/orders?in=Python", "/sign-in", "/nowhere")
PICTURES = os.environ.get("SLUICE_PICTURES", "")
"""Where to leave a picture of each page; empty: none is kept."""


@pytest.fixture
def browser(chromium, monkeypatch):
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's loop runs in this thread
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(chromium), args=list(ARGUMENTS))
        yield opened
        opened.close()
        connections.close_all()  # those of the context of Playwright's loop, which nobody else closes


def open_page(browser, width, scheme, **options):
    shown: Any = browser.new_page(
        viewport=dict(zip(("width", "height"), WIDTHS[width], strict=True)), color_scheme=scheme, **options
    )
    shown.errors = []
    shown.on("console", lambda message: message.type == "error" and shown.errors.append(message.text))
    shown.on("pageerror", lambda error: shown.errors.append(str(error)))
    return shown


def inspect(page, url, name):
    """Visit one page and gather what is wrong with it."""
    page.goto(url)
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], url
    found = Axe().run(page).response["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert not serious, (url, [(one["id"], [node["html"] for node in one["nodes"]]) for one in serious])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_pages_are_whole_and_readable(browser, live_server, estate, settings, width, scheme):
    estate.actor.user.set_password(PASSWORD)
    estate.actor.user.save()
    page = open_page(browser, width, scheme)
    for number, address in enumerate(ANONYMOUS):
        inspect(page, live_server.url + address, f"{width}-{scheme}-{number}")
    settings.DEBUG = True
    inspect(page, f"{live_server.url}/styleguide", f"{width}-{scheme}-styleguide")
    settings.DEBUG = False
    page.goto(f"{live_server.url}/sign-in")
    page.fill("input[name=login]", estate.actor.user.email)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/apps")
    for name, address in (("catalogue", "/"), ("apps", "/apps"), ("app", f"/apps/{estate.app.pk}")):
        inspect(page, live_server.url + address, f"{width}-{scheme}-{name}")
    missing = "Failed to load resource: the server responded with a status of 404 (Not Found)"
    assert [error for error in page.errors if error != missing] == []


def test_code_is_copied_by_its_button(browser, live_server, estate):
    page = open_page(browser, "desktop", "light", permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"{live_server.url}/products/orders")
    page.get_by_role("button", name="Copy SSE in curl").click()
    page.get_by_text("Copied").wait_for()
    assert "/shop-orders/sse" in page.evaluate("navigator.clipboard.readText()")
    assert page.errors == []


def test_without_javascript_one_signs_in_and_out(browser, live_server, estate):
    estate.actor.user.set_password(PASSWORD)
    estate.actor.user.save()
    page = open_page(browser, "phone", "light", java_script_enabled=False)
    page.goto(f"{live_server.url}/products/orders")
    page.get_by_role("link", name="Python").click()
    assert page.get_by_text("SSE in Python").count() == 1
    page.get_by_role("link", name="Sign in").click()
    page.fill("input[name=login]", estate.actor.user.email)
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="My apps").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Catalogue").wait_for()
