"""Which day's partition a message goes to; partitions made in time and dropped when they are old and done."""

import datetime as dt
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection, sql

from webhooks.arrays import day_of
from webhooks.database import Pool

logger = logging.getLogger(__name__)

OVERFLOW_DAY: Final = day_of(0)
"""1970-01-01: for records whose own time lies outside the kept days."""

_TABLES: Final = ("webhooks_message", "webhooks_payload", "webhooks_delivery", "webhooks_attempt")
_DAY_ZERO: Final = dt.date(2000, 1, 1)
_SWEEP_LOCK: Final = 0x51DECE2  # of PostgreSQL's advisory locks

_ENSURE: Final = "SELECT webhooks_ensure_partitions(%s, %s)"
_CANCEL: Final = """
WITH gone AS (
    DELETE FROM webhooks_due AS due WHERE due.lease IS NULL AND (
        NOT EXISTS (SELECT FROM webhooks_lane AS lane WHERE lane.id = due.lane_id)
        OR due.day <= %s AND EXISTS (
            SELECT FROM webhooks_lane AS lane JOIN webhooks_endpoint AS endpoint ON endpoint.id = lane.endpoint_id
            WHERE lane.id = due.lane_id AND endpoint.state = 'disabled'
        )
    )
    RETURNING due.delivery_id, due.day
)
UPDATE webhooks_delivery AS delivery
SET state = 5, due_at = NULL, finished_at = clock_timestamp() FROM gone
WHERE delivery.id = gone.delivery_id AND delivery.day = gone.day
"""


@dataclass(frozen=True, slots=True)
class KeptDays:
    """The window of days that have partitions of their own: `retention` days back, one ahead."""

    retention: int

    def partition_of(self, record_ms: int) -> int:
        """The day (as `day_of` counts) whose partition holds a record of this time."""
        day, today = day_of(record_ms), day_of(int(time.time() * 1000))
        return day if today - self.retention <= day <= today + 1 else OVERFLOW_DAY

    def first(self) -> dt.date:
        """The oldest day kept."""
        return dt.datetime.now(dt.UTC).date() - dt.timedelta(days=self.retention)


def make_coming_partitions(connection: Connection[Any]) -> None:
    """Make the partitions of yesterday to the day after tomorrow. Safe to call from many workers at once."""
    today = dt.datetime.now(dt.UTC).date()
    connection.execute(_ENSURE, [today - dt.timedelta(days=1), today + dt.timedelta(days=2)])


async def ensure_partitions(pool: Pool, days: Iterable[int]) -> None:
    """Make the partitions of `days` (as `day_of` counts) that are missing; for records older than yesterday."""
    async with pool.connection() as connection:
        for day in sorted(set(days)):
            date = _DAY_ZERO + dt.timedelta(days=day)
            await connection.execute(_ENSURE, [date, date])


def drop_old_partitions(connection: Connection[Any], kept: KeptDays) -> list[str]:
    """Drop the partitions of days before the kept ones, but none with an unfinished delivery.

    What is left unfinished of a disabled endpoint, or of one that was deleted while an event was being published
    to it, is cancelled first. Overflow goes row by row, by when it was accepted.
    Returns the names of the tables dropped: none when another sweep is at it.
    """
    locked = connection.execute("SELECT pg_try_advisory_xact_lock(%s)", [_SWEEP_LOCK]).fetchone()
    if not locked or not locked[0]:
        return []
    first = kept.first()
    connection.execute(_CANCEL, [first])
    dropped = [name for day in _days_before(connection, first) for name in _drop_day(connection, day)]
    _delete_overflow(connection, first)
    return dropped


def _days_before(connection: Connection[Any], first: dt.date) -> list[dt.date]:
    rows = connection.execute(
        "SELECT relid::regclass::text FROM pg_partition_tree('webhooks_delivery') WHERE isleaf"
    ).fetchall()
    days = (dt.datetime.strptime(name[-8:], "%Y%m%d").replace(tzinfo=dt.UTC).date() for (name,) in rows)
    return sorted(day for day in days if _DAY_ZERO < day < first)


def _drop_day(connection: Connection[Any], day: dt.date) -> list[str]:
    unfinished = connection.execute(
        "SELECT EXISTS (SELECT FROM webhooks_due WHERE day = %s)", [day]
    ).fetchone()
    if unfinished and unfinished[0]:
        logger.warning("kept the partitions of %s: deliveries in them are unfinished", day)
        return []
    names = [f"{table}_{day:%Y%m%d}" for table in _TABLES]
    for name in names:
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(name)))
    return names


def _delete_overflow(connection: Connection[Any], first: dt.date) -> None:
    connection.execute(
        """
        WITH old AS (
            DELETE FROM webhooks_message AS message WHERE message.day = '1970-01-01' AND message.accepted_at < %s
            AND NOT EXISTS (SELECT FROM webhooks_delivery AS delivery JOIN webhooks_due AS due
                            ON due.delivery_id = delivery.id WHERE delivery.message_id = message.id
                            AND delivery.day = '1970-01-01')
            RETURNING id
        ), payloads AS (
            DELETE FROM webhooks_payload USING old WHERE message_id = old.id AND day = '1970-01-01'
        ), deliveries AS (
            DELETE FROM webhooks_delivery USING old WHERE message_id = old.id AND day = '1970-01-01'
            RETURNING webhooks_delivery.id
        )
        DELETE FROM webhooks_attempt USING deliveries
        WHERE delivery_id = deliveries.id AND day = '1970-01-01'
        """,
        [first],
    )
