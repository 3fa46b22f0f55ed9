"""What passes the gateway, counted by the minute for each definition, product, app and plan.

Counting is adding to a number in memory. Each few seconds, and when a minute ends, the numbers go to PostgreSQL in one
statement; what a crash loses are counts of those seconds.
"""

import asyncio
import datetime as dt
import logging
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from typing import Final, NamedTuple
from weakref import WeakValueDictionary

import psycopg

from gateway.caller import Caller
from gateway.client import CloseReason
from gateway.database import Pool
from gateway.routes import ActiveApi
from streams.stopping import end_tasks

logger = logging.getLogger(__name__)

FLUSH_SECONDS: Final = 5.0
MOST_COUNTS: Final = 200_000
"""Counts that may wait while PostgreSQL is away; more are lost, and that is said."""
STOP_SECONDS: Final = 5.0
_LONGEST_MEASURE: Final = 64
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


class Count(NamedTuple):
    """What is counted, and when."""

    minute: int
    """Since 1970."""
    series: Series
    measure: str


class Analytics:
    """The counts of this process that are not written yet, and those since it started."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._meters: WeakValueDictionary[Series, TrafficMeter] = WeakValueDictionary()
        self._used: list[TrafficMeter] = []
        self._waiting: Counter[Count] = Counter()
        self._totals: Counter[str] = Counter()
        self._written_at = time.monotonic()
        self._flushing: asyncio.Task[None] | None = None

    @property
    def totals(self) -> Counter[str]:
        """By measure, of all together, since the start."""
        self._collect()
        return self._totals

    @property
    def unwritten_seconds(self) -> float:
        """How long ago everything was written."""
        return time.monotonic() - self._written_at

    async def start(self) -> None:
        """Begin to write."""
        self._flushing = asyncio.create_task(self._flush_forever())

    async def stop(self) -> None:
        """Write what is left."""
        if self._flushing is not None:
            await end_tasks([self._flushing])
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await self.flush()

    def meter(self, api: ActiveApi, caller: Caller) -> "TrafficMeter":
        """Counts for one caller of one API."""
        series = Series(api.definition_id, caller.product_id, caller.app_id, caller.plan_id)
        meter = self._meters.get(series)
        if meter is None:
            meter = self._meters[series] = TrafficMeter(series, self._used)
        return meter

    async def flush(self) -> None:
        """Write what was counted; keep it when PostgreSQL does not take it."""
        self._collect()
        counts, self._waiting = self._waiting, Counter()
        began = time.monotonic()
        try:
            if counts:
                await self._write(counts)
        except BaseException as error:
            self._wait(counts.items())
            if not isinstance(error, (psycopg.Error, OSError)):
                raise
            logger.warning("traffic could not be written down, and waits: %s", error)
        else:
            self._written_at = began

    def _collect(self) -> None:
        """Take over what the meters have counted, as of this minute."""
        used, minute = self._used[:], int(time.time() // 60)
        self._used.clear()  # the meters hold the list itself
        for meter in used:
            counts = meter.take()
            self._totals.update(counts)
            self._wait(
                (Count(minute, meter.series, name[:_LONGEST_MEASURE]), value)
                for name, value in counts.items()
            )

    def _wait(self, counts: Iterable[tuple[Count, int]]) -> None:
        """Have counts wait to be written; the number of those in memory is bounded."""
        for count, value in counts:
            if count in self._waiting or len(self._waiting) < MOST_COUNTS:
                self._waiting[count] += value
            else:
                self._totals["counts_lost"] += 1

    async def _write(self, counts: Counter[Count]) -> None:
        """In one order, so that processes that add to the same rows wait for, and not against, each other."""
        rows = sorted(
            (
                (_moment(minute), *series, measure, value)
                for (minute, series, measure), value in counts.items()
            ),
            key=lambda row: tuple(part or 0 for part in row[:5]) + row[5:],
        )
        async with self._pool.connection() as connection:
            await connection.execute(_FLUSH, [list(column) for column in zip(*rows, strict=True)])

    async def _flush_forever(self) -> None:
        while True:
            # What was counted in a minute is collected before the next one begins.
            await asyncio.sleep(min(FLUSH_SECONDS, 60.0 - time.time() % 60))
            await self.flush()


class TrafficMeter:
    """gateway.call.Meter."""

    __slots__ = ("__weakref__", "_counts", "_used", "series")

    def __init__(self, series: Series, used: "list[TrafficMeter]") -> None:
        """used: told when there is something to take."""
        self.series = series
        self._used = used
        self._counts: dict[str, int] = {}

    def take(self) -> dict[str, int]:
        """What was counted since this was last asked."""
        counts, self._counts = self._counts, {}
        return counts

    def request(self, outcome: str) -> None:
        """A request came; outcome: `accepted`, or why it was turned away."""
        self._add(f"requests.{outcome}", 1)

    def messages(self, count: int, size: int) -> None:
        """Messages handed over or taken in, and their bytes."""
        self._add("messages", count)
        self._add("bytes", size)

    def error(self, kind: str) -> None:
        """Something went wrong for this caller."""
        self._add(f"error.{kind}", 1)

    def opened(self) -> None:
        """A stream was opened."""
        self._add("opened", 1)

    def closed(self, reason: CloseReason, seconds: float) -> None:
        """A stream was closed after so long."""
        self._add(f"closed.{reason.value}", 1)
        self._add("open_seconds", round(seconds))

    def _add(self, measure: str, value: int) -> None:
        counts = self._counts
        if not counts:
            self._used.append(self)
        counts[measure] = counts.get(measure, 0) + value


def _moment(minute: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(minute * 60, dt.UTC)
