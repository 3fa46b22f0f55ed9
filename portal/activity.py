"""What happened in the last day, as charts: deliveries to endpoints, messages through the gateway."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

from django.db.models import QuerySet

from gateway.models import Traffic
from gateway.traffic import Step, TrafficStep, span, traffic_in
from portal.charts import Chart, Series, column_chart, line_chart, whole_steps
from webhooks.models import DeliveryState
from webhooks.outcomes import Outcomes, hourly_outcomes

HOURS: Final = 24
_HOUR: Final = Step.HOUR.length
_OUTCOMES: Final = (
    ("Delivered", "good", (DeliveryState.DELIVERED,)),
    ("Waiting", "warn", (DeliveryState.PENDING, DeliveryState.RETRYING)),
    ("Failed", "bad", (DeliveryState.EXHAUSTED, DeliveryState.CANCELLED)),
)


def deliveries_of_a_day(endpoints: Sequence[int], now: dt.datetime) -> Chart:
    """Return the deliveries of endpoints (their primary keys) by hour and outcome; one query."""
    hours = last_hours(now)
    return delivery_chart(hourly_outcomes(endpoints, hours[0]), hours)


def delivery_chart(outcomes: Outcomes, hours: Sequence[dt.datetime]) -> Chart:
    """Return what became of deliveries as columns."""
    none: Mapping[DeliveryState, int] = {}
    by_hour = [outcomes.get(hour, none) for hour in hours]
    series = [
        Series(name, [sum(counts.get(state, 0) for state in states) for counts in by_hour], tone)
        for name, tone, states in _OUTCOMES
    ]
    return column_chart("Deliveries by the hour, last 24 hours", hours, series)


def messages_of_a_day(rows: "QuerySet[Traffic]", now: dt.datetime) -> Chart:
    """Return the messages that rows of traffic count, by hour; one query."""
    hours = last_hours(now)
    return message_chart(traffic_in(rows, span(Step.HOUR, hours[0], hours[-1] + _HOUR, now)), hours)


def message_chart(steps: Sequence[TrafficStep], hours: Sequence[dt.datetime]) -> Chart:
    """Return messages that passed the gateway as a line."""
    counts = {step.at: step.counts.get("messages", 0) for step in steps}
    series = Series("Messages", [counts.get(hour, 0) for hour in hours])
    return line_chart("Messages by the hour, last 24 hours", hours, [series])


def last_hours(now: dt.datetime) -> list[dt.datetime]:
    """Return when each of the last 24 hours began, that of `now` the last."""
    this = now.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)
    return whole_steps(this - (HOURS - 1) * _HOUR, _HOUR, HOURS)
