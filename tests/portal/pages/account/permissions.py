"""Who may open the pages of accounts and organizations."""

from tests.portal.pages.permissions import Row

ROWS = (
    Row("sign-in", "GET", "302 302 302 302 302 302 200"),
    Row("sign-in", "POST", "302 302 302 302 302 302 200"),
    Row("sign-out", "POST", "302 302 302 302 302 302 302"),
)
