"""Pages in a real browser: opened at both widths, and inspected for what is wrong with them."""

import os
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

WIDTHS = {"desktop": (1280, 800), "phone": (360, 740)}
WALKED = ["desktop", pytest.param("phone", marks=pytest.mark.exhaustive)]
"""The widths of a way through many pages: `make test` walks it on a desktop, and sees each page on a phone."""
PICTURES = os.environ.get("SLUICE_PICTURES", "")
"""Where to leave a picture of each page; empty: none is kept."""


def open_page(browser, width, scheme="light", **options):
    """Open a page that remembers its errors."""
    shown: Any = browser.new_page(
        viewport=dict(zip(("width", "height"), WIDTHS[width], strict=True)), color_scheme=scheme, **options
    )
    shown.errors = []
    shown.on("console", lambda message: message.type == "error" and shown.errors.append(message.text))
    shown.on("pageerror", lambda error: shown.errors.append(str(error)))
    return shown


def stay_signed_in(page, live_server, client):
    """Give a browser's page the session of a client that signed in."""
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([session])


def inspect(page, url, name):
    """Visit one page and gather what is wrong with it."""
    page.goto(url)
    inspect_shown(page, name)


def inspect_shown(page, name):
    """Gather what is wrong with the page as it is shown: too wide, or serious for who cannot see it."""
    look(page, name)
    found = Axe().run(page).response["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert not serious, (page.url, [(one["id"], [node["html"] for node in one["nodes"]]) for one in serious])


def look(page, name):
    """Keep a picture, and see that nothing is beyond the page's edge: quicker than to inspect it."""
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], page.url
