import datetime as dt

from django.utils import timezone

from tests import factories
from webhooks import outcomes
from webhooks.models import DeliveryState
from webhooks.outcomes import hourly_outcomes

HOUR = timezone.now().replace(minute=0, second=0, microsecond=0)


def test_deliveries_are_counted_by_hour_and_state(db):
    endpoint = factories.EndpointFactory()
    for minutes, state in ((1, 2), (2, 2), (3, 4), (61, 0)):
        factories.DeliveryFactory(
            endpoint=endpoint, state=state, created_at=HOUR + dt.timedelta(minutes=minutes)
        )
    assert hourly_outcomes([endpoint.pk], HOUR) == {
        HOUR: {DeliveryState.DELIVERED: 2, DeliveryState.EXHAUSTED: 1},
        HOUR + dt.timedelta(hours=1): {DeliveryState.PENDING: 1},
    }


def test_what_is_older_or_of_another_endpoint_is_not_counted(db):
    endpoint = factories.EndpointFactory()
    factories.DeliveryFactory(endpoint=endpoint, created_at=HOUR - dt.timedelta(seconds=1))
    factories.DeliveryFactory(created_at=HOUR)
    assert hourly_outcomes([endpoint.pk], HOUR) == {}
    assert hourly_outcomes([], HOUR) == {}


def test_only_the_newest_are_looked_at(db, monkeypatch):
    monkeypatch.setattr(outcomes, "COUNTED", 2)
    endpoint = factories.EndpointFactory()
    factories.DeliveryFactory.create_batch(3, endpoint=endpoint, created_at=HOUR)
    assert hourly_outcomes([endpoint.pk], HOUR) == {HOUR: {DeliveryState.PENDING: 2}}
