"""How much to ask of a receiver, when to hold back, when to warn and when to disable. Pure: data in, decision
out.

Three things, by time scale: the window (how many requests may be open to a lane, by the moment), the breaker
(no requests but a probe, for seconds), the endpoint's health (a warning and an end, by the day).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from webhooks.exchange import SLOW_OR_UNREACHABLE, Exchange

FAILURES_TO_OPEN = 10
"""Transport failures in a row after which only probes go out."""
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(seconds=60)
WARN_AFTER = timedelta(hours=24)
DISABLE_AFTER = timedelta(days=5)


@dataclass(frozen=True, slots=True)
class Window:
    """How many requests may be open to a lane at once: additive increase, multiplicative decrease."""

    cap: int
    """The endpoint's own limit."""
    size: float
    """Between 1 and the cap; `room` counts whole requests."""
    shrunk_at: float = float("-inf")
    """On the monotonic clock."""

    @classmethod
    def full(cls, cap: int) -> Window:
        """Begin wide open: most receivers are well, and a dead one closes it within one deadline."""
        return cls(cap, float(cap))

    def room(self, in_flight: int) -> int:
        """Return how many more requests may go out."""
        return max(int(self.size) - in_flight, 0)

    def with_cap(self, cap: int) -> Window:
        """Apply a changed limit."""
        return self if cap == self.cap else replace(self, cap=cap, size=min(self.size, float(cap)))

    def after(self, exchange: Exchange, sent_at: float, now: float) -> Window:
        """Return the window after a request that was sent at `sent_at` (monotonic seconds) ended.

        Any answer widens it by one per window's worth of answers. A timeout or failed connect halves it, but
        once for all requests that were under way together: those sent before the last halving tell nothing
        new.
        """
        if exchange.error in SLOW_OR_UNREACHABLE:
            if sent_at < self.shrunk_at:
                return self
            return replace(self, size=max(self.size / 2, 1.0), shrunk_at=now)
        if exchange.error is not None or self.size >= self.cap:
            return self
        return replace(self, size=min(self.size + 1 / self.size, float(self.cap)))


class BreakerState(Enum):
    """What may go out."""

    CLOSED = "closed"  # everything
    OPEN = "open"  # nothing, before `open_until`
    PROBING = "probing"  # one request, to see


@dataclass(frozen=True, slots=True)
class Breaker:
    """Holds a lane back while its receiver cannot be reached; any answer, even a 500, has reached it."""

    failures: int = 0
    """Transport failures in a row."""
    open_until: datetime | None = None
    """Set while `failures` is FAILURES_TO_OPEN or more."""

    def state(self, now: datetime) -> BreakerState:
        """Return what may go out now."""
        if self.open_until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self.open_until else BreakerState.PROBING

    def room(self, now: datetime, in_flight: int, window_room: int) -> int:
        """Return how many requests may go out: the window's room, one if nothing is open, or none."""
        state = self.state(now)
        if state is BreakerState.CLOSED:
            return window_room
        return 1 if state is BreakerState.PROBING and in_flight == 0 else 0

    def after(self, exchange: Exchange, now: datetime) -> Breaker:
        """Return the breaker after a request ended.

        While it is open, what was sent before it opened can fail still: those failures lengthen nothing.
        """
        if exchange.error is None:
            return self if self.failures == 0 else CLOSED
        if self.state(now) is BreakerState.OPEN:
            return self
        failures = self.failures + 1
        return Breaker(failures, None if failures < FAILURES_TO_OPEN else now + _pause(failures))


CLOSED = Breaker()


def _pause(failures: int) -> timedelta:
    doublings = min(failures - FAILURES_TO_OPEN, 10)  # bounded, so that the product is
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


class Action(Enum):
    """What to do about an endpoint."""

    NONE = "none"
    WARN = "warn"
    """Tell its owners that it fails, and when it will be disabled."""
    DISABLE = "disable"
    """Send nothing more, and tell its owners why."""


@dataclass(frozen=True, slots=True)
class Health:
    """How an endpoint has been doing since its last success."""

    failing_since: datetime | None = None
    """When the first failure after the last success was; None: the last try that ended was a success."""
    warned_at: datetime | None = None
    """When its owners were told of this run of failures."""
    exhausted: bool = False
    """A delivery ran out of tries in this run of failures."""

    def after(self, *, delivered: bool, exhausted: bool, now: datetime) -> Health:
        """Return the health after a try; one success ends a run of failures and forgets its warning."""
        if delivered:
            return self if self.failing_since is None else HEALTHY
        return replace(
            self,
            failing_since=self.failing_since or now,
            exhausted=self.exhausted or exhausted,
        )

    def action(self, now: datetime) -> Action:
        """Return what is to be done now.

        Disabling asks for days without one success and a delivery given up, so that neither a short outage of
        a busy endpoint nor one bad delivery of a quiet one ends it; and nobody is disabled unwarned.
        """
        if self.failing_since is None or now - self.failing_since < WARN_AFTER:
            return Action.NONE
        if self.warned_at is None:
            return Action.WARN
        due = now >= self.disabled_at(self.failing_since)
        return Action.DISABLE if due and self.exhausted else Action.NONE

    def disabled_at(self, failing_since: datetime) -> datetime:
        """Return when an endpoint failing since then is disabled, if nothing is delivered before."""
        return failing_since + DISABLE_AFTER


HEALTHY = Health()
