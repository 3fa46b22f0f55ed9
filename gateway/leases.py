"""Leases in PostgreSQL: the fenced right to run what must run once. Times are the database's."""

from typing import Final

from gateway.database import Pool

# Taken when nobody has it, it has run out, or it is ours; every change of holder makes a higher token.
_ACQUIRE: Final = """
INSERT INTO gateway_lease AS lease (key, holder, token, expires_at)
VALUES (%(key)s, %(holder)s, 1, clock_timestamp() + make_interval(secs => %(seconds)s))
ON CONFLICT (key) DO UPDATE SET
    token = lease.token + (lease.holder <> excluded.holder)::int, holder = excluded.holder,
    expires_at = excluded.expires_at
WHERE lease.holder = excluded.holder OR lease.expires_at < clock_timestamp()
RETURNING token
"""
# The row stays, so that the token goes on growing.
_RELEASE: Final = "UPDATE gateway_lease SET expires_at = 'epoch' WHERE key = %s AND holder = %s"


class PostgresLeases:
    """The leases of one process (`streams.runner.LeaseStore`)."""

    def __init__(self, pool: Pool, process: str) -> None:
        """process: an id that is new at each start, so that a restarted process is another holder."""
        self._pool = pool
        self._process = process

    async def acquire(self, key: str, seconds: float) -> int | None:
        """Take or renew a lease; its fencing token, or None while another process holds it. Raises psycopg.Error."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                _ACQUIRE, {"key": key, "holder": self._process, "seconds": seconds}
            )
            row = await cursor.fetchone()
        return None if row is None else int(row[0])

    async def release(self, key: str) -> None:
        """Give a lease up, if this process holds it. Raises psycopg.Error."""
        async with self._pool.connection() as connection:
            await connection.execute(_RELEASE, [key, self._process])
