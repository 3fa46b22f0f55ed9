"""Whom a step in a product's life meets."""

import pytest

from gateway.models import SubscriptionState
from portal.product_impact import product_impact
from tests.factories import AppFactory, EndpointFactory, PlanFactory, SubscriptionFactory
from webhooks.models import EndpointState

pytestmark = pytest.mark.django_db


def test_who_is_met_is_counted_and_said_in_a_sentence():
    plan = PlanFactory()
    app = AppFactory()
    for each in (app, AppFactory(organization=app.organization)):
        SubscriptionFactory(app=each, plan=plan)
    SubscriptionFactory(plan=plan, state=SubscriptionState.REQUESTED)
    SubscriptionFactory(plan=plan, state=SubscriptionState.CANCELLED)
    EndpointFactory(app=app)
    EndpointFactory(app=app, state=EndpointState.DISABLED)
    impact = product_impact(plan.product)
    assert (impact.receiving, impact.waiting, impact.organizations, impact.endpoints) == (2, 1, 1, 1)
    assert impact.said("stop receiving at once") == (
        "2 apps of 1 organization stop receiving at once. 1 webhook endpoint of theirs will notice. "
        "1 request will not be decided."
    )


def test_a_product_without_subscribers_meets_nobody():
    assert product_impact(PlanFactory().product).said("stop") == "Nobody is subscribed to it."
