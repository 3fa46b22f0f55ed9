"""Every page in a real browser: nothing clipped, no error, no violation of the policy, readable in light and dark."""

from http import HTTPStatus

import pytest
from django.urls import reverse

from tests.portal.pages.browsing import inspect, open_page, stay_signed_in
from tests.portal.pages.table import TABLE

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PASSWORD = "correct horse battery"
ANONYMOUS = ("/", "/?q=zeppelin", "/products/orders", "/products/orders?in=Python", "/sign-in", "/nowhere")
MISSING = "Failed to load resource: the server responded with a status of 404 (Not Found)"
PARTS = {"definition-instances", "delivery-body"}
"""No pages: what a script puts into one, and the bytes of a delivery."""
LOOKS = [pytest.param(("desktop", "light"), marks=pytest.mark.exhaustive), ("phone", "dark")]
"""Each width and each scheme once: what stands where is the same in both schemes, colours the same at both widths."""


def addresses(estate):
    """Every page that an owner is shown, by name."""
    return {
        row.name: reverse(row.name, kwargs=row.arguments(estate))
        for row in TABLE
        if row.method == "GET" and row.expected()["owner"] == HTTPStatus.OK and row.name not in PARTS
    }


def walk(page, beginning, pages, look):
    """Visit pages by name; returns what is wrong with them."""
    wrong = []
    for name, address in pages.items():
        try:
            inspect(page, beginning + address, f"{'-'.join(look)}-{name}")
        except AssertionError as error:
            wrong.append(f"{name}: {error}")
    return wrong + [error for error in page.errors if error != MISSING]


@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_every_page_is_whole_and_readable(browser, live_server, estate, signed_in, look):
    page = open_page(browser, *look)
    stay_signed_in(page, live_server, signed_in(estate.actor))
    wrong = walk(page, live_server.url, addresses(estate), look)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_what_anybody_sees_is_whole_and_readable(browser, live_server, estate, settings, look):
    settings.DEBUG = True  # for the styleguide
    page = open_page(browser, *look)
    pages = {f"anonymous-{n}": address for n, address in enumerate(ANONYMOUS[:-1])}
    wrong = walk(page, live_server.url, {**pages, "styleguide": "/styleguide"}, look)
    settings.DEBUG = False
    wrong += walk(page, live_server.url, {"nowhere": ANONYMOUS[-1]}, look)
    assert not wrong, "\n".join(wrong)


def test_code_is_copied_by_its_button(browser, live_server, estate):
    page = open_page(browser, "desktop", "light", permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"{live_server.url}/products/orders")
    button = page.get_by_role("button", name="Copy SSE in curl")
    button.dblclick()
    page.get_by_role("status").filter(has_text="Copied").wait_for(state="attached")
    assert button.text_content() == "Copied"
    page.wait_for_function("button => button.textContent === 'Copy'", arg=button.element_handle())
    assert "/shop-orders/sse" in page.evaluate("navigator.clipboard.readText()")
    assert page.errors == []


def test_what_cannot_be_undone_is_asked_in_a_dialog(browser, live_server, estate, signed_in):
    page = open_page(browser, "desktop", "light")
    stay_signed_in(page, live_server, signed_in(estate.actor))
    page.goto(f"{live_server.url}{reverse('app-settings', kwargs={'app': estate.app.pk})}")
    page.locator("a[data-dialog]").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("heading").wait_for()
    dialog.get_by_role("link", name="Go back").click()
    dialog.wait_for(state="detached")
    page.locator("a[data-dialog]").click()
    dialog.get_by_role("textbox").fill(estate.app.name)
    dialog.locator("button.danger").click()
    page.get_by_role("status").wait_for()
    assert page.url == f"{live_server.url}/apps"
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
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Catalogue").wait_for()
