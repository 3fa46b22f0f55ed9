import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gateway.connections import password_of
from gateway.models import (
    App,
    Audit,
    Connection,
    Credential,
    EventType,
    Membership,
    Organization,
    Plan,
    Product,
    RevisionCounter,
    Role,
    User,
)
from portal.models import Page
from tests import factories
from tests.portal.admin.operating import act, address
from webhooks.models import Attempt, Delivery, Due, Endpoint, Message, Payload

admin.autodiscover()
OURS = sorted(
    (
        model
        for model in admin.site._registry
        if model.__module__.split(".")[0] in {"gateway", "webhooks", "portal", "allauth"}
    ),
    key=lambda model: model._meta.label,
)
OF_MANY = [model for model in OURS if model is not RevisionCounter]
"""Those of which there is more than one row."""


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
        "Poll",
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
        "Correlation",
        "Audit",
        "DeliveryWorker",
        "EmailAddress",
        "UnmatchedCount",
        "Catalogue",
        "Page",
    ):
        getattr(factories, f"{name}Factory")()


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


def form_of(operator, row):
    """The values of a row's page, as a browser would send them back."""
    form = operator.get(address(type(row), "change", row.pk)).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in values.items() if value is not None}


def change(operator, row, **values):
    return operator.post(address(type(row), "change", row.pk), form_of(operator, row) | values, follow=True)


def test_an_edit_is_audited_by_the_names_of_its_fields(operator):
    catalogue = factories.CatalogueFactory()
    change(operator, catalogue, name="Partners")
    row = Audit.objects.get()
    assert (row.verb, row.changes) == ("catalogue.change", {"fields": [[], ["name"]]})


def test_a_plan_is_changed_as_its_publisher_would(operator):
    plan = factories.PlanFactory(product__organization__name="Publisher", max_endpoints=1)
    before = RevisionCounter.objects.get().value
    change(operator, plan, max_endpoints=3)
    assert Plan.objects.get().max_endpoints == 3
    row = Audit.objects.get()
    assert (row.verb, row.organization.name) == ("plan.change", "Publisher")
    assert row.changes == {"max_endpoints": [1, 3]}
    assert RevisionCounter.objects.get().value == before + 1


def test_a_new_schema_counts_the_version_up(operator):
    event_type = factories.EventTypeFactory(schema={"type": "object"})
    change(operator, event_type, schema='{"type": "array"}')
    event_type.refresh_from_db()
    assert (event_type.schema, event_type.version) == ({"type": "array"}, 2)


def test_a_schema_that_is_none_is_refused_and_said(operator):
    event_type = factories.EventTypeFactory(schema={"type": "object"})
    answer = change(operator, event_type, schema='{"type": "nothing"}')
    assert "not a JSON Schema" in answer.content.decode()
    event_type.refresh_from_db()
    assert (event_type.schema, event_type.version) == ({"type": "object"}, 1)


def test_attributes_of_a_subscription_are_set_as_its_publisher_would(operator):
    row = factories.SubscriptionFactory(attributes={"team": "red"})
    before = RevisionCounter.objects.get().value
    assert "neither text" in change(operator, row, attributes='{"team": []}').content.decode()
    assert not Audit.objects.exists()
    change(operator, row, attributes='{"team": "blue"}')
    row.refresh_from_db()
    assert row.attributes == {"team": "blue"}
    changed = {"attributes": [{"team": "red"}, {"team": "blue"}]}
    for audited in Audit.objects.all():
        assert (audited.verb, audited.changes) == ("subscription.attributes", changed)
    assert RevisionCounter.objects.get().value == before + 1
    sent = {"initial-attributes": '{"team": "blue"}', "attributes": "", "state": "cancelled"}
    change(operator, row, **sent)
    row.refresh_from_db()
    assert (row.attributes, row.state) == ({}, "approved")


def delete(operator, row):
    return operator.post(address(type(row), "delete", row.pk), {"post": "yes"}, follow=True)


def test_what_is_in_use_is_not_deleted(operator):
    product = factories.ProductFactory(lifecycle="published")
    event_type = factories.EventTypeFactory(organization=product.organization)
    product.event_types.add(event_type)
    plan = factories.PlanFactory(product=product)
    for row, said in ((event_type, "offers"), (product, "its history must stay"), (plan, "is the last plan")):
        assert said in delete(operator, row).content.decode(), row
    assert (EventType.objects.count(), Product.objects.count(), Plan.objects.count()) == (1, 1, 1)
    assert not Audit.objects.exists()


def test_an_event_type_that_an_endpoint_has_chosen_is_not_deleted(operator):
    """The endpoint whose only choice went would be sent every type."""
    endpoint = factories.EndpointFactory()
    event_type = factories.EventTypeFactory()
    endpoint.event_types.add(event_type)
    assert "endpoints have chosen" in delete(operator, event_type).content.decode()
    assert list(endpoint.event_types.all()) == [event_type]


def test_a_published_product_cannot_be_emptied(operator):
    product = factories.ProductFactory(lifecycle="published")
    product.event_types.add(factories.EventTypeFactory(organization=product.organization))
    factories.PlanFactory(product=product)
    change(operator, product, event_types=[], definitions=[], name="Empty")
    product.refresh_from_db()
    assert product.name != "Empty"
    assert product.event_types.count() == 1


def test_members_come_and_go_by_the_rules_of_organizations(operator):
    owner = factories.MembershipFactory()
    user = factories.UserFactory()
    new = {"user": user.pk, "organization": owner.organization.pk, "role": "viewer"}
    assert operator.post(address(Membership, "add"), new).status_code == 302
    member = Membership.objects.get(user=user)
    change(operator, member, role="publisher")
    member.refresh_from_db()
    assert member.role == Role.PUBLISHER
    answer = change(operator, owner, role="viewer")
    assert "An organization keeps at least one owner." in answer.content.decode()
    assert "An organization keeps at least one owner." in delete(operator, owner).content.decode()
    delete(operator, member)
    assert list(Membership.objects.all()) == [owner]
    assert Membership.objects.get().role == Role.OWNER
    verbs = Audit.objects.order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["member.add", "member.change", "member.remove"]


def test_a_page_is_changed_and_deleted_with_audit(operator):
    page = factories.PageFactory()
    change(operator, page, title="Start here")
    delete(operator, page)
    assert not Page.objects.exists()
    assert list(Audit.objects.order_by("pk").values_list("verb", flat=True)) == ["page.change", "page.delete"]


def test_somebody_is_disabled_and_enabled_but_not_oneself(operator):
    user = factories.UserFactory()
    oneself = User.objects.get(email="operator@example.com")
    answer = act(operator, User, "disable", user, oneself)
    assert (
        "This is your own account" in answer.content.decode() or "this is your own" in answer.content.decode()
    )
    assert list(User.objects.filter(is_active=True)) == [oneself]
    act(operator, User, "enable", user)
    assert User.objects.filter(is_active=True).count() == 2
    assert list(Audit.objects.order_by("pk").values_list("verb", flat=True)) == [
        "user.disable",
        "user.enable",
    ]
    assert delete(operator, user).status_code == 403


def test_an_account_made_here_signs_in_without_a_mail(operator, client, valkey_url):
    new = {"email": "Ada@Example.com", "password1": "a long password", "password2": "a long password"}
    assert operator.post(address(User, "add"), {**new, "usable_password": "true"}).status_code == 302
    assert User.objects.filter(email="ada@example.com").exists()
    client.logout()
    answer = client.post("/sign-in", {"login": "ada@example.com", "password": "a long password"})
    assert answer["Location"] == "/apps"


@pytest.mark.parametrize("model", OF_MANY, ids=lambda model: model._meta.label)
def test_a_longer_list_asks_no_more_questions(operator, estate, model):
    """What a list shows of other tables comes with it: not a question more for each row."""
    name = f"{model.__name__}Factory"
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert operator.get(address(model, "changelist")).status_code == 200
        counts.append(len(queries))
        for _ in range(3):
            getattr(factories, name)()
    assert counts[1] <= counts[0], [query["sql"] for query in queries]


def test_the_overview_says_what_waits_and_leads_there(operator, estate):
    page = operator.get(reverse("admin:index"))
    waiting = {one.title: one for one in page.context["waiting"]}
    assert waiting["Messages in quarantine"].count == "1"
    assert waiting["Endpoints that are disabled"].is_quiet
    for one in waiting.values():
        assert operator.get(one.url).status_code == 200
        assert len(operator.get(one.url).context["cl"].result_list) == int(one.count)


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
