"""What `pattern` and `join` remember, in PostgreSQL.

One worker at a time runs such a stream. Each write counts the version of the component up, and is refused when another
worker did so since: one that was taken for dead changes nothing any more.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection

from gateway.database import Pool
from streams.correlation.state import CorrelationStates, Record, StateError
from streams.spec import StreamIdentity

_BEGIN: Final = """
INSERT INTO gateway_correlation (definition_id, stream, component, key, value, owing, rules, version)
VALUES (%(definition)s, %(stream)s, %(component)s, '', '', false, %(rules)s, 1)
ON CONFLICT (definition_id, stream, component, key) DO UPDATE SET version = gateway_correlation.version + 1
RETURNING value, rules, version
"""
_FORGET: Final = """
DELETE FROM gateway_correlation
WHERE (definition_id, stream, component) = (%(definition)s, %(stream)s, %(component)s) AND key <> ''
"""
_RULES: Final = """
UPDATE gateway_correlation SET rules = %(rules)s, value = ''
WHERE (definition_id, stream, component) = (%(definition)s, %(stream)s, %(component)s) AND key = ''
"""
_LOAD: Final = """
SELECT key, value FROM gateway_correlation
WHERE (definition_id, stream, component) = (%(definition)s, %(stream)s, %(component)s) AND key = ANY(%(keys)s)
"""
_DUE: Final = """
SELECT key FROM gateway_correlation
WHERE (definition_id, stream, component) = (%(definition)s, %(stream)s, %(component)s) AND due <= %(moment)s
ORDER BY due LIMIT %(limit)s
"""
_NEXT_DUE: Final = """
SELECT min(due) FROM gateway_correlation
WHERE (definition_id, stream, component) = (%(definition)s, %(stream)s, %(component)s) AND due IS NOT NULL
"""
_OWING: Final = """
SELECT key FROM gateway_correlation
WHERE (definition_id, stream, component) = (%(definition)s, %(stream)s, %(component)s) AND owing
"""
_COMMON: Final = """
UPDATE gateway_correlation SET value = %(common)s, version = version + 1
WHERE (definition_id, stream, component) = (%(definition)s, %(stream)s, %(component)s) AND key = ''
    AND version = %(version)s
"""
_SAVE: Final = """
INSERT INTO gateway_correlation (definition_id, stream, component, key, value, due, owing, rules, version)
SELECT %(definition)s, %(stream)s, %(component)s, given.key, given.value, given.due, given.owing, '', 0
FROM unnest(%(keys)s::text[], %(values)s::bytea[], %(dues)s::bigint[], %(owing)s::bool[])
    AS given (key, value, due, owing)
ON CONFLICT (definition_id, stream, component, key)
DO UPDATE SET value = excluded.value, due = excluded.due, owing = excluded.owing
"""
_DELETE: Final = """
DELETE FROM gateway_correlation
WHERE (definition_id, stream, component) = (%(definition)s, %(stream)s, %(component)s) AND key = ANY(%(keys)s)
"""


class PostgresCorrelationStates(CorrelationStates):
    """The states of all streams."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def state(self, stream: StreamIdentity, component: str, rules: str) -> PostgresCorrelationState:
        """The state of one component."""
        place = {"definition": stream.definition_id, "stream": stream.stream_name, "component": component}
        return PostgresCorrelationState(self._pool, {**place, "rules": rules})


class PostgresCorrelationState:
    """The state of one component (`streams.correlation.state.CorrelationState`)."""

    def __init__(self, pool: Pool, place: Mapping[str, Any]) -> None:
        self._pool = pool
        self._place = place
        self._version = 0

    async def begin(self) -> bytes | None:
        """Take the state over; what was kept under other rules is forgotten."""
        async with self._connection() as connection, connection.transaction():
            row = await (await connection.execute(_BEGIN, self._place)).fetchone()
            assert row is not None  # noqa: S101 - the statement returns what it wrote
            value, rules, self._version = row
            if rules != self._place["rules"]:
                await connection.execute(_FORGET, self._place)
                await connection.execute(_RULES, self._place)
                value = b""
        return bytes(value) or None

    async def load(self, keys: Sequence[str]) -> dict[str, bytes]:
        """What is kept of these keys."""
        if not keys:
            return {}
        rows = await self._rows(_LOAD, keys=list(keys))
        return {key: bytes(value) for key, value in rows}

    async def due(self, moment: int, limit: int) -> list[str]:
        """Keys that are due, those first that are so for longest."""
        return [key for (key,) in await self._rows(_DUE, moment=moment, limit=limit)]

    async def next_due(self) -> int | None:
        """The first moment at which a key is due."""
        [(due,)] = await self._rows(_NEXT_DUE)
        return None if due is None else int(due)

    async def owing(self) -> list[str]:
        """Keys with matches that nobody has taken over yet."""
        return [key for (key,) in await self._rows(_OWING)]

    async def save(self, common: bytes, records: Mapping[str, Record | None]) -> None:
        """Keep all of this, unless another worker has taken the state over."""
        kept = {key: record for key, record in records.items() if record is not None}
        gone = [key for key, record in records.items() if record is None]
        async with self._connection() as connection, connection.transaction():
            values = {**self._place, "common": common, "version": self._version}
            cursor = await connection.execute(_COMMON, values)
            if not cursor.rowcount:
                raise StateError("another worker has taken this stream over")
            if kept:
                await connection.execute(_SAVE, {**self._place, **_columns(kept)})
            if gone:
                await connection.execute(_DELETE, {**self._place, "keys": gone})
        self._version += 1

    async def _rows(self, statement: str, **values: Any) -> list[Any]:
        async with self._connection() as connection:
            return await (await connection.execute(statement, {**self._place, **values})).fetchall()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection[Any]]:
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (psycopg.Error, OSError) as error:
            raise StateError(f"the database did not answer: {error}") from error


def _columns(kept: Mapping[str, Record]) -> dict[str, list[Any]]:
    return {
        "keys": list(kept),
        "values": [record.value for record in kept.values()],
        "dues": [record.due for record in kept.values()],
        "owing": [record.owing for record in kept.values()],
    }
