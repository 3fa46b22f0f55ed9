"""Django admin in a real browser: an administrator signs in and finds the deliveries, without an error."""

import os
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import sync_playwright

from gateway.models import User
from tests.parts.chromium import ARGUMENTS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "correct horse battery"
WIDTHS = {"desktop": (1280, 800), "phone": (360, 740)}


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


@pytest.mark.parametrize("page", WIDTHS, indirect=True)
def test_an_administrator_signs_in_and_finds_the_deliveries(page, live_server):
    User.objects.create_superuser("admin@shop.example", PASSWORD)
    page.goto(f"{live_server.url}/admin/")
    page.fill("input[name=login]", "admin@shop.example")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/admin/")
    page.goto(f"{live_server.url}/admin/webhooks/delivery/")
    assert page.get_by_role("heading", name="deliver").count() >= 1
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert page.errors == []
