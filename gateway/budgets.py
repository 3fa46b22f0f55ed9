"""What each caller may still use, shared by all gateway processes.

A request is judged in this process, without I/O. Ten times a second each process tells Valkey what was used of each
limit, and learns what others used of the same: together they let through too much for a tenth of a second at most,
and owe it then. Without Valkey each process keeps the limits by itself. Quotas are of record in PostgreSQL: used
counts are added there each second, and what a crash loses of that second was used for nothing.
"""

import asyncio
import datetime as dt
import logging
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

import psycopg
import redis.asyncio
from redis.exceptions import RedisError

from gateway.access_table import AccessTable
from gateway.caller import Caller, Limits
from gateway.database import Pool
from gateway.limits import Bucket, Quota, period_start

logger = logging.getLogger(__name__)

SHARE_SECONDS: Final = 0.1
RECORD_SECONDS: Final = 1.0
IDLE_SECONDS: Final = 120.0
"""After which a caller who does not come is forgotten, but for the quota of record."""
_KEY: Final = "sluice:used:"
_EXPIRE_SECONDS: Final = 60
_RECORD: Final = """
INSERT INTO gateway_usage AS usage (subscription_id, period, start, used)
SELECT subscription.id, given.period, given.start, given.used
FROM unnest(%s::bigint[], %s::text[], %s::date[], %s::bigint[]) AS given (subscription, period, start, used)
JOIN gateway_subscription AS subscription ON subscription.id = given.subscription
ON CONFLICT (subscription_id, period, start) DO UPDATE SET used = usage.used + excluded.used
RETURNING subscription_id, start, used
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request is within the limits."""

    allowed: bool
    retry_after: int = 0
    """Whole seconds, at least one, where it is not."""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    """`RateLimit-Policy` and `RateLimit` of the limit that was met
    (https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/)."""
    code: str = ""


_ALLOWED: Final = Verdict(allowed=True)


class CallerBudget:
    """What one subscription, or one address of open APIs, may still use."""

    def __init__(self, key: str, limits: Limits, now: float) -> None:
        self.key = key
        self.limits = limits
        self.used_at = now
        self.requests = _bucket(limits.requests_per_second, now)
        self.messages = _bucket(limits.messages_per_second, now)
        self.quota = _quota(limits)
        self.unshared = [0, 0]
        """Requests and messages that others have not been told of."""
        self.unrecorded = 0
        """Of the quota, what PostgreSQL does not know of."""
        self.shared_totals = [0, 0]

    def change(self, limits: Limits) -> None:
        """Keep to other limits from now on; what was used stays used."""
        if limits == self.limits:
            return
        now, used = time.monotonic(), self.quota.used if self.quota is not None else 0
        self.requests = _changed(self.requests, limits.requests_per_second, now)
        self.messages = _changed(self.messages, limits.messages_per_second, now)
        self.limits, self.quota = limits, _quota(limits)
        if self.quota is not None:
            self.quota.used = used

    def request(self) -> Verdict:
        """Use up one request, unless a limit is met."""
        self.used_at = now = time.monotonic()
        if self.requests is not None and (seconds := self.requests.take(1, now)):
            return _refused("requests", self.limits.requests_per_second or 0, 1, seconds)
        if self.quota is not None:
            if seconds := self.quota.take(1, dt.datetime.now(dt.UTC)):
                window = 86_400 if self.quota.period == "day" else 2_592_000
                return _refused("quota", self.quota.limit, window, seconds)
            self.unrecorded += 1
        self.unshared[0] += 1
        return _ALLOWED

    def take_messages(self, count: int) -> float:
        """Use up messages; the seconds to wait before they may go on (gateway.call.Budget)."""
        self.used_at = now = time.monotonic()
        self.unshared[1] += count
        waiting = self.messages.owe(count, now) if self.messages is not None else 0.0
        if self.quota is None:
            return waiting
        if seconds := self.quota.take(count, dt.datetime.now(dt.UTC)):
            return max(waiting, seconds)
        self.unrecorded += count
        return waiting


class Budgets:
    """The budgets of this process."""

    def __init__(self, pool: Pool, valkey_url: str) -> None:
        self._pool = pool
        self._valkey = redis.asyncio.Redis.from_url(
            valkey_url, socket_timeout=1.0, socket_connect_timeout=1.0
        )
        self._budgets: dict[str, CallerBudget] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def __len__(self) -> int:
        return len(self._budgets)

    async def start(self) -> None:
        """Begin to share and to record."""
        self._tasks = [
            asyncio.create_task(_forever(self._share, SHARE_SECONDS)),
            asyncio.create_task(_forever(self._record, RECORD_SECONDS)),
        ]

    async def stop(self) -> None:
        """Record what was used, and end."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await _quietly(self._record())
        await self._valkey.aclose()

    def for_caller(self, caller: Caller) -> CallerBudget:
        """The budget of a caller, with the limits it has now."""
        key = (
            caller.budget_key if caller.subscription_id is not None else f"address/{_network(caller.address)}"
        )
        budget = self._budgets.get(key)
        if budget is None:
            budget = self._budgets[key] = CallerBudget(key, caller.limits, time.monotonic())
        budget.change(caller.limits)
        return budget

    def apply(self, table: AccessTable) -> None:
        """Have open streams keep to the limits their plans have now."""
        for grants in table.grants.values():
            for grant in grants:
                if budget := self._budgets.get(f"subscription/{grant.subscription_id}"):
                    budget.change(grant.limits)

    async def _share(self) -> None:
        """Tell what was used here, and hold against it what was used elsewhere."""
        self._forget()
        active = [one for one in self._budgets.values() if any(one.unshared) or _was_used(one)]
        if not active:
            return
        told = [list(one.unshared) for one in active]
        async with self._valkey.pipeline(transaction=False) as pipeline:
            for budget, (requests, messages) in zip(active, told, strict=True):
                for kind, count in (("requests", requests), ("messages", messages)):
                    name = f"{_KEY}{budget.key}:{kind}"
                    pipeline.incrby(name, count)
                    pipeline.expire(name, _EXPIRE_SECONDS)
            answers = (await pipeline.execute())[::2]
        for at, (budget, counts) in enumerate(zip(active, told, strict=True)):
            for of, bucket in enumerate((budget.requests, budget.messages)):
                self._hold(budget, of, counts[of], answers[2 * at + of], bucket)

    def _hold(self, budget: CallerBudget, of: int, told: int, total: int, bucket: Bucket | None) -> None:
        known = budget.shared_totals[of]
        elsewhere = total - known - told if known and total >= known else 0
        budget.unshared[of] -= told
        budget.shared_totals[of] = total
        if bucket is not None and elsewhere > 0:
            bucket.taken_elsewhere(elsewhere)

    async def _record(self) -> None:
        """Add to the quotas of record, and learn what all processes have used."""
        counted = [one for one in self._budgets.values() if one.quota is not None and _subscription(one)]
        if not counted:
            return
        told = [one.unrecorded for one in counted]
        columns = (
            [_subscription(one) for one in counted],
            [one.limits.quota_period for one in counted],
            [one.quota.start for one in counted if one.quota is not None],
            told,
        )
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_RECORD, columns)).fetchall()
        known = {(subscription, start): used for subscription, start, used in rows}
        for budget, count in zip(counted, told, strict=True):
            budget.unrecorded -= count
            if budget.quota is not None:
                used = known.get((_subscription(budget), budget.quota.start))
                budget.quota.used = budget.quota.used if used is None else used + budget.unrecorded

    def _forget(self) -> None:
        """Forget who has not come for a while, so that many addresses do not fill the memory."""
        before = time.monotonic() - IDLE_SECONDS
        for key in [key for key, one in self._budgets.items() if one.used_at < before and not one.unrecorded]:
            del self._budgets[key]


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


def _bucket(rate: int | None, now: float) -> Bucket | None:
    return None if rate is None else Bucket(rate, max(1.0, rate), now)


def _changed(bucket: Bucket | None, rate: int | None, now: float) -> Bucket | None:
    if bucket is None or rate is None:
        return _bucket(rate, now)
    bucket.change(rate)
    return bucket


def _quota(limits: Limits) -> Quota | None:
    if limits.quota is None:
        return None
    return Quota(
        limits.quota, limits.quota_period, period_start(dt.datetime.now(dt.UTC), limits.quota_period)
    )


def _refused(name: str, limit: int, window: int, seconds: float) -> Verdict:
    wait = max(1, math.ceil(seconds))
    headers = (
        (b"retry-after", b"%d" % wait),
        (b"ratelimit-policy", b'"%b";q=%d;w=%d' % (name.encode(), limit, window)),
        (b"ratelimit", b'"%b";r=0;t=%d' % (name.encode(), wait)),
    )
    return Verdict(allowed=False, retry_after=wait, headers=headers, code=f"{name}_exceeded")


def _was_used(budget: CallerBudget) -> bool:
    """Tell whether others' use matters here still."""
    return time.monotonic() - budget.used_at < _EXPIRE_SECONDS / 2


def _subscription(budget: CallerBudget) -> int:
    """The row of the subscription; 0 for an address."""
    kind, _, row = budget.key.partition("/")
    return int(row) if kind == "subscription" else 0


def _network(address: str) -> str:
    """Whose limits an address uses: its own; of IPv6 those of its /64, which one customer commonly has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed)
