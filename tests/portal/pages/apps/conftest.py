"""Somebody's estate as a developer has it, and what their pages lead to."""

import datetime as dt
from dataclasses import dataclass

import pytest
from django.test import Client
from django.utils import timezone

from gateway.models import App, Credential, Plan, Product, Role, Subscription
from tests import factories
from webhooks.models import AttemptDecision, Delivery, DeliveryState, Endpoint


@dataclass(frozen=True)
class Workshop:
    """An app with one of each."""

    client: Client
    """A developer's."""
    viewer: Client
    app: App
    product: Product
    plan: Plan
    """Approved by the publisher, of the same product."""
    subscription: Subscription
    credential: Credential
    endpoint: Endpoint
    delivery: Delivery


def client_of(organization, role):
    client = Client()
    client.force_login(factories.MembershipFactory(organization=organization, role=role).user)
    return client


@pytest.fixture
def workshop(estate):
    organization = estate.actor.organization
    endpoint = estate.app.endpoints.first()
    delivery = factories.DeliveryFactory(
        endpoint=endpoint,
        state=DeliveryState.RETRYING,
        attempts=1,
        last_status=503,
        payload__body=b'{"id":7}',
    )
    later = timezone.now() + dt.timedelta(minutes=5)
    factories.DueFactory(delivery=delivery, attempts=1, due_at=later)
    factories.AttemptFactory(
        delivery=delivery,
        status=503,
        decision=AttemptDecision.RETRY,
        next_at=later,
        response_body=b"<b>busy</b>",
    )
    return Workshop(
        client_of(organization, Role.DEVELOPER),
        client_of(organization, Role.VIEWER),
        estate.app,
        estate.public,
        factories.PlanFactory(product=estate.public, name="Generous", approval="manual"),
        estate.app.subscriptions.get(),
        estate.app.credentials.get(),
        endpoint,
        delivery,
    )


def text(response, status=200):
    assert response.status_code == status, (response.status_code, response.headers)
    return response.content.decode()
