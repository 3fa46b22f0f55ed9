"""An endpoint's run of failures is written when it begins and ends; one that is gone, or only fails, is disabled."""

import datetime as dt

import psycopg
import pytest

from gateway.models import App, Audit, Organization, RevisionCounter
from webhooks.endpoint_health import judge_failing_endpoints
from webhooks.models import Delivery, DeliveryState, Endpoint, EndpointState

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def endpoint() -> Endpoint:
    organization = Organization.objects.create(name="Partner", slug="partner")
    app = App.objects.create(organization=organization, name="Till")
    return Endpoint.objects.create(app=app, public_id="ep_1", url="https://till.example/hook")


def failing(endpoint: Endpoint, hours: float, *, warned: bool = False, exhausted: bool = False) -> None:
    """Let it have failed since so many hours ago."""
    now = dt.datetime.now(dt.UTC)
    endpoint.failing_since = now - hours * HOUR
    endpoint.warned_at = now - HOUR if warned else None
    endpoint.save()
    if exhausted:
        Delivery.objects.create(
            id=1,
            day=now.date(),
            message_id="6f2c1d0e-0000-4000-8000-000000000000",
            endpoint=endpoint,
            event_type="x",
            state=DeliveryState.EXHAUSTED,
            created_at=now,
            finished_at=now,
        )


@pytest.fixture
def judged(postgres_url, endpoint):
    """Judge as beat does, then say how the endpoint is."""
    yield lambda: _judge(postgres_url, endpoint)
    Delivery.objects.all().delete()


def _judge(url: str, endpoint: Endpoint) -> Endpoint:
    with psycopg.connect(url) as connection:
        judge_failing_endpoints(connection)
    endpoint.refresh_from_db()
    return endpoint


def test_a_short_outage_changes_nothing(endpoint, judged):
    failing(endpoint, hours=23)
    after = judged()
    assert (after.state, after.warned_at) == (EndpointState.ENABLED, None)


def test_a_day_of_failures_is_warned_about(endpoint, judged):
    failing(endpoint, hours=25)
    after = judged()
    assert after.warned_at is not None
    assert after.state == EndpointState.ENABLED


def test_five_days_of_failures_and_a_delivery_given_up_disable_it_with_reason_audit_and_revision(
    endpoint, judged
):
    before = RevisionCounter.objects.get().value
    failing(endpoint, hours=121, warned=True, exhausted=True)
    after = judged()
    assert after.state == EndpointState.DISABLED
    assert after.state_reason.startswith("every delivery failed since")
    audit = Audit.objects.get(verb="endpoint.disable")
    assert (audit.object_id, audit.organization) == ("ep_1", endpoint.app.organization)
    assert RevisionCounter.objects.get().value == before + 1


def test_without_a_delivery_given_up_it_stays(endpoint, judged):
    failing(endpoint, hours=500, warned=True)
    assert judged().state == EndpointState.ENABLED


def test_nobody_is_disabled_unwarned(endpoint, judged):
    failing(endpoint, hours=500, exhausted=True)
    after = judged()
    assert after.state == EndpointState.ENABLED
    assert after.warned_at is not None
