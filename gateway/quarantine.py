"""Where streams put the messages they could not process."""

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any, Final

import psycopg

from gateway.database import Pool
from streams.errors import OutputError
from streams.message import Message, Source
from streams.quarantine import Handle, QuarantinedMessage
from streams.spec import StreamIdentity

_HOLD: Final = """
INSERT INTO gateway_quarantine (definition_id, stream, revision, stage, line, error, content, metadata, position,
    identity, state, created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'held', clock_timestamp())
ON CONFLICT (identity) DO NOTHING
"""

_RELEASABLE: Final = """
SELECT id, coalesce(edited, content), metadata, position, identity, created_at FROM gateway_quarantine
WHERE definition_id = %s AND stream = %s AND state = 'retrying' ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED
"""


class PostgresQuarantine:
    """The quarantine of all streams (`streams.quarantine.QuarantineSink`)."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def hold(self, messages: Sequence[QuarantinedMessage]) -> None:
        """Return when all are committed; a message that is there already stays as it is. Raises OutputError."""
        try:
            async with self._pool.connection() as connection, connection.transaction():
                await connection.cursor().executemany(_HOLD, [_columns(message) for message in messages])
        except psycopg.Error as error:
            raise OutputError(f"PostgreSQL did not take messages for quarantine: {error}") from error

    async def release(self, stream: StreamIdentity, handle: Handle) -> None:
        """Give `handle` what somebody wants retried, and note that it was dealt with. Raises psycopg.Error.

        The rows are locked meanwhile, so that one process retries them. A crash before the commit: they are retried
        again, under the same identity. What fails again is held anew by whoever handles it.
        """
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(_RELEASABLE, [stream.definition_id, stream.stream_name])
            rows = await cursor.fetchall()
            if rows:
                await handle([_message(*row[1:]) for row in rows])
                await connection.execute(
                    "UPDATE gateway_quarantine SET state = 'retried' WHERE id = ANY (%s)",
                    [[row[0] for row in rows]],
                )


def _message(
    content: bytes, metadata: dict[str, Any], position: str, identity: bytes, held_at: dt.datetime
) -> Message:
    source = Source(b"quarantine/" + identity, int(held_at.timestamp() * 1000), position)
    return Message(content, metadata=metadata, source=source)


def _columns(message: QuarantinedMessage) -> tuple[Any, ...]:
    return (
        message.stream.definition_id,
        message.stream.stream_name,
        message.stream.revision,
        message.stage[:200],
        message.line,
        message.error.replace("\0", ""),
        message.content,
        json.dumps(message.metadata, default=str).replace("\\u0000", ""),
        message.position[:255],
        message.identity,
    )
