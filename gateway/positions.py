"""Positions of callers in PostgreSQL: held by one process at a time, written in bulk after hand-over.

A holder has a token that grows with each change of holder. Whatever a process writes is conditional on its token, so
that one that was taken for dead moves nothing any more. Times are the database's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import orjson
import psycopg

from gateway.database import Pool
from streams.spec import StreamIdentity

HELD_SECONDS: Final = 6.0
"""How long a place is held after the last sign of its holder."""

# Taken when nobody has it, its holder is silent, or it is ours.
_HOLD: Final = """
INSERT INTO gateway_position AS position (definition_id, stream, digest, consumer_group, offsets, holder, token,
    held_until, updated_at)
SELECT id, %(stream)s, %(digest)s, %(group)s, '{}', %(holder)s, 1,
    clock_timestamp() + make_interval(secs => %(seconds)s), clock_timestamp()
FROM gateway_apidefinition WHERE id = %(definition)s
ON CONFLICT (definition_id, stream, digest) DO UPDATE SET
    token = position.token + 1, holder = excluded.holder, held_until = excluded.held_until
WHERE position.held_until < clock_timestamp()
RETURNING id, token, offsets
"""
_SAVE: Final = """
UPDATE gateway_position AS position SET
    offsets = position.offsets || given.offsets::jsonb,
    held_until = CASE WHEN given.released THEN 'epoch'
        ELSE clock_timestamp() + make_interval(secs => %s) END,
    updated_at = clock_timestamp()
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::boolean[]) AS given (id, token, offsets, released)
WHERE position.id = given.id AND position.token = given.token
RETURNING position.id
"""
_FORGET: Final = """
DELETE FROM gateway_position
WHERE updated_at < clock_timestamp() - make_interval(days => %s) AND held_until < clock_timestamp()
"""


@dataclass(frozen=True, slots=True)
class HeldPosition:
    """The right to serve a resolved consumer group, and where it stands."""

    id: int
    token: int
    offsets: Mapping[str, int]
    """`topic/partition` to the offset to read next; empty: nothing was read yet."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What is to be written of a position that is held."""

    held: HeldPosition
    offsets: Mapping[str, int]
    """What has moved."""
    released: bool = False
    """Another process may hold it from now on."""


class PostgresPositions:
    """The positions one process works with."""

    def __init__(self, pool: Pool, process: str) -> None:
        """process: an id that is new at each start."""
        self._pool = pool
        self._process = process

    async def hold(self, stream: StreamIdentity, consumer_group: str) -> HeldPosition | None:
        """Take the place of a resolved consumer group; None while it is taken. Raises psycopg.Error."""
        values = {
            "definition": stream.definition_id,
            "stream": stream.stream_name,
            "digest": blake2b(consumer_group.encode(), digest_size=32).digest(),
            "group": consumer_group[:255].replace("\0", ""),
            "holder": self._process,
            "seconds": HELD_SECONDS,
        }
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_HOLD, values)).fetchone()
        return None if row is None else HeldPosition(*row)

    async def save(self, changes: Sequence[Progress]) -> frozenset[int]:
        """Write what has moved, and go on holding what is not released. Raises psycopg.Error.

        Returns the ids of those that another process holds now: nothing was written of them.
        """
        columns = [
            [change.held.id for change in changes],
            [change.held.token for change in changes],
            [orjson.dumps(change.offsets).decode() for change in changes],
            [change.released for change in changes],
        ]
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_SAVE, [HELD_SECONDS, *columns])).fetchall()
        return frozenset(change.held.id for change in changes) - {int(row[0]) for row in rows}


def forget_positions(connection: "psycopg.Connection", days: int) -> int:
    """Delete positions that nobody has moved for so many days. Returns how many. Raises psycopg.Error."""
    return connection.execute(_FORGET, [days]).rowcount
