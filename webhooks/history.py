"""What was sent and what came of it, found among millions of deliveries by the indexes that sending needs."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from webhooks.models import Delivery, DeliveryState, Due, Endpoint

SCANNED: Final = 50_000
"""Rows looked at for one page of a filtered list: a page may hold less than asked and yet go on."""
MOST_COUNTED: Final = 10_000
"""Where `waiting_count` stops."""
_LARGEST_ID: Final = 2**63 - 1

# The newest rows of each endpoint by index (endpoint_id, id); `edge` is down to where all endpoints were looked at.
_FIND: Final = """
WITH scanned AS MATERIALIZED (
    SELECT recent.* FROM unnest(%(endpoints)s::bigint[]) AS wanted (endpoint_id)
    CROSS JOIN LATERAL (
        SELECT * FROM webhooks_delivery WHERE endpoint_id = wanted.endpoint_id AND id < %(before_id)s
        ORDER BY id DESC LIMIT %(each)s
    ) AS recent
), edge AS (
    SELECT max(lowest) AS id FROM (
        SELECT min(id) AS lowest FROM scanned GROUP BY endpoint_id HAVING count(*) = %(each)s
    ) AS cut
)
SELECT scanned.*, edge.id AS edge FROM edge LEFT JOIN scanned ON
    (edge.id IS NULL OR scanned.id >= edge.id)
    AND (%(states)s::smallint[] IS NULL OR state = ANY (%(states)s))
    AND (%(event_type)s::text IS NULL OR event_type = %(event_type)s)
    AND (%(after)s::timestamptz IS NULL OR created_at >= %(after)s)
    AND (%(before)s::timestamptz IS NULL OR created_at < %(before)s)
ORDER BY scanned.id DESC NULLS LAST LIMIT %(rows)s
"""


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries of some endpoints are wanted."""

    states: tuple[DeliveryState, ...] = ()
    """Any of these; none: all."""
    event_type: str | None = None
    after: dt.datetime | None = None
    """Made then or later."""
    before: dt.datetime | None = None
    """Made earlier."""

    @property
    def is_empty(self) -> bool:
        """Whether every delivery is wanted."""
        return self == DeliveryFilter()


@dataclass(frozen=True, slots=True)
class FoundDeliveries:
    """One page, newest first."""

    deliveries: list[Delivery]
    next: int | None
    """The next page holds ids below; None: there is none."""


def find_deliveries(
    endpoints: Sequence[int], wanted: DeliveryFilter, limit: int, before_id: int | None = None
) -> FoundDeliveries:
    """Return up to `limit` deliveries of endpoints (their primary keys), by descending id."""
    if not endpoints:
        return FoundDeliveries([], None)
    each = limit + 1 if wanted.is_empty else max(limit + 1, SCANNED // len(endpoints))
    parameters: dict[str, Any] = {
        "endpoints": list(endpoints),
        "before_id": before_id or _LARGEST_ID,
        "each": each,
        "states": [int(state) for state in wanted.states] or None,
        "event_type": wanted.event_type,
        "after": wanted.after,
        "before": wanted.before,
        "rows": limit + 1,
    }
    rows: list[Any] = list(Delivery.objects.raw(_FIND, parameters))
    edge = rows[0].edge if rows else None
    found = [row for row in rows if row.pk is not None]
    if len(found) > limit:
        return FoundDeliveries(found[:limit], found[limit - 1].pk)
    return FoundDeliveries(found, edge)


def waiting_count(endpoint: Endpoint) -> int:
    """Return how many deliveries wait for an endpoint; MOST_COUNTED + 1 stands for more."""
    return Due.objects.filter(lane__endpoint=endpoint)[: MOST_COUNTED + 1].count()
