"""From events of a stream to rows: match subscribers, then message, payload, deliveries and queue in one transaction.

The order of steps, and the crash each survives:

1. The input has read a record and not committed its offset: a crash reads it again.
2. The transaction below. A crash before its commit leaves nothing; after it, the record is read again and its
   message id (a digest of where it came from) is there already, so that it adds nothing.
3. The caller acknowledges, and the input commits the offset.

Events that wait while a transaction runs share the next one, so that many quiet streams cost one commit together.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, NamedTuple, Protocol

import psycopg

from streams.errors import OutputError
from webhooks import arrays
from webhooks.database import Pool
from webhooks.handover import Handovers
from webhooks.partitions import KeptDays, ensure_partitions
from webhooks.subscribers import Recipient, Subscribers

logger = logging.getLogger(__name__)

MAX_BATCH: Final = 500
"""Events in one transaction."""

WRITERS: Final = 2
"""Transactions at a time: while one waits for the disk, the next is made."""

_PUBLISH: Final = """
WITH incoming AS (
    SELECT * FROM unnest(%b::uuid[], %b::date[], %b::bigint[], %b::bigint[], %b::text[], %b::text[], %b::text[],
                         %b::timestamptz[], %b::bigint[], %b::text[], %b::bytea[], %b::bytea[])
    WITH ORDINALITY AS event (id, day, organization_id, definition_id, stream, event_type, position, record_at,
                              matched, content_type, headers, body, ordinal)
), fresh AS (
    INSERT INTO webhooks_message
        (id, day, organization_id, definition_id, stream, event_type, position, record_at, matched, offered)
    SELECT id, day, organization_id, definition_id, stream, event_type, position, record_at, matched, body IS NOT NULL
    FROM incoming
    ON CONFLICT DO NOTHING RETURNING id
), stored AS (
    INSERT INTO webhooks_payload (message_id, day, content_type, headers, body)
    SELECT id, day, content_type, headers, body FROM incoming JOIN fresh USING (id) WHERE body IS NOT NULL
), planned AS MATERIALIZED (
    SELECT nextval('webhooks_delivery_id_seq') AS delivery_id, target.place, target.endpoint_id, target.lane_id,
           target.leased, incoming.id, incoming.day, incoming.event_type, clock_timestamp() AS due_at
    FROM unnest(%b::bigint[], %b::bigint[], %b::bigint[], %b::boolean[])
         WITH ORDINALITY AS target (ordinal, endpoint_id, lane_id, leased, place)
    JOIN incoming USING (ordinal) JOIN fresh USING (id)
), history AS (
    INSERT INTO webhooks_delivery (id, day, message_id, endpoint_id, event_type, state, due_at)
    SELECT delivery_id, day, id, endpoint_id, event_type, 0, due_at FROM planned
), queue AS (
    INSERT INTO webhooks_due (delivery_id, day, lane_id, due_at, lease)
    SELECT delivery_id, day, lane_id, due_at, CASE WHEN leased THEN %s::bigint END FROM planned
)
SELECT place, delivery_id FROM planned
"""


class Event(NamedTuple):
    """One event of a stream, as the `portal_webhook` output hands it over; a tuple, as the cheapest to make."""

    id: bytes
    """16 bytes, see `event_id`."""
    organization_id: int
    definition_id: int
    stream: str
    event_type: str
    position: str
    record_ms: int
    """The record's own time in Unix milliseconds."""
    body: bytes
    content_type: str
    headers: bytes = b""
    """The stream's own header lines, each ended by CR LF."""


@dataclass(slots=True)
class Held:
    """A delivery this worker holds the lease of, with all that a try needs."""

    epoch: int
    """The lease it is held under."""
    delivery_id: int
    day: int
    lane_id: int
    endpoint_id: int
    message_id: bytes
    body: bytes
    content_type: str
    headers: bytes = b""
    attempts: int = 0
    """Tries made before this one."""
    manual: bool = False


class Dispatcher(Protocol):
    """Who sends. The delivery engine of the same process."""

    @property
    def epoch(self) -> int:
        """The lease this worker writes on rows it takes."""

    async def room(self, wanted: int) -> int:
        """How many deliveries to make now, of `wanted`; waits for room, but not for long."""

    def take(self, lane_id: int) -> bool:
        """Reserve room for one more delivery of the lane; False when it is full or held back."""

    def give_back(self, lane_id: int) -> None:
        """Free a reservation that came to nothing."""

    def send(self, held: Held) -> None:
        """Send what was reserved and is now leased in the database."""

    def wake(self) -> None:
        """Rows were queued that nobody holds."""

    def suspect(self) -> None:
        """A statement that leases rows failed, and may have been carried out all the same."""


class _Target(NamedTuple):
    event: Event
    ordinal: int
    recipient: Recipient
    leased: bool


def event_id(stream_key: bytes, source: bytes, ordinal: int, event_type: bytes) -> bytes:
    """Identity of an event (16 bytes): which stream, which record, which of the messages made of it, which type.

    Each part is preceded by its length, so that no two different sets of parts digest the same bytes.
    """
    digest = blake2b(digest_size=16)
    head = b"%d:%b%d:%b%d:" % (len(stream_key), stream_key, len(source), source, ordinal)
    digest.update(head + event_type)
    return digest.digest()


class Publisher:
    """Takes events of any stream of this process and writes them down together."""

    def __init__(
        self,
        pool: Pool,
        dispatcher: Dispatcher,
        subscribers: Callable[[], Subscribers],
        kept: KeptDays,
    ) -> None:
        self._pool = pool
        self._dispatcher = dispatcher
        self._subscribers = subscribers
        self._kept = kept
        self._waiting: Handovers[Event] = Handovers()
        self._writing = 0
        self._writers: set[asyncio.Task[None]] = set()
        self._fan_out = 1.0  # deliveries made of an event lately

    async def publish(self, events: Sequence[Event]) -> None:
        """Return when all of `events` are in the database. Raises OutputError when they could not be written."""
        written = self._waiting.add(events)
        if self._writing < WRITERS:
            self._writing += 1
            writer = asyncio.create_task(self._write_waiting())
            self._writers.add(writer)
            writer.add_done_callback(self._writers.discard)
        await written

    async def _write_waiting(self) -> None:
        while waiting := len(self._waiting):
            wanted = min(waiting, MAX_BATCH)
            room = await self._dispatcher.room(int(wanted * self._fan_out))
            group = self._waiting.take(max(1, min(wanted, int(room / self._fan_out))))
            if group.items:  # the other writer may have taken them meanwhile
                group.finish(await self._written(group.items))
        self._writing -= 1

    async def _written(self, events: Sequence[Event]) -> OutputError | None:
        """Write events; None: they are in the database."""
        try:
            await self._write(events)
        except OutputError as refusal:
            return refusal
        except psycopg.Error as problem:
            self._dispatcher.suspect()
            logger.warning("publish failed, the events go back to their inputs: %s", problem)
            return OutputError(f"PostgreSQL did not take the events: {problem}")
        except Exception as fault:
            logger.exception("publish failed by a fault of its own, the events go back to their inputs")
            return OutputError(repr(fault))
        return None

    async def _write(self, events: Sequence[Event]) -> None:
        epoch = self._dispatcher.epoch
        targets, parameters = self._plan(events, epoch)
        self._fan_out = max(1.0, 0.8 * self._fan_out + 0.2 * len(targets) / len(events))
        try:
            rows = await self._insert(
                parameters, {self._kept.partition_of(event.record_ms) for event in events}
            )
        except BaseException:
            for target in targets:
                if target.leased:
                    self._dispatcher.give_back(target.recipient.lane_id)
            raise
        self._hand_over(targets, dict(rows), epoch)

    def _plan(self, events: Sequence[Event], epoch: int) -> tuple[list[_Target], list[Any]]:
        """Match, reserve room, and lay the statement's columns out."""
        subscribers, now = self._subscribers(), time.time()
        matches = [subscribers.match(event.definition_id, event.event_type, now) for event in events]
        targets = [
            _Target(event, ordinal, recipient, self._dispatcher.take(recipient.lane_id))
            for ordinal, (event, recipients) in enumerate(zip(events, matches, strict=True), 1)
            for recipient in recipients
        ]
        return targets, [
            *_event_columns(events, matches, subscribers, self._kept),
            arrays.int8s([target.ordinal for target in targets]),
            arrays.int8s([target.recipient.endpoint_id for target in targets]),
            arrays.int8s([target.recipient.lane_id for target in targets]),
            arrays.booleans([target.leased for target in targets]),
            epoch,
        ]

    async def _insert(self, parameters: list[Any], days: set[int]) -> list[tuple[int, int]]:
        """One transaction, tried once more when another worker was in its way or a day has no partition yet."""
        try:
            return await self._insert_once(parameters)
        except psycopg.errors.DeadlockDetected:
            return await self._insert_once(parameters)
        except psycopg.errors.CheckViolation:  # how PostgreSQL says that no partition takes the row
            await ensure_partitions(self._pool, days)
            return await self._insert_once(parameters)

    async def _insert_once(self, parameters: list[Any]) -> list[tuple[int, int]]:
        async with self._pool.connection() as connection:
            return await (await connection.execute(_PUBLISH, parameters)).fetchall()

    def _hand_over(self, targets: list[_Target], delivery_ids: dict[int, int], epoch: int) -> None:
        """Send what this worker holds; a target without an id was a message already known."""
        queued = False
        for place, target in enumerate(targets, 1):
            delivery_id = delivery_ids.get(place)
            if not target.leased:
                queued = queued or delivery_id is not None
            elif delivery_id is None:
                self._dispatcher.give_back(target.recipient.lane_id)
            else:
                self._dispatcher.send(self._held(target, delivery_id, epoch))
        if queued:
            self._dispatcher.wake()

    def _held(self, target: _Target, delivery_id: int, epoch: int) -> Held:
        event, recipient = target.event, target.recipient
        return Held(
            epoch,
            delivery_id,
            self._kept.partition_of(event.record_ms),
            recipient.lane_id,
            recipient.endpoint_id,
            event.id,
            event.body,
            event.content_type,
            event.headers,
        )


def _event_columns(
    events: Sequence[Event],
    matches: Sequence[tuple[Recipient, ...]],
    subscribers: Subscribers,
    kept: KeptDays,
) -> list[arrays.BinaryArray]:
    """The statement's first twelve parameters. What no product offers keeps no payload."""
    offered = subscribers.offered
    return [
        arrays.uuids([event.id for event in events]),
        arrays.dates([kept.partition_of(event.record_ms) for event in events]),
        arrays.int8s([event.organization_id for event in events]),
        arrays.int8s([event.definition_id for event in events]),
        arrays.texts([event.stream for event in events]),
        arrays.texts([event.event_type for event in events]),
        arrays.texts([event.position for event in events]),
        arrays.timestamps([event.record_ms for event in events]),
        arrays.int8s([len(recipients) for recipients in matches]),
        arrays.texts([event.content_type for event in events]),
        arrays.byteas([event.headers for event in events]),
        arrays.byteas(
            [event.body if (event.definition_id, event.event_type) in offered else None for event in events]
        ),
    ]
