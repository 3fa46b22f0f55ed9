"""Who may open the pages of definitions, connections and event types."""

from tests.portal.pages.permissions import Row

ROWS: tuple[Row, ...] = ()
