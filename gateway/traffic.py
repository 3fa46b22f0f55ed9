"""What passed the gateway, read back: sums by measure in equal steps of time; and forgotten in the end."""

import datetime as dt
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from django.db.models import QuerySet, Sum
from django.db.models.functions import Trunc

from gateway.errors import Fault, InputError
from gateway.models import Traffic

MOST_STEPS: Final = 1_500


class Step(Enum):
    """How long a sum is over, in UTC; the value is its name for people and for PostgreSQL."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"

    @property
    def length(self) -> dt.timedelta:
        """How long it is."""
        return dt.timedelta(**{f"{self.value}s": 1})


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, in steps."""

    after: dt.datetime
    """Included."""
    before: dt.datetime
    """Not included."""
    step: Step


@dataclass(slots=True)
class TrafficStep:
    """The sums of one step."""

    at: dt.datetime
    """When it began."""
    counts: dict[str, int] = field(default_factory=dict)
    """By measure."""


def span(step: Step, after: dt.datetime | None, before: dt.datetime | None, now: dt.datetime) -> Span:
    """A span that can be read at once; without bounds, the last sixty steps. Raises InputError."""
    until = before or now + step.length
    begin = after or until - 60 * step.length
    if begin >= until:
        raise InputError(Fault("`after` is not before `before`", "/after", "order", "exchange the two"))
    if (until - begin) / step.length > MOST_STEPS:
        remedy = "ask for a longer `step` or a shorter time"
        message = f"more than {MOST_STEPS} steps lie between `after` and `before`"
        raise InputError(Fault(message, "/after", "span", remedy))
    return Span(begin, until, step)


def traffic_in(rows: "QuerySet[Traffic]", of: Span) -> list[TrafficStep]:
    """The sums over rows for each step in which there was any traffic, the earliest first."""
    chosen = rows.filter(minute__gte=of.after, minute__lt=of.before)
    at = Trunc("minute", of.step.value, tzinfo=dt.UTC)
    sums = (
        chosen.annotate(at=at)
        .values_list("at", "measure")
        .annotate(sum=Sum("value"))
        .order_by("at", "measure")
    )
    steps: dict[dt.datetime, TrafficStep] = {}
    for moment, measure, total in sums:
        steps.setdefault(moment, TrafficStep(moment)).counts[measure] = total
    return list(steps.values())


def forget_traffic(before: dt.datetime) -> int:
    """Delete the counts of minutes before a moment. Returns how many."""
    deleted, _ = Traffic.objects.filter(minute__lt=before).delete()
    return deleted
