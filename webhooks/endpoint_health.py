"""Since when an endpoint fails, kept up to date; an endpoint that is gone, or fails for too long, is disabled.

Only a change from working to failing or back is written, so that a healthy endpoint costs nothing.
"""

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection
from psycopg.rows import class_row

from webhooks.database import Pool
from webhooks.destinations import Destinations
from webhooks.health import Action, Breaker, Health
from webhooks.models import AttemptDecision
from webhooks.queue import Outcome

logger = logging.getLogger(__name__)

GONE_REASON: Final = "the receiver answered 410 Gone"

_FAILING: Final = """
UPDATE webhooks_endpoint SET failing_since = clock_timestamp() WHERE id = ANY (%s) AND failing_since IS NULL
"""
_WORKING: Final = """
UPDATE webhooks_endpoint SET failing_since = NULL, warned_at = NULL
WHERE id = ANY (%s) AND failing_since IS NOT NULL
"""
# The change, who learns of it and its audit row, in one statement.
_DISABLE: Final = """
WITH disabled AS (
    UPDATE webhooks_endpoint SET state = 'disabled', state_reason = %s WHERE id = ANY (%s) AND state <> 'disabled'
    RETURNING public_id, url, app_id, state_reason
), noted AS (
    INSERT INTO gateway_audit (at, organization_id, verb, object_type, object_id, object_name, changes)
    SELECT clock_timestamp(), app.organization_id, 'endpoint.disable', 'endpoint', public_id, left(url, 255),
           jsonb_build_object('state', jsonb_build_array('enabled', 'disabled'), 'reason', disabled.state_reason)
    FROM disabled JOIN gateway_app AS app ON app.id = disabled.app_id
)
UPDATE gateway_revisioncounter SET value = value + 1 WHERE EXISTS (SELECT FROM disabled)
"""
_FAILING_ENDPOINTS: Final = """
SELECT endpoint.id, endpoint.failing_since, endpoint.warned_at, clock_timestamp() AS now,
       EXISTS (SELECT FROM webhooks_delivery AS delivery WHERE delivery.endpoint_id = endpoint.id
               AND delivery.state = 4 AND delivery.finished_at > endpoint.failing_since) AS exhausted
FROM webhooks_endpoint AS endpoint
WHERE endpoint.failing_since < clock_timestamp() - interval '1 hour' AND endpoint.state = 'enabled'
"""


@dataclass(frozen=True, slots=True)
class _Failing:
    """An endpoint in a run of failures."""

    id: int
    failing_since: dt.datetime
    warned_at: dt.datetime | None
    exhausted: bool
    """A delivery ran out of tries in this run."""
    now: dt.datetime
    """The database's clock."""


class EndpointHealth:
    """Follows the outcomes of one worker."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._failing: dict[int, bool] = {}

    async def note(self, outcomes: Sequence[Outcome], destinations: Destinations) -> None:
        """Write what changed with these outcomes. Raises psycopg.Error; the next change writes it then."""
        latest = {outcome.held.endpoint_id: outcome for outcome in outcomes}
        changed: dict[bool, list[int]] = {True: [], False: []}
        for endpoint_id, outcome in latest.items():
            failed = outcome.decision is not AttemptDecision.DELIVERED
            destination = destinations.get(outcome.held.lane_id)
            if failed != self._failing.get(endpoint_id, destination is not None and destination.failing):
                changed[failed].append(endpoint_id)
        await self._write(changed)
        gone = [held for held, outcome in latest.items() if outcome.decision is AttemptDecision.GONE]
        if gone:
            logger.warning("endpoints %s answered 410 and are disabled", gone)
            async with self._pool.connection() as connection:
                await connection.execute(_DISABLE, [GONE_REASON, gone])

    async def note_breakers(self, breakers: Mapping[int, Breaker]) -> None:
        """Write the breakers of lanes that opened or closed, for pages and for workers that start later."""
        async with self._pool.connection() as connection:
            for lane_id, breaker in breakers.items():
                await connection.execute(
                    "UPDATE webhooks_lane SET failures = %s, open_at = %s WHERE id = %s",
                    [breaker.failures, breaker.open_until, lane_id],
                )

    async def _write(self, changed: dict[bool, list[int]]) -> None:
        for failing, endpoints in changed.items():
            if endpoints:
                async with self._pool.connection() as connection:
                    await connection.execute(_FAILING if failing else _WORKING, [endpoints])
                self._failing.update(dict.fromkeys(endpoints, failing))


def judge_failing_endpoints(connection: Connection[Any]) -> None:
    """Warn about endpoints that have failed for long, disable those that did for too long (`Health.action`)."""
    for row in connection.cursor(row_factory=class_row(_Failing)).execute(_FAILING_ENDPOINTS).fetchall():
        action = Health(row.failing_since, row.warned_at, row.exhausted).action(row.now)
        if action is Action.DISABLE:
            reason = f"every delivery failed since {row.failing_since:%Y-%m-%d %H:%M} UTC"
            connection.execute(_DISABLE, [reason, [row.id]])
        elif action is Action.WARN:
            connection.execute("UPDATE webhooks_endpoint SET warned_at = %s WHERE id = %s", [row.now, row.id])
