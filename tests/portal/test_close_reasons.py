"""Why an app's streams ended, counted over the steps of a day."""

import datetime as dt

from gateway.client import CloseReason
from gateway.traffic import TrafficStep
from portal.close_reasons import close_reasons

HOUR = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def test_reasons_are_summed_over_time_the_most_frequent_first():
    steps = [
        TrafficStep(HOUR, {"messages": 9, "closed.client_left": 1, "closed.slow_client": 2}),
        TrafficStep(HOUR + dt.timedelta(hours=1), {"closed.slow_client": 3, "opened": 4}),
    ]
    assert [(one.reason, one.count) for one in close_reasons(steps)] == [
        ("slow_client", 5),
        ("client_left", 1),
    ]


def test_every_reason_has_its_remedy():
    steps = [TrafficStep(HOUR, {f"closed.{reason.value}": 1 for reason in CloseReason})]
    counted = close_reasons(steps)
    assert {one.reason for one in counted} == {reason.value for reason in CloseReason}
    assert all(one.remedy for one in counted)


def test_a_reason_of_another_version_is_listed_all_the_same():
    [one] = close_reasons([TrafficStep(HOUR, {"closed.tired": 1})])
    assert (one.reason, one.remedy) == ("tired", "")
