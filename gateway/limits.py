"""Limits of a plan as pure arithmetic: what may be taken now, and when there is more. Times are given, never read."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Final

BURST_SECONDS: Final = 1.0
"""So much of a rate may be used at once."""
DEBT_SECONDS: Final = 60.0
"""No more is owed than is paid off in this time, unless by one who owed nothing."""
_HELD_SECONDS: Final = 5.0
_NEVER_SECONDS: Final = 60.0
"""When to ask again where the rate is nothing at all."""


@dataclass(slots=True)
class Bucket:
    """A rate, as a bucket that fills evenly and never overflows; what others took can leave it in debt."""

    rate: float
    """A second."""
    level: float
    at: float
    """When it was at that level."""
    depth: float = field(init=False)
    """What it holds when full: at least one, or nothing could ever be taken."""

    def __post_init__(self) -> None:
        self.change(self.rate)

    def change(self, rate: float) -> None:
        """Let it fill at another rate from now on."""
        self.rate = rate
        self.depth = max(1.0, rate * BURST_SECONDS)
        self.level = min(self.level, self.depth)

    def take(self, count: float, now: float) -> float:
        """Take, and return 0.0; or return the seconds until that is possible, and take nothing.

        More than it ever holds is taken as a debt once it is full, so that a large batch waits and then goes.
        """
        if now > self.at:
            self._fill(now)
        needed = min(self.depth, count)
        if self.level < needed:
            return (needed - self.level) / self.rate if self.rate else _NEVER_SECONDS
        self.level -= count
        return 0.0

    def owe(self, count: float, now: float) -> float:
        """Take whatever there is; return the seconds until the bucket is out of debt.

        Who owes `DEBT_SECONDS` already takes nothing, or one who tries on and on would never be let in again.
        """
        if now > self.at:
            self._fill(now)
        if not self.rate:
            return _NEVER_SECONDS
        if self.level - count >= -DEBT_SECONDS * self.rate or self.level >= 0.0:
            self.level -= count
            return 0.0 if self.level >= 0.0 else -self.level / self.rate
        return max(DEBT_SECONDS, -self.level / self.rate)

    def taken_elsewhere(self, count: float) -> None:
        """Others took of the same; no more than a few fillings are held against who comes here."""
        self.level = min(self.level, max(self.level - count, -self.depth * _HELD_SECONDS))

    def _fill(self, now: float) -> None:
        level = self.level + (now - self.at) * self.rate
        self.level = min(self.depth, level)
        self.at = now


@dataclass(slots=True)
class Quota:
    """So much a calendar period, in UTC."""

    limit: int
    period: str
    """`day` or `month`."""
    start: dt.date
    used: int = 0
    end: dt.datetime = field(init=False)
    """When the next period begins."""

    def __post_init__(self) -> None:
        self.end = period_end(self.start, self.period)

    def take(self, count: int, now: dt.datetime) -> float:
        """Take, and return 0.0; or return the seconds until the next period, and take nothing."""
        if now >= self.end:
            self.start, self.used = period_start(now, self.period), 0
            self.end = period_end(self.start, self.period)
        if self.used + count > self.limit:
            return (self.end - now).total_seconds()
        self.used += count
        return 0.0


def period_start(now: dt.datetime, period: str) -> dt.date:
    """The first day of the period; now: in UTC."""
    return now.date() if period == "day" else now.date().replace(day=1)


def period_end(start: dt.date, period: str) -> dt.datetime:
    """When the period that begins on a day is over."""
    if period == "day":
        following = start + dt.timedelta(days=1)
    else:
        following = (start.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    return dt.datetime.combine(following, dt.time(), dt.UTC)
