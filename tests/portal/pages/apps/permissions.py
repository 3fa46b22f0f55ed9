"""Who may open the pages of apps."""

from tests.portal.pages.permissions import INSIDE, MEMBERS, Row

ROWS = (
    Row("apps", "GET", MEMBERS),
    Row("app", "GET", INSIDE, lambda estate: {"app": estate.app.pk}),
)
