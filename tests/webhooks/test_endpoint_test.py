"""A test event: what is sent is told, whatever came of it."""

import pytest

from gateway.models import Role
from tests.changes import actor_in
from tests.factories import AppFactory, EventTypeFactory, SubscriptionFactory
from webhooks.endpoint_test import send_test_event
from webhooks.endpoints import create_endpoint

pytestmark = pytest.mark.django_db


def test_the_example_of_a_type_is_sent_whatever_numbers_it_has(settings):
    settings.OUTBOUND_ALLOW = ("127.0.0.0/8",)
    app = AppFactory()
    product = SubscriptionFactory(app=app).product
    kind = EventTypeFactory(organization=product.organization, name="order.paid", example={"sum": 10**20})
    product.event_types.set([kind])
    developer = actor_in(app.organization, Role.DEVELOPER)
    endpoint = create_endpoint(developer, app, url="https://127.0.0.1:1/hook").endpoint

    result = send_test_event(developer, endpoint, "order.paid")

    assert result.body == '{"sum":100000000000000000000}'
    assert result.error == "connect_error"
