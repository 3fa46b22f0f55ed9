"""The budgets of a gateway process, and what they know of the others'.

A request is judged in this process, without I/O. Ten times a second each process tells Valkey what was used of each
limit, and learns what others used of the same: together they let through too much for a tenth of a second at most,
and owe it then. (Rates given out in advance, in portions, would leave a plan of a few requests a second with nothing
in the process that its caller happens to reach.) Without Valkey each process keeps the limits by itself.

Quotas are of record in PostgreSQL: what was used is added there each second. A crash forgets that second's use; a
connection lost between a commit and its answer counts a second twice.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final
from weakref import WeakValueDictionary

import psycopg
import redis.asyncio
from redis.exceptions import RedisError

from gateway.access_table import AccessTable
from gateway.caller import Caller
from gateway.caller_budget import CallerBudget, Dirty, Shared, Verdict, used_elsewhere
from gateway.database import Pool
from gateway.usage_record import UsageRecord
from streams.stopping import end_tasks

__all__ = ["Budgets", "CallerBudget", "Verdict"]

logger = logging.getLogger(__name__)

SHARE_SECONDS: Final = 0.1
RECORD_SECONDS: Final = 1.0
MOST_KEPT: Final = 50_000
"""Callers remembered besides those that are being served: many addresses must not fill the memory."""
STOP_SECONDS: Final = 5.0
_LONGEST_GAP: Final = 1.0
_SLOT_SECONDS: Final = 10
_KEY: Final = "sluice:used:"
_KINDS: Final = ("requests", "messages")


class Budgets:
    """It lives on the event loop it is made on."""

    def __init__(self, pool: Pool, valkey_url: str) -> None:
        self._record = UsageRecord(pool)
        self._valkey = redis.asyncio.Redis.from_url(
            valkey_url, socket_timeout=1.0, socket_connect_timeout=1.0
        )
        self._dirty = Dirty()
        self._known: WeakValueDictionary[str, CallerBudget] = WeakValueDictionary()
        """All there are: an open stream keeps its budget alive however long it is silent."""
        self._kept: OrderedDict[str, CallerBudget] = OrderedDict()
        """Those last asked for."""
        self._table: AccessTable | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def __len__(self) -> int:
        return len(self._known)

    async def start(self) -> None:
        """Read what was used of the quotas, unless PostgreSQL is away; begin to share and to record."""
        await _quietly(self._record.load())
        self._tasks = [
            asyncio.create_task(_forever(self._share, SHARE_SECONDS)),
            asyncio.create_task(_forever(self._write, RECORD_SECONDS)),
        ]

    async def stop(self) -> None:
        """Record what was used, and end."""
        await end_tasks(self._tasks)
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await _quietly(self._write())
        await self._valkey.aclose()

    def for_caller(self, caller: Caller) -> CallerBudget:
        """The budget of a caller, with the limits it has now."""
        key = caller.budget_key
        budget = self._known.get(key)
        if budget is None:
            budget = self._known[key] = CallerBudget(key, caller.limits, self._dirty)
            self._record.recall(budget)
        else:
            self._change(budget, caller)
        self._kept[key] = budget
        self._kept.move_to_end(key)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return budget

    def apply(self, table: AccessTable) -> None:
        """Have everybody who is being served keep to the limits their plans have now."""
        if table is self._table:
            return
        self._table = table
        for grants in table.grants.values():
            for grant in grants:
                if budget := self._known.get(f"subscription/{grant.subscription_id}"):
                    budget.change(grant.limits)
                    self._record.recall(budget)

    def _change(self, budget: CallerBudget, caller: Caller) -> None:
        if budget.limits is not caller.limits and budget.limits != caller.limits:
            budget.change(caller.limits)
            self._record.recall(budget)

    async def _share(self) -> None:
        """Tell what was used here, and hold against it what was used elsewhere.

        What cannot be told is forgotten: a moment later it would be wrong to hold it against anybody.
        """
        shared, self._dirty.to_share = list(self._dirty.to_share), set()
        told = [(budget.untold[0], budget.untold[1]) for budget in shared]
        for budget in shared:
            budget.untold = [0, 0]
        if not shared:
            return
        slot = int(time.time() // _SLOT_SECONDS)
        totals = await self._add(slot, [budget.key for budget in shared], told)
        now = time.monotonic()
        for budget, used, total in zip(shared, told, totals, strict=True):
            _hold(budget, used, Shared(slot, now, total))

    async def _add(self, slot: int, keys: list[str], told: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Add in Valkey, and return the sums over all processes. Raises RedisError, OSError."""
        name = f"{_KEY}{slot}"
        async with self._valkey.pipeline(transaction=False) as pipeline:
            for key, counts in zip(keys, told, strict=True):
                for kind, count in zip(_KINDS, counts, strict=True):
                    pipeline.hincrby(name, f"{key}:{kind}", count)
            pipeline.expire(name, 2 * _SLOT_SECONDS)
            sums = await pipeline.execute()
        return list(zip(sums[0:-1:2], sums[1:-1:2], strict=True))

    async def _write(self) -> None:
        """Add to the quotas of record, and learn what all processes have used."""
        await self._record.add(self._dirty.to_record)


def _hold(budget: CallerBudget, told: tuple[int, int], now: Shared) -> None:
    elsewhere = used_elsewhere(budget.shared, now, told, _LONGEST_GAP)
    budget.shared = now
    for bucket, count in zip((budget.requests, budget.messages), elsewhere, strict=True):
        if bucket is not None and count:
            bucket.taken_elsewhere(count)


async def _forever(work: Callable[[], Awaitable[None]], seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        await _quietly(work())


async def _quietly(work: Awaitable[None]) -> None:
    """Do something that needs Valkey or PostgreSQL; while those are away it is tried again in a moment."""
    try:
        await work
    except (RedisError, psycopg.Error, OSError) as error:
        logger.debug("limits are kept by this process alone for now: %s", error)
