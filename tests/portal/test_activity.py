import datetime as dt

from gateway.models import Traffic
from portal.activity import deliveries_of_a_day, last_hours, messages_of_a_day
from tests import factories
from webhooks.models import DeliveryState

NOW = dt.datetime(2026, 4, 30, 17, 20, tzinfo=dt.UTC)


def test_the_hour_that_goes_on_is_the_last_of_the_day():
    hours = last_hours(NOW)
    assert (len(hours), hours[-1], hours[0]) == (
        24,
        NOW.replace(minute=0),
        NOW.replace(day=29, hour=18, minute=0),
    )


def test_deliveries_of_a_day_stand_at_their_hour_and_outcome(db):
    endpoint = factories.EndpointFactory()
    made = {"endpoint": endpoint, "created_at": NOW - dt.timedelta(minutes=5)}
    factories.DeliveryFactory(state=DeliveryState.DELIVERED, **made)
    factories.DeliveryFactory(state=DeliveryState.EXHAUSTED, **made)
    factories.DeliveryFactory(endpoint=endpoint, created_at=NOW - dt.timedelta(days=2))
    factories.DeliveryFactory(created_at=NOW)
    chart = deliveries_of_a_day([endpoint.pk], NOW)
    assert chart.rows[-1][1] == [1, 0, 1]
    assert [total for _, total in chart.totals] == [1, 0, 1]


def test_messages_of_a_day_stand_at_their_hour(db):
    counted = {"definition_id": 1, "measure": "messages"}
    for minutes, value in ((0, 3), (1, 4), (60, 5), (3000, 9)):
        minute = NOW - dt.timedelta(minutes=minutes)
        Traffic.objects.create(minute=minute, value=value, **counted)
    Traffic.objects.create(minute=NOW, definition_id=1, measure="bytes", value=1000)
    chart = messages_of_a_day(Traffic.objects.all(), NOW)
    assert [row[1] for row in chart.rows[-2:]] == [[5], [7]]
    assert [total for _, total in chart.totals] == [12]
