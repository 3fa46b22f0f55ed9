"""What to do next after a try: delivered, try again and when, give up, or the endpoint is gone. Pure.

The rules and the schedule are those of the Standard Webhooks specification.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import IntEnum
from http import HTTPStatus

from webhooks.exchange import Exchange

STANDARD_SCHEDULE = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
)
"""The pause after each failed try; the first try is at once, so there is one try more than pauses."""
JITTER = 0.2
LONGEST_RETRY_AFTER = timedelta(hours=24)
_RETRY_AFTER_SPREAD = 0.1


class Outcome(IntEnum):
    """What a try leads to; numbered as `webhooks.models.AttemptDecision`."""

    DELIVERED = 0
    RETRY = 1
    EXHAUSTED = 2
    GONE = 3


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of a try, and when the next one is due."""

    outcome: Outcome
    at: datetime | None = None
    """Set if and only if the outcome is RETRY."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """A try that will be made if all before it fail."""

    number: int
    """Counted from 1, the first try included."""
    earliest: datetime
    expected: datetime
    latest: datetime


DELIVERED = Decision(Outcome.DELIVERED)
EXHAUSTED = Decision(Outcome.EXHAUSTED)
GONE = Decision(Outcome.GONE)


def decide(
    attempt_number: int,
    exchange: Exchange,
    now: datetime,
    random: float,
    schedule: Sequence[timedelta] = STANDARD_SCHEDULE,
) -> Decision:
    """Decide what follows try number `attempt_number` (from 1) that ended in `exchange` at `now`.

    Only 200 to 299 is a success; a redirect is a failure; 410 says that the endpoint is gone. `random` is
    uniform in [0, 1) and spreads the next try by 20 % either way. A `Retry-After` on any failure can put the
    next try off, up to 24 hours, but never bring it forward: the number of tries is fixed, and a receiver
    that asks for all of them within minutes would lose what an outage of hours should not lose it.
    """
    if exchange.error is None and exchange.status is not None:
        if HTTPStatus.OK <= exchange.status < HTTPStatus.MULTIPLE_CHOICES:
            return DELIVERED
        if exchange.status == HTTPStatus.GONE:
            return GONE
    if attempt_number > len(schedule):
        return EXHAUSTED
    pause = schedule[attempt_number - 1] * (1 + JITTER * (2 * random - 1))
    asked = retry_after(exchange.header(b"retry-after"), now)
    if asked is not None:
        # Spread only upwards: no sooner than the receiver asked, and not all at the same second.
        pause = max(pause, min(asked, LONGEST_RETRY_AFTER) * (1 + _RETRY_AFTER_SPREAD * random))
    return Decision(Outcome.RETRY, now + pause)


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Return the pause a `Retry-After` header asks for (RFC 9110 section 10.2.3), or None if it says nothing.

    value: whole seconds or an HTTP date. A date in the past is a pause of zero.
    """
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        # Longer numbers would overflow a timedelta, and all of them are past the clamp.
        return timedelta(seconds=int(value[:9]))
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(aware - now, timedelta(0))


def forecast(
    attempts_made: int, next_due: datetime, schedule: Sequence[timedelta] = STANDARD_SCHEDULE
) -> list[Forecast]:
    """Return the tries still to come, the next one at `next_due`, each with its bounds under jitter."""
    tries = [Forecast(attempts_made + 1, next_due, next_due, next_due)]
    for number in range(attempts_made + 1, len(schedule) + 1):
        last, pause = tries[-1], schedule[number - 1]
        tries.append(
            Forecast(
                number + 1,
                last.earliest + pause * (1 - JITTER),
                last.expected + pause,
                last.latest + pause * (1 + JITTER),
            )
        )
    return tries
