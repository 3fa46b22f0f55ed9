import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gateway.connections import password_of
from gateway.models import (
    ApiDefinition,
    App,
    Audit,
    Connection,
    Credential,
    ManagementKey,
    Organization,
    Plan,
    RevisionCounter,
    Subscription,
    SubscriptionState,
    User,
)
from tests import factories
from webhooks.models import Attempt, Delivery, Due, Endpoint, Message, Payload

OURS = sorted(
    (
        model
        for model in admin.site._registry
        if model.__module__.split(".")[0] in {"gateway", "webhooks", "portal"}
    ),
    key=lambda model: model._meta.label,
)


@pytest.fixture
def operator(client, db):
    user = User.objects.create_superuser("operator@example.com", "a long password")
    client.force_login(user)
    return client


@pytest.fixture
def estate(db):
    """One row of every model."""
    delivery = factories.DeliveryFactory()
    factories.DueFactory(delivery=delivery)
    factories.AttemptFactory(delivery=delivery, response_body=b"body-of-the-answer")
    for name in (
        "Revision",
        "Instance",
        "Invitation",
        "Lease",
        "Position",
        "Quarantine",
        "Ticket",
        "Usage",
        "Traffic",
        "EventType",
        "Subscription",
        "Credential",
        "ManagementKey",
        "Membership",
        "Connection",
        "Audit",
        "DeliveryWorker",
        "UnmatchedCount",
        "Catalogue",
        "Page",
    ):
        getattr(factories, f"{name}Factory")()


def address(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def test_every_model_has_an_admin():
    models = {
        m for label in ("gateway", "webhooks", "portal") for m in apps.get_app_config(label).get_models()
    }
    assert models <= set(OURS)


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_list_search_and_row_can_be_looked_at(operator, estate, model):
    row = model._default_manager.first()
    assert row is not None
    assert operator.get(address(model, "changelist")).status_code == 200
    if admin.site._registry[model].search_fields:
        assert operator.get(address(model, "changelist"), {"q": "x"}).status_code == 200
    shown = operator.get(address(model, "change", row.pk))
    assert shown.status_code == 200


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_no_page_shows_a_secret(operator, estate, model):
    row = model._default_manager.first()
    page = operator.get(address(model, "change", row.pk)).content.decode()
    for field in model._meta.concrete_fields:
        if field.get_internal_type() == "BinaryField" and getattr(row, field.attname) is not None:
            assert f"field-{field.name}" not in page


@pytest.mark.parametrize(
    "model", [Delivery, Attempt, Message, Payload, Due, Audit], ids=lambda m: m._meta.label
)
def test_large_tables_are_never_counted(operator, estate, model):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert operator.get(address(model, "changelist")).status_code == 200
    assert not [q["sql"] for q in queries if "COUNT(*)" in q["sql"] and model._meta.db_table in q["sql"]]


@pytest.mark.parametrize("text", ["dlv_{0}", "{0}"])
def test_a_delivery_is_found_by_its_id(operator, estate, text):
    delivery = Delivery.objects.get()
    page = operator.get(address(Delivery, "changelist"), {"q": text.format(delivery.pk)})
    assert f"dlv_{delivery.pk}" in page.content.decode()
    assert list(page.context["cl"].result_list) == [delivery]
    assert not operator.get(address(Delivery, "changelist"), {"q": "999"}).context["cl"].result_list


def act(operator, model, action, *rows):
    body = {"action": action, "_selected_action": [row.pk for row in rows]}
    return operator.post(address(model, "changelist"), body, follow=True)


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


def test_an_edit_is_audited_by_the_names_of_its_fields(operator):
    plan = factories.PlanFactory(product__organization__name="Publisher")
    form = operator.get(address(Plan, "change", plan.pk)).context["adminform"].form
    values = {name: "" if value is None else value for name, value in form.initial.items()}
    response = operator.post(address(Plan, "change", plan.pk), values | {"max_endpoints": 3})
    assert response.status_code == 302
    row = Audit.objects.get()
    assert (row.verb, row.organization.name) == ("plan.change", "Publisher")
    assert row.changes == {"fields": [[], ["max_endpoints"]]}


def test_a_connections_password_is_set_and_not_shown(operator):
    body = {
        "name": "kafka",
        "kind": "kafka",
        "addresses": "kafka.example.com:9092",
        "sasl_mechanism": "PLAIN",
        "username": "sluice",
        "allowed_topics": "",
        "new_password": "hidden-password",
    }
    assert operator.post(address(Connection, "add"), body).status_code == 302
    made = Connection.objects.get()
    assert password_of(made) == "hidden-password"
    assert b"hidden-password" not in operator.get(address(Connection, "change", made.pk)).content
    assert "hidden-password" not in str(list(Audit.objects.values()))


@pytest.mark.parametrize(
    "model", [Audit, Delivery, Attempt, Endpoint, Credential], ids=lambda m: m._meta.label
)
def test_what_is_read_only_cannot_be_added_changed_or_deleted(operator, estate, model):
    row = model._default_manager.first()
    assert operator.get(address(model, "add")).status_code == 403
    assert operator.post(address(model, "change", row.pk), {}).status_code == 403
    assert operator.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403


def test_apps_and_organizations_are_not_deleted_here(operator):
    app = factories.AppFactory()
    assert operator.post(address(App, "delete", app.pk), {"post": "yes"}).status_code == 403
    organization = app.organization
    assert operator.post(address(Organization, "delete", organization.pk), {"post": "yes"}).status_code == 403


def test_who_is_no_operator_does_not_come_in(client, db):
    client.force_login(factories.UserFactory())
    assert client.get(reverse("admin:index")).status_code == 302
