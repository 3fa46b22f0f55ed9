"""What passes the gateway, counted by the minute for each definition, product, app and plan.

Counting is adding to a number in memory. Each few seconds the numbers go to PostgreSQL in one statement; what a
crash loses are counts of those seconds.
"""

import asyncio
import datetime as dt
import logging
import time
from collections import Counter
from typing import Final, NamedTuple

import psycopg

from gateway.caller import Caller
from gateway.client import CloseReason
from gateway.database import Pool
from gateway.routes import ActiveApi

logger = logging.getLogger(__name__)

FLUSH_SECONDS: Final = 5.0
MOST_COUNTS: Final = 200_000
"""Counts that may wait while PostgreSQL is away; more are lost, and that is logged."""
_MEASURE: Final = 64
_FLUSH: Final = """
INSERT INTO gateway_traffic AS traffic (minute, definition_id, product_id, app_id, plan_id, measure, value)
SELECT * FROM unnest(%s::timestamptz[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[],
                     %s::bigint[])
ON CONFLICT (minute, definition_id, product_id, app_id, plan_id, measure)
DO UPDATE SET value = traffic.value + excluded.value
"""


class Series(NamedTuple):
    """Whose traffic."""

    definition_id: int
    product_id: int | None
    app_id: int | None
    plan_id: int | None


class _Count(NamedTuple):
    minute: int
    """Since 1970."""
    series: Series
    measure: str


class Analytics:
    """The counts of this process that are not written yet, and those since it started."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._counts: Counter[_Count] = Counter()
        self.totals: Counter[str] = Counter()
        """By measure, of all together, since the start."""
        self._flushing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to write."""
        self._flushing = asyncio.create_task(self._flush_forever())

    async def stop(self) -> None:
        """Write what is left."""
        if self._flushing is not None:
            self._flushing.cancel()
            await asyncio.gather(self._flushing, return_exceptions=True)
        await self.flush()

    def meter(self, api: ActiveApi, caller: Caller) -> "TrafficMeter":
        """Counts for one caller of one API."""
        return TrafficMeter(self, Series(api.definition_id, caller.product_id, caller.app_id, caller.plan_id))

    def add(self, series: Series, measure: str, value: int) -> None:
        """Count."""
        self.totals[measure] += value
        minute = int(time.time() // 60)
        if len(self._counts) < MOST_COUNTS:
            self._counts[minute, series, measure] += value  # type: ignore[index]  # as good as a _Count, and cheaper

    async def flush(self) -> None:
        """Write what was counted; keep it when PostgreSQL does not take it."""
        counts, self._counts = self._counts, Counter()
        if not counts:
            return
        rows = [
            (_moment(minute), *series, measure[:_MEASURE], value)
            for (minute, series, measure), value in counts.items()
        ]
        try:
            async with self._pool.connection() as connection:
                await connection.execute(_FLUSH, [list(column) for column in zip(*rows, strict=True)])
        except (psycopg.Error, OSError) as error:
            logger.warning("traffic could not be written down, and waits: %s", error)
            self._counts.update(counts)

    async def _flush_forever(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()


class TrafficMeter:
    """gateway.call.Meter."""

    __slots__ = ("_analytics", "_series")

    def __init__(self, analytics: Analytics, series: Series) -> None:
        self._analytics = analytics
        self._series = series

    def request(self, outcome: str) -> None:
        """A request came; outcome: `accepted`, or why it was turned away."""
        self._analytics.add(self._series, f"requests.{outcome}", 1)

    def messages(self, count: int, size: int) -> None:
        """Messages handed over or taken in, and their bytes."""
        self._analytics.add(self._series, "messages", count)
        self._analytics.add(self._series, "bytes", size)

    def error(self, kind: str) -> None:
        """Something went wrong for this caller."""
        self._analytics.add(self._series, f"error.{kind}", 1)

    def opened(self) -> None:
        """A stream was opened."""
        self._analytics.add(self._series, "opened", 1)

    def closed(self, reason: CloseReason, seconds: float) -> None:
        """A stream was closed after so long."""
        self._analytics.add(self._series, f"closed.{reason.value}", 1)
        self._analytics.add(self._series, "open_seconds", round(seconds))


def _moment(minute: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(minute * 60, dt.UTC)
