"""Polls of sources in PostgreSQL: once in an interval over all workers and restarts. Times are the database's."""

from typing import Final

import psycopg

from gateway.database import Pool
from streams.errors import ConnectError
from streams.poll_times import PollTimes

# The row that two workers write at a time is one's: the other finds it written and waits.
_CLAIM: Final = """
WITH claimed AS (
    INSERT INTO gateway_poll AS poll (key, request, polled_at)
    VALUES (%(key)s, %(request)s, clock_timestamp())
    ON CONFLICT (key) DO UPDATE SET request = excluded.request, polled_at = excluded.polled_at
    WHERE poll.request <> excluded.request
        OR poll.polled_at <= clock_timestamp() - make_interval(secs => %(seconds)s)
    RETURNING 0.0::float8 AS wait
)
SELECT wait FROM claimed
UNION ALL
SELECT greatest(%(seconds)s - extract(epoch FROM clock_timestamp() - polled_at), 0.001)::float8
FROM gateway_poll WHERE key = %(key)s AND NOT EXISTS (SELECT FROM claimed)
"""
_ASK_AGAIN: Final = 0.1
"""Seconds, where the row was written while the statement ran, so that it cannot be seen yet."""


class PostgresPollTimes(PollTimes):
    """The polls of all workers."""

    def __init__(self, pool: Pool) -> None:
        super().__init__()
        self._pool = pool

    async def claim(self, key: str, request: bytes, seconds: float) -> float:
        """Take the poll of an interval. Returns 0 where it is taken, else the seconds until one may be.

        Raises ConnectError where the database does not answer.
        """
        try:
            async with self._pool.connection() as connection:
                values = {"key": key, "request": request, "seconds": seconds}
                row = await (await connection.execute(_CLAIM, values)).fetchone()
        except (psycopg.Error, OSError) as error:
            raise ConnectError(f"the database did not answer: {error}") from error
        return _ASK_AGAIN if row is None else float(row[0])
