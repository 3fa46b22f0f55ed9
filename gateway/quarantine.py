"""Where streams put the messages they could not process."""

import json
from collections.abc import Sequence
from typing import Any, Final

import psycopg

from gateway.database import Pool
from streams.errors import OutputError
from streams.quarantine import QuarantinedMessage

_HOLD: Final = """
INSERT INTO gateway_quarantine (definition_id, stream, revision, stage, line, error, content, metadata, position,
    identity, state, created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'held', clock_timestamp())
ON CONFLICT (identity) DO NOTHING
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
