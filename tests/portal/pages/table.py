"""The table of all pages: the rows of each area, and of what belongs to none."""

from tests.portal.pages.account.permissions import ROWS as ACCOUNT
from tests.portal.pages.apps.permissions import ROWS as APPS
from tests.portal.pages.definitions.permissions import ROWS as DEFINITIONS
from tests.portal.pages.permissions import OPEN, Row
from tests.portal.pages.products.permissions import ROWS as PRODUCTS

TABLE: tuple[Row, ...] = (
    *ACCOUNT,
    *APPS,
    *DEFINITIONS,
    *PRODUCTS,
    Row(
        "organization-choice",
        "POST",
        "302 302 302 404 302 404 302",
        data=lambda estate: {"organization": estate.actor.organization.pk},
    ),
    Row("styleguide", "GET", OPEN.replace("200", "404")),
)
