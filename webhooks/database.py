"""The database connections of a worker's event loop."""

from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from gateway.database import Pool
from webhooks import arrays

__all__ = ["Pool", "open_pool"]


async def open_pool(conninfo: str, size: int = 6) -> Pool:
    """Open a pool of `size` connections to `conninfo` (a URL), each statement its own transaction.

    Statements are prepared at their second use: the same few run all day. A pool opens though the database is
    away; its users then get psycopg.Error until it is back.
    """
    pool: Pool = AsyncConnectionPool(
        conninfo,
        min_size=2,
        max_size=size,
        open=False,
        kwargs={"autocommit": True, "prepare_threshold": 2, "application_name": "sluice worker"},
        configure=_configure,
        timeout=5.0,
        reconnect_timeout=0.0,
    )
    await pool.open(wait=False)
    return pool


async def _configure(connection: AsyncConnection[Any]) -> None:
    """Let arrays through, and have every look-up go by its index.

    The statements of a worker touch a few rows of tables that were empty at midnight, when their plans may be made:
    a sequential scan looks cheapest then, and stays in the prepared plan when the day's partition has grown. A
    bitmap scan would fetch and sort all rows of a lane to give the first few, and a merge join would walk the index of
    a queue of a million rows to meet sixteen.
    """
    arrays.register(connection)
    for way in ("seqscan", "bitmapscan", "mergejoin"):
        await connection.execute(f"SET enable_{way} = off")
