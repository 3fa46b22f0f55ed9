"""What became of the newest deliveries, by the hour: for pictures, so bounded in what it looks at."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import connection

from webhooks.models import DeliveryState

COUNTED: Final = 20_000
"""The newest deliveries that are looked at, together; what is older is not counted."""

# The newest rows of each endpoint by index (endpoint_id, id).
_COUNT: Final = """
SELECT date_bin('1 hour', created_at, '2000-01-01Z'), state, count(*)
FROM unnest(%(endpoints)s::bigint[]) AS wanted (endpoint_id)
CROSS JOIN LATERAL (
    SELECT created_at, state FROM webhooks_delivery WHERE endpoint_id = wanted.endpoint_id
    ORDER BY id DESC LIMIT %(each)s
) AS recent
WHERE created_at >= %(after)s GROUP BY 1, 2
"""

Outcomes = Mapping[dt.datetime, Mapping[DeliveryState, int]]
"""When an hour began to how many of its deliveries are in which state now."""


def hourly_outcomes(endpoints: Sequence[int], after: dt.datetime) -> Outcomes:
    """Count the deliveries of endpoints (their primary keys) that were made since a moment, by the hour."""
    if not endpoints:
        return {}
    parameters: dict[str, Any] = {
        "endpoints": list(endpoints),
        "each": max(COUNTED // len(endpoints), 1),
        "after": after,
    }
    found: dict[dt.datetime, dict[DeliveryState, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, parameters)
        for hour, state, count in cursor.fetchall():
            found.setdefault(hour.astimezone(dt.UTC), {})[DeliveryState(state)] = count
    return found
