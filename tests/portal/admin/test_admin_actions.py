"""Actions of Django admin: what they do, and what they ask first."""

import html

import pytest

from gateway.models import (
    ApiDefinition,
    Audit,
    Credential,
    ManagementKey,
    RevisionCounter,
    Subscription,
    SubscriptionState,
)
from tests import factories
from tests.portal.admin.operating import act
from webhooks.models import Delivery, Due


def test_an_operator_approves_and_suspends_with_audit_and_revision(operator):
    subscription = factories.SubscriptionFactory(state="requested")
    before = RevisionCounter.objects.get().value
    act(operator, Subscription, "approve", subscription)
    act(operator, Subscription, "suspend", subscription)
    subscription.refresh_from_db()
    assert subscription.state == SubscriptionState.SUSPENDED
    assert RevisionCounter.objects.get().value == before + 2
    verbs = Audit.objects.filter(organization=subscription.product.organization).values_list(
        "verb", "actor__email"
    )
    assert set(verbs) == {
        ("subscription.approve", "operator@example.com"),
        ("subscription.suspend", "operator@example.com"),
    }


def test_an_illegal_move_is_said_and_nothing_changes(operator):
    subscription = factories.SubscriptionFactory(state="rejected")
    page = act(operator, Subscription, "approve", subscription)
    assert "the subscription is rejected" in page.content.decode()
    assert Subscription.objects.get().state == SubscriptionState.REJECTED
    assert not Audit.objects.exists()


@pytest.mark.parametrize(
    ("factory", "action", "field", "value"),
    [
        ("Endpoint", "disable", "state", "disabled"),
        ("Endpoint", "pause", "state", "paused"),
        ("Product", "deprecate", "lifecycle", "deprecated"),
        ("Organization", "suspend", "is_active", False),
        ("Quarantine", "discard", "state", "discarded"),
        ("Quarantine", "retry", "state", "retrying"),
    ],
)
def test_actions_do_what_the_domain_calls_do(operator, factory, action, field, value):
    row = getattr(factories, f"{factory}Factory")()
    before = RevisionCounter.objects.get().value
    act(operator, type(row), action, row)
    row.refresh_from_db()
    assert getattr(row, field) == value
    assert Audit.objects.get().actor.email == "operator@example.com"
    assert RevisionCounter.objects.get().value == before + 1


@pytest.mark.parametrize(
    ("factory", "action"),
    [
        ("Credential", "revoke"),
        ("ManagementKey", "revoke"),
        ("Product", "retire"),
        ("Quarantine", "discard"),
        ("Subscription", "cancel"),
    ],
)
def test_what_cannot_be_taken_back_is_asked_first(operator, factory, action):
    row = getattr(factories, f"{factory}Factory")()
    page = act(operator, type(row), action, row, confirmed=False).content.decode()
    assert "cannot be taken back" in page
    assert str(row) in html.unescape(page)
    assert not Audit.objects.exists()


@pytest.mark.parametrize(("factory", "model"), [("Credential", Credential), ("ManagementKey", ManagementKey)])
def test_keys_are_revoked(operator, factory, model):
    row = getattr(factories, f"{factory}Factory")()
    act(operator, model, "revoke", row)
    row.refresh_from_db()
    assert row.revoked_at is not None


def test_a_definition_is_deactivated(operator):
    revision = factories.RevisionFactory()
    definition = revision.definition
    definition.state, definition.active_revision = "active", revision
    definition.save()
    act(operator, ApiDefinition, "deactivate", definition)
    definition.refresh_from_db()
    assert (definition.state, definition.active_revision) == ("draft", None)


def test_a_delivery_is_replayed(operator):
    delivery = factories.DeliveryFactory(state=4)
    act(operator, Delivery, "replay", delivery)
    assert Due.objects.get().delivery_id == delivery.pk
