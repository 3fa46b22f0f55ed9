"""Who may open the catalogue and the pages of products."""

from tests.portal.pages.permissions import OPEN, Row

ROWS = (
    Row("catalogue", "GET", OPEN),
    Row("product", "GET", OPEN, lambda estate: {"slug": estate.public.slug}),
    Row("product", "GET", "200 200 200 404 200 404 404", lambda estate: {"slug": estate.shared.slug}),
)
