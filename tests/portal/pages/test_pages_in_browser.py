"""Every page in a real browser: nothing clipped, no error, no violation of the policy, readable in light and dark."""

import pytest

from tests.portal.pages.browsing import WIDTHS, inspect, open_page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PASSWORD = "correct horse battery"
ANONYMOUS = ("/", "/?q=zeppelin", "/products/orders", "/products/orders?in=Python", "/sign-in", "/nowhere")


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
