"""What one subscription, or one address of open APIs, may still use: decided in memory, told to others later."""

import datetime as dt
import math
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from gateway.caller import Limits
from gateway.limits import BURST_SECONDS, Bucket, Quota, period_start

_WINDOWS: Final = {"day": 86_400, "month": 2_592_000}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request is within the limits."""

    allowed: bool
    retry_after: int = 0
    """Whole seconds, at least one, where it is not."""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    """`Retry-After`, and `RateLimit-Policy` and `RateLimit` of the limit that was met
    (https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/, as of its tenth draft)."""
    code: str = ""


_ALLOWED: Final = Verdict(allowed=True)


@dataclass(slots=True)
class Dirty:
    """The budgets that were used since they were last shared, and last recorded."""

    to_share: set["CallerBudget"] = field(default_factory=set)
    to_record: set["CallerBudget"] = field(default_factory=set)


class CallerBudget:
    """Held by whoever serves the caller; `gateway.budgets.Budgets` has one for each key."""

    __slots__ = (
        "__weakref__", "_dirty", "key", "limits", "messages", "quota", "requests", "shared", "subscription_id",
        "unrecorded", "untold",
    )  # fmt: skip

    def __init__(self, key: str, limits: Limits, dirty: Dirty) -> None:
        now = time.monotonic()
        self._dirty = dirty
        self.key = key
        self.limits = limits
        self.requests = _bucket(limits.requests_per_second, now)
        self.messages = _bucket(limits.messages_per_second, now)
        self.quota = _quota(limits)
        self.untold = [0, 0]
        """Requests and messages that other processes have not been told of."""
        self.unrecorded: Counter[tuple[str, dt.date]] = Counter()
        """What PostgreSQL does not know of, by period and its first day."""
        self.shared: Shared | None = None
        kind, _, row = key.partition("/")
        self.subscription_id = int(row) if kind == "subscription" else None
        """Whose; None for an address."""

    def change(self, limits: Limits) -> None:
        """Keep to other limits from now on; what was used stays used."""
        if limits is self.limits or limits == self.limits:
            return
        now = time.monotonic()
        self.requests = _changed(self.requests, limits.requests_per_second, now)
        self.messages = _changed(self.messages, limits.messages_per_second, now)
        quota = _quota(limits)
        if quota is not None and self.quota is not None and quota.period == self.quota.period:
            quota.used = self.quota.used
        self.limits, self.quota = limits, quota

    def request(self) -> Verdict:
        """Use up one request, unless a limit is met."""
        if self.requests is not None and (seconds := self.requests.take(1, time.monotonic())):
            return _refused("requests", self.limits.requests_per_second or 0, 1, seconds)
        if self.quota is not None and (seconds := self._take_quota(self.quota, 1)):
            return _refused("quota", self.quota.limit, _WINDOWS[self.quota.period], seconds)
        if self.requests is not None:
            self.untold[0] += 1
            self._dirty.to_share.add(self)
        return _ALLOWED

    def take_messages(self, count: int) -> float:
        """Use up messages; the seconds to wait before they may go on (gateway.call.Budget)."""
        if self.quota is not None and (seconds := self._take_quota(self.quota, count)):
            return seconds
        if self.messages is None:
            return 0.0
        self.untold[1] += count
        self._dirty.to_share.add(self)
        return self.messages.owe(count, time.monotonic())

    def messages_refused(self, seconds: float) -> tuple[tuple[bytes, bytes], ...]:
        """What a caller is told whose messages would have to wait so long (gateway.call.Budget)."""
        quota = self.quota
        if quota is not None and (self.messages is None or quota.used >= quota.limit):
            return _refused("quota", quota.limit, _WINDOWS[quota.period], seconds).headers
        return _refused("messages", self.limits.messages_per_second or 0, 1, seconds).headers

    def _take_quota(self, quota: Quota, count: int) -> float:
        seconds = quota.take(count, dt.datetime.now(dt.UTC))
        if not seconds and self.subscription_id is not None:
            self.unrecorded[quota.period, quota.start] += count
            self._dirty.to_record.add(self)
        return seconds


@dataclass(frozen=True, slots=True)
class Shared:
    """What all processes together had used of a budget in a slot of time, when this one last asked."""

    slot: int
    at: float
    totals: tuple[int, int]
    """Requests and messages."""


def used_elsewhere(
    before: Shared | None, now: Shared, told: tuple[int, int], longest_gap: float
) -> tuple[int, int]:
    """Requests and messages that other processes used since `before`; told: what this one used. Pure.

    After a gap nothing is held against the caller: what others used in it, the bucket has filled up with long since.
    """
    if before is None or now.at - before.at > longest_gap:
        return 0, 0
    known = before.totals if before.slot == now.slot else (0, 0)
    return (
        max(0, now.totals[0] - known[0] - told[0]),
        max(0, now.totals[1] - known[1] - told[1]),
    )


def _bucket(rate: int | None, now: float) -> Bucket | None:
    return None if rate is None else Bucket(rate, rate * BURST_SECONDS, now)


def _changed(bucket: Bucket | None, rate: int | None, now: float) -> Bucket | None:
    if bucket is None or rate is None:
        return _bucket(rate, now)
    bucket.change(rate)
    return bucket


def _quota(limits: Limits) -> Quota | None:
    if limits.quota is None:
        return None
    start = period_start(dt.datetime.now(dt.UTC), limits.quota_period)
    return Quota(limits.quota, limits.quota_period, start)


def _refused(name: str, limit: int, window: int, seconds: float) -> Verdict:
    wait = max(1, math.ceil(seconds))
    headers = (
        (b"retry-after", b"%d" % wait),
        (b"ratelimit-policy", b'"%b";q=%d;w=%d' % (name.encode(), limit, window)),
        (b"ratelimit", b'"%b";r=0;t=%d' % (name.encode(), wait)),
    )
    return Verdict(allowed=False, retry_after=wait, headers=headers, code=f"{name}_exceeded")
