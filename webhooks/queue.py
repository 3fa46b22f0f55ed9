"""The queue in PostgreSQL: lease what is due, write outcomes, take over from the dead.

A row of `webhooks_due` is one unfinished delivery. Its `lease` is the epoch of the worker that holds it; an epoch
lives as long as its row in `webhooks_deliveryworker` is touched. Every change of a leased row says
`WHERE lease = <own epoch>`: a worker that was taken for dead changes nothing any more. All times are PostgreSQL's.
"""

import datetime as dt
import os
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from psycopg.rows import class_row

from webhooks import arrays
from webhooks.database import Pool
from webhooks.exchange import Exchange
from webhooks.models import AttemptDecision, DeliveryState
from webhooks.publish import Held

STALE_AFTER: Final = dt.timedelta(seconds=4)
"""An epoch not touched for so long is dead. With a beat and a look each second, what it held goes out in 6 s."""

# A skip scan: one index probe per lane that has free rows, however many rows a lane has.
_LANES: Final = """
WITH RECURSIVE lanes AS (
    (SELECT lane_id, due_at FROM webhooks_due WHERE lease IS NULL AND lane_id > %s ORDER BY lane_id, due_at LIMIT 1)
    UNION ALL
    SELECT following.lane_id, following.due_at FROM lanes CROSS JOIN LATERAL (
        SELECT lane_id, due_at FROM webhooks_due WHERE lease IS NULL AND lane_id > lanes.lane_id
        ORDER BY lane_id, due_at LIMIT 1
    ) AS following
)
SELECT lane_id, extract(epoch FROM due_at - clock_timestamp())::float8 AS due_in FROM lanes LIMIT %s
"""

# `statement_timestamp` and not the clock itself: only what stands still during a statement can end an index scan, and
# a lane may have a million rows that are due later. An array of ids and not a join, so that each is looked up.
_LEASE: Final = """
UPDATE webhooks_due SET lease = %s
WHERE delivery_id = ANY (ARRAY(
    SELECT free.delivery_id FROM unnest(%b::bigint[], %b::bigint[]) AS wanted (lane_id, room)
    CROSS JOIN LATERAL (
        SELECT delivery_id FROM webhooks_due
        WHERE lane_id = wanted.lane_id AND lease IS NULL AND due_at <= statement_timestamp()
        ORDER BY due_at LIMIT wanted.room FOR UPDATE SKIP LOCKED
    ) AS free
))
RETURNING delivery_id, day, lane_id, attempts, manual
"""

# The days are given apart from the join, so that partitions are ruled out before the statement starts.
_LOAD: Final = """
SELECT delivery.id, delivery.endpoint_id, delivery.message_id, payload.body, payload.content_type, payload.headers
FROM unnest(%b::bigint[], %b::date[]) AS taken (id, day)
CROSS JOIN LATERAL (
    SELECT id, endpoint_id, message_id FROM webhooks_delivery
    WHERE id = taken.id AND day = taken.day AND day = ANY (%b::date[]) LIMIT 1
) AS delivery
CROSS JOIN LATERAL (
    SELECT body, content_type, headers FROM webhooks_payload
    WHERE message_id = delivery.message_id AND day = taken.day AND day = ANY (%b::date[]) LIMIT 1
) AS payload
"""

# `IS NOT DISTINCT FROM` and not `=`, which it is here: the planner would take the index by lease, under which all that
# a worker holds stands, and look through it for each row.
_OUTCOMES: Final = """
WITH outcome AS (
    SELECT * FROM unnest(%b::bigint[], %b::date[], %b::smallint[], %b::float8[], %b::smallint[], %b::text[],
                         %b::bigint[])
    AS made (id, day, state, retry_in, status, error, lease)
), finished AS (
    DELETE FROM webhooks_due AS due USING outcome
    WHERE due.delivery_id = outcome.id AND due.lease IS NOT DISTINCT FROM outcome.lease
      AND outcome.retry_in IS NULL
    RETURNING due.delivery_id, NULL::timestamptz AS due_at
), again AS (
    UPDATE webhooks_due AS due SET lease = NULL, attempts = due.attempts + 1, manual = false,
        due_at = clock_timestamp() + make_interval(secs => outcome.retry_in)
    FROM outcome
    WHERE due.delivery_id = outcome.id AND due.lease IS NOT DISTINCT FROM outcome.lease
      AND outcome.retry_in IS NOT NULL
    RETURNING due.delivery_id, due.due_at
)
UPDATE webhooks_delivery AS delivery SET
    state = outcome.state, attempts = delivery.attempts + 1, due_at = held.due_at,
    finished_at = CASE WHEN held.due_at IS NULL THEN clock_timestamp() END,
    last_status = outcome.status, last_error = outcome.error
FROM outcome JOIN (SELECT * FROM finished UNION ALL SELECT * FROM again) AS held ON held.delivery_id = outcome.id
WHERE delivery.id = outcome.id AND delivery.day = outcome.day AND delivery.day = ANY (%b::date[])
RETURNING delivery.id, delivery.due_at
"""

_ATTEMPTS: Final = """
COPY webhooks_attempt (day, delivery_id, number, manual, at, signed_at, signature, status, error, detail, dns_ms,
    connect_ms, tls_ms, first_byte_ms, total_ms, response_headers, response_body, decision, next_at)
FROM STDIN (FORMAT BINARY)
"""
_ATTEMPT_TYPES: Final = (
    *("date", "int8", "int2", "bool", "timestamptz", "int8", "text", "int2", "text", "text"),
    *("float4",) * 5,
    *("text", "bytea", "int2", "timestamptz"),
)

_RELEASE: Final = "UPDATE webhooks_due SET lease = NULL WHERE lease = %s"

# A skip scan again: one probe per epoch that holds rows. By what is held and not by who has just died, since a
# worker that slept through its own death may have written rows under its old epoch a moment ago.
_FREE_ORPHANS: Final = """
WITH RECURSIVE holder AS (
    (SELECT lease FROM webhooks_due WHERE lease IS NOT NULL ORDER BY lease LIMIT 1)
    UNION ALL
    SELECT following.lease FROM holder CROSS JOIN LATERAL (
        SELECT lease FROM webhooks_due WHERE lease > holder.lease ORDER BY lease LIMIT 1
    ) AS following
)
UPDATE webhooks_due SET lease = NULL WHERE lease IN (
    SELECT lease FROM holder
    WHERE NOT EXISTS (SELECT FROM webhooks_deliveryworker AS worker WHERE worker.epoch = holder.lease)
)
"""

_TAKEOVER_LOCK: Final = 0x51DECE  # of PostgreSQL's advisory locks; one sweeper at a time is enough


@dataclass(frozen=True, slots=True)
class LaneDue:
    """A lane with free rows."""

    lane_id: int
    due_in: float
    """Seconds until its first row is due; negative: since when it is."""


class Outcome(NamedTuple):
    """What came of one try, to be written down; a tuple, as the cheapest to make."""

    held: Held
    state: DeliveryState
    decision: AttemptDecision
    retry_in: float | None
    """Seconds until the next try; None: there is none."""
    at: dt.datetime
    """When the try began."""
    signed_at: int
    """The webhook-timestamp: Unix seconds."""
    signature: str
    exchange: Exchange


async def begin_epoch(pool: Pool) -> int:
    """Register this process as a worker; returns its epoch."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "INSERT INTO webhooks_deliveryworker (host, pid) VALUES (%s, %s) RETURNING epoch",
            [socket.gethostname(), os.getpid()],
        )
        row = await cursor.fetchone()
    assert row is not None, "INSERT ... RETURNING gives a row"  # noqa: S101 - for mypy
    return int(row[0])


async def beat(pool: Pool, epoch: int) -> bool:
    """Say that `epoch` lives. False: it was taken for dead, and what it held is others'."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "UPDATE webhooks_deliveryworker SET seen_at = clock_timestamp() WHERE epoch = %s", [epoch]
        )
        return cursor.rowcount == 1


async def end_epoch(pool: Pool, epoch: int) -> None:
    """Give everything back and leave."""
    async with pool.connection() as connection:
        await connection.execute(_RELEASE, [epoch])
        await connection.execute("DELETE FROM webhooks_deliveryworker WHERE epoch = %s", [epoch])


async def take_over(pool: Pool) -> int:
    """Free what dead epochs hold; returns how many rows. Rows go free before or with their epoch's end, never after."""
    async with pool.connection() as connection:
        locked = await (
            await connection.execute("SELECT pg_try_advisory_xact_lock(%s)", [_TAKEOVER_LOCK])
        ).fetchone()
        if not locked or not locked[0]:
            return 0
        await connection.execute(
            "DELETE FROM webhooks_deliveryworker WHERE seen_at < clock_timestamp() - %s::interval",
            [STALE_AFTER],
        )
        return (await connection.execute(_FREE_ORPHANS)).rowcount


async def lanes_with_work(pool: Pool, after: int, limit: int) -> list[LaneDue]:
    """Up to `limit` lanes with free rows, by id, from the one after `after`."""
    async with pool.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(LaneDue))
        return await (await cursor.execute(_LANES, [after, limit])).fetchall()


async def lease(pool: Pool, epoch: int, rooms: Sequence[tuple[int, int]]) -> list[Held]:
    """Take up to `room` due rows of each (lane, room). A crash right after: the rows go free with the epoch."""
    lanes = arrays.int8s([lane for lane, _ in rooms])
    async with pool.connection() as connection:
        cursor = await connection.execute(_LEASE, [epoch, lanes, arrays.int8s([room for _, room in rooms])])
        taken = await cursor.fetchall()
        if not taken:
            return []
        days = [_day_number(row[1]) for row in taken]
        distinct = arrays.dates(sorted(set(days)))
        parameters = [arrays.int8s([row[0] for row in taken]), arrays.dates(days), distinct, distinct]
        loaded = await (await connection.execute(_LOAD, parameters)).fetchall()
    content = {row[0]: row[1:] for row in loaded}
    return [_held(epoch, row, content[row[0]]) for row in taken]


def _held(epoch: int, row: tuple[Any, ...], content: tuple[Any, ...]) -> Held:
    delivery_id, day, lane_id, attempts, manual = row
    endpoint_id, message_id, body, content_type, headers = content
    return Held(
        epoch=epoch,
        delivery_id=delivery_id,
        day=_day_number(day),
        lane_id=lane_id,
        endpoint_id=endpoint_id,
        message_id=message_id.bytes,
        body=body,
        content_type=content_type,
        headers=headers,
        attempts=attempts,
        manual=manual,
    )


async def leased_by(pool: Pool, epoch: int) -> set[int]:
    """The deliveries that an epoch holds, as the database sees it."""
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT delivery_id FROM webhooks_due WHERE lease = %s", [epoch])
        return {row[0] for row in await cursor.fetchall()}


async def free(pool: Pool, epoch: int, delivery_ids: Iterable[int]) -> None:
    """Free rows that an epoch holds."""
    async with pool.connection() as connection:
        await connection.execute(
            "UPDATE webhooks_due SET lease = NULL WHERE lease IS NOT DISTINCT FROM %s AND delivery_id = ANY (%s)",
            [epoch, list(delivery_ids)],
        )


async def give_back(pool: Pool, returned: Sequence[Held]) -> None:
    """Free rows that were leased and are not to be sent now, such as those of an endpoint disabled since."""
    async with pool.connection() as connection:
        await connection.execute(
            """
            UPDATE webhooks_due AS due SET lease = NULL
            FROM unnest(%b::bigint[], %b::bigint[]) AS held (id, lease)
            WHERE due.delivery_id = held.id AND due.lease IS NOT DISTINCT FROM held.lease
            """,
            [
                arrays.int8s([held.delivery_id for held in returned]),
                arrays.int8s([held.epoch for held in returned]),
            ],
        )


async def record(pool: Pool, outcomes: Sequence[Outcome]) -> None:
    """Write outcomes and attempts in one transaction.

    An outcome whose row its epoch no longer holds changes nothing; its attempt alone is kept, marked late.
    A crash before the commit: the rows stay leased, go free with the epoch, and are sent again under the same id. The
    same comes of a crash of PostgreSQL in the fraction of a second before it has written the commit to disk, and so
    nobody waits for that here: the disk is left to what accepts events.
    """
    async with pool.connection() as connection, connection.transaction():
        await connection.execute("SET LOCAL synchronous_commit = off")
        cursor = await connection.execute(_OUTCOMES, _outcome_parameters(outcomes))
        due_at = dict(await cursor.fetchall())
        async with connection.cursor() as copying, copying.copy(_ATTEMPTS) as copy:
            copy.set_types(_ATTEMPT_TYPES)
            for outcome in outcomes:
                await copy.write_row(_attempt_row(outcome, due_at))


def _outcome_parameters(outcomes: Sequence[Outcome]) -> list[Any]:
    days = [outcome.held.day for outcome in outcomes]
    return [
        arrays.int8s([outcome.held.delivery_id for outcome in outcomes]),
        arrays.dates(days),
        arrays.int2s([outcome.state for outcome in outcomes]),
        arrays.nullable_float8s([outcome.retry_in for outcome in outcomes]),
        arrays.nullable_int2s([outcome.exchange.status for outcome in outcomes]),
        arrays.texts([outcome.exchange.error for outcome in outcomes]),
        arrays.int8s([outcome.held.epoch for outcome in outcomes]),
        arrays.dates(sorted(set(days))),
    ]


def _attempt_row(outcome: Outcome, due_at: dict[int, dt.datetime | None]) -> tuple[Any, ...]:
    held, exchange = outcome.held, outcome.exchange
    on_time = held.delivery_id in due_at
    return (
        _DAY_ZERO + dt.timedelta(days=held.day),
        held.delivery_id,
        held.attempts + 1,
        held.manual,
        outcome.at,
        outcome.signed_at,
        outcome.signature,
        exchange.status,
        exchange.error,
        exchange.detail,
        exchange.phases.dns,
        exchange.phases.connect,
        exchange.phases.tls,
        exchange.first_byte_ms,
        exchange.total_ms,
        exchange.headers_text(),
        exchange.body or None,
        int(outcome.decision if on_time else AttemptDecision.LATE),
        due_at.get(held.delivery_id),
    )


_DAY_ZERO: Final = dt.date(2000, 1, 1)


def _day_number(day: dt.date) -> int:
    return (day - _DAY_ZERO).days
