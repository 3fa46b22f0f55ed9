"""Every address times every method times who asks."""

import pytest
from django.db import transaction
from django.test import Client

from gateway.models import Role
from portal.api.urls import urlpatterns
from portal.api.view import ManagementView
from tests import factories
from tests.portal.api.conftest import make_caller

RANKS = {Role.VIEWER: 0, Role.DEVELOPER: 1, Role.PUBLISHER: 2, Role.OWNER: 3}
VIEWER, DEVELOPER, PUBLISHER, OWNER, OPERATOR, ANYBODY = range(6)

# Method, address, the least role that may, and for objects of one organization "own": others find nothing.
TABLE = [
    ("GET", "event-types", VIEWER, "all"),
    ("POST", "event-types", PUBLISHER, "all"),
    ("GET", "event-types/{event_type}", VIEWER, "own"),
    ("PATCH", "event-types/{event_type}", PUBLISHER, "own"),
    ("DELETE", "event-types/{event_type}", PUBLISHER, "own"),
    ("POST", "event-types/{event_type}/deprecate", PUBLISHER, "own"),
    ("POST", "event-types/{event_type}/restore", PUBLISHER, "own"),
    ("GET", "products", VIEWER, "all"),
    ("POST", "products", PUBLISHER, "all"),
    ("GET", "products/{product}", VIEWER, "own"),
    ("PATCH", "products/{product}", PUBLISHER, "own"),
    ("DELETE", "products/{product}", PUBLISHER, "own"),
    ("POST", "products/{product}/publish", PUBLISHER, "own"),
    ("POST", "products/{product}/unpublish", PUBLISHER, "own"),
    ("POST", "products/{product}/deprecate", PUBLISHER, "own"),
    ("POST", "products/{product}/retire", PUBLISHER, "own"),
    ("GET", "products/{product}/plans", VIEWER, "own"),
    ("POST", "products/{product}/plans", PUBLISHER, "own"),
    ("GET", "products/{product}/plans/{plan}", VIEWER, "own"),
    ("PATCH", "products/{product}/plans/{plan}", PUBLISHER, "own"),
    ("DELETE", "products/{product}/plans/{plan}", PUBLISHER, "own"),
    ("GET", "catalogue", ANYBODY, "all"),
    ("GET", "catalogue/{slug}", ANYBODY, "all"),
    ("GET", "apps", VIEWER, "all"),
    ("POST", "apps", DEVELOPER, "all"),
    ("GET", "apps/{app}", VIEWER, "own"),
    ("PATCH", "apps/{app}", DEVELOPER, "own"),
    ("DELETE", "apps/{app}", DEVELOPER, "own"),
    ("GET", "apps/{app}/clients", VIEWER, "own"),
    ("POST", "apps/{app}/tickets", DEVELOPER, "own"),
    ("GET", "apps/{app}/credentials", VIEWER, "own"),
    ("POST", "apps/{app}/credentials", DEVELOPER, "own"),
    ("GET", "apps/{app}/credentials/{credential}", VIEWER, "own"),
    ("POST", "apps/{app}/credentials/{credential}/revoke", DEVELOPER, "own"),
    ("POST", "apps/{app}/credentials/{credential}/rotate", DEVELOPER, "own"),
    ("GET", "subscriptions", VIEWER, "all"),
    ("POST", "subscriptions", DEVELOPER, "all"),
    ("GET", "subscriptions/{subscription}", VIEWER, "own"),
    ("POST", "subscriptions/{subscription}/cancel", DEVELOPER, "own"),
    ("POST", "subscriptions/{subscription}/choose-plan", DEVELOPER, "own"),
    ("POST", "subscriptions/{subscription}/assign-plan", PUBLISHER, "own"),
    ("POST", "subscriptions/{subscription}/set-attributes", PUBLISHER, "own"),
    ("POST", "subscriptions/{subscription}/approve", PUBLISHER, "own"),
    ("POST", "subscriptions/{subscription}/reject", PUBLISHER, "own"),
    ("POST", "subscriptions/{subscription}/suspend", PUBLISHER, "own"),
    ("POST", "subscriptions/{subscription}/resume", PUBLISHER, "own"),
    ("GET", "endpoints", VIEWER, "all"),
    ("POST", "endpoints", DEVELOPER, "all"),
    ("GET", "endpoints/{endpoint}", VIEWER, "own"),
    ("PATCH", "endpoints/{endpoint}", DEVELOPER, "own"),
    ("DELETE", "endpoints/{endpoint}", DEVELOPER, "own"),
    ("POST", "endpoints/{endpoint}/pause", DEVELOPER, "own"),
    ("POST", "endpoints/{endpoint}/resume", DEVELOPER, "own"),
    ("POST", "endpoints/{endpoint}/enable", DEVELOPER, "own"),
    ("POST", "endpoints/{endpoint}/rotate-secret", DEVELOPER, "own"),
    ("POST", "endpoints/{endpoint}/test", DEVELOPER, "own"),
    ("POST", "endpoints/{endpoint}/replay", DEVELOPER, "own"),
    ("GET", "deliveries", VIEWER, "all"),
    ("GET", "deliveries/{delivery}", VIEWER, "own"),
    ("POST", "deliveries/{delivery}/replay", DEVELOPER, "own"),
    ("GET", "messages/{message}", VIEWER, "own"),
    ("GET", "definitions", VIEWER, "all"),
    ("POST", "definitions", PUBLISHER, "all"),
    ("POST", "definitions/validate", PUBLISHER, "all"),
    ("POST", "definitions/dry-run", PUBLISHER, "all"),
    ("GET", "definitions/{definition}", VIEWER, "own"),
    ("PUT", "definitions/{definition}", PUBLISHER, "own"),
    ("DELETE", "definitions/{definition}", PUBLISHER, "own"),
    ("POST", "definitions/{definition}/dry-run", PUBLISHER, "own"),
    ("POST", "definitions/{definition}/activate", PUBLISHER, "own"),
    ("POST", "definitions/{definition}/deactivate", PUBLISHER, "own"),
    ("POST", "definitions/{definition}/rollback", PUBLISHER, "own"),
    ("GET", "definitions/{definition}/revisions", VIEWER, "own"),
    ("GET", "definitions/{definition}/unmatched", VIEWER, "own"),
    ("GET", "apis/streams", VIEWER, "all"),
    ("POST", "apis/streams", PUBLISHER, "all"),
    ("GET", "apis/streams/{definition}", VIEWER, "own"),
    ("PUT", "apis/streams/{definition}", PUBLISHER, "own"),
    ("PATCH", "apis/streams/{definition}", PUBLISHER, "own"),
    ("DELETE", "apis/streams/{definition}", PUBLISHER, "own"),
    ("GET", "connections", PUBLISHER, "all"),
    ("POST", "connections", OPERATOR, "all"),
    ("PATCH", "connections/{connection}", OPERATOR, "all"),
    ("DELETE", "connections/{connection}", OPERATOR, "all"),
    ("GET", "instances", VIEWER, "all"),
    ("GET", "traffic", VIEWER, "all"),
    ("GET", "quarantine", VIEWER, "all"),
    ("GET", "quarantine/{quarantined}", VIEWER, "own"),
    ("POST", "quarantine/{quarantined}/retry", PUBLISHER, "own"),
    ("POST", "quarantine/{quarantined}/discard", PUBLISHER, "own"),
    ("GET", "audit", VIEWER, "all"),
    ("GET", "organization", VIEWER, "all"),
    ("PATCH", "organization", OWNER, "all"),
    ("GET", "organization/members", VIEWER, "all"),
    ("POST", "organization/members", OWNER, "all"),
    ("PATCH", "organization/members/{member}", OWNER, "own"),
    ("DELETE", "organization/members/{member}", OWNER, "own"),
    ("GET", "organization/invitations", OWNER, "all"),
    ("POST", "organization/invitations", OWNER, "all"),
    ("POST", "organization/invitations/{invitation}/revoke", OWNER, "own"),
    ("GET", "management-keys", OWNER, "all"),
    ("POST", "management-keys", OWNER, "all"),
    ("GET", "management-keys/{management_key}", OWNER, "own"),
    ("POST", "management-keys/{management_key}/revoke", OWNER, "own"),
]


class Estate:
    """One organization with one of everything, and somebody in every role."""

    def __init__(self):
        self.callers = {Role.OWNER: make_caller(Role.OWNER)}
        organization = self.callers[Role.OWNER].organization
        for role in (Role.VIEWER, Role.DEVELOPER, Role.PUBLISHER):
            self.callers[role] = make_caller(role, organization)
        self.operator = make_caller(Role.VIEWER, organization, is_staff=True)
        self.stranger = make_caller(Role.OWNER)
        app = factories.AppFactory(organization=organization)
        product = factories.ProductFactory(organization=organization, visibility="public")
        subscription = factories.SubscriptionFactory(app=app, plan__product=product, state="requested")
        definition = factories.ApiDefinitionFactory(organization=organization)
        message = factories.MessageFactory(organization=organization, definition=definition)
        endpoint = factories.EndpointFactory(app=app, url="http://127.0.0.1:1/")
        delivery = factories.DeliveryFactory(endpoint=endpoint, message=message)
        self.ids = {
            "event_type": factories.EventTypeFactory(organization=organization).pk,
            "product": product.pk,
            "slug": product.slug,
            "plan": subscription.plan.pk,
            "app": app.pk,
            "credential": factories.CredentialFactory(app=app).pk,
            "subscription": subscription.pk,
            "endpoint": endpoint.public_id,
            "delivery": str(delivery),
            "message": str(message),
            "definition": definition.public_id,
            "connection": factories.ConnectionFactory().name,
            "quarantined": factories.QuarantineFactory(definition=definition).pk,
            "member": factories.MembershipFactory(organization=organization, role=Role.VIEWER).pk,
            "invitation": factories.InvitationFactory(organization=organization).pk,
            "management_key": factories.ManagementKeyFactory(organization=organization).pk,
        }

    def status(self, caller, method, address):
        """The status of one request; whatever it changed is taken back."""
        with transaction.atomic():
            response = caller.request(method, address.format_map(self.ids), "" if method == "GET" else {})
            transaction.set_rollback(True)
        return response.status_code


@pytest.fixture
def estate(db):
    return Estate()


@pytest.mark.parametrize(("method", "address", "least", "whose"), TABLE, ids=str)
def test_who_may_do_what(estate, method, address, least, whose):
    answered = {200, 201, 204, 400, 409}  # the permission was there; the empty body may not have been enough
    for role, caller in estate.callers.items():
        status = estate.status(caller, method, address)
        if least == ANYBODY or RANKS[role] >= least:
            assert status in answered, role
        else:
            assert status == 403, role
    assert estate.status(estate.operator, method, address) in (
        answered if least in {VIEWER, OPERATOR, ANYBODY} else {403}
    )
    stranger = estate.status(estate.stranger, method, address)
    assert stranger == 404 if whose == "own" else stranger in (answered if least != OPERATOR else {403})
    anonymous = Client().generic(method, f"/api/{address.format_map(estate.ids)}")
    assert anonymous.status_code == (200 if least == ANYBODY else 401)


def test_the_table_leaves_no_address_out():
    named = {(method, "/".join(_bare(step) for step in address.split("/"))) for method, address, *_ in TABLE}
    for pattern in urlpatterns:
        view = getattr(pattern.callback, "cls", None)
        route = str(pattern.pattern)
        if view is None or not issubclass(view, ManagementView) or route == "^":
            continue
        address = "/".join(_bare(step) for step in route.split("/"))
        for method in ("get", "post", "put", "patch", "delete"):
            if hasattr(view, method):
                assert (method.upper(), address) in named


def _bare(step):
    """A step of an address, or `*` where it holds an id."""
    return "*" if step[:1] in {"{", "<"} else step


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("scope", "method", "address"),
    [
        ("read", "GET", "apps"),
        ("apps", "POST", "apps"),
        ("products", "POST", "event-types"),
        ("definitions", "POST", "definitions"),
        ("webhooks", "POST", "endpoints"),
        ("organization", "PATCH", "organization"),
    ],
)
def test_a_key_does_nothing_outside_its_scopes(scope, method, address):
    with_scope = make_caller(Role.OWNER, scopes=[scope])
    others = {"read", "apps", "products", "definitions", "webhooks", "organization"} - {scope}
    without = make_caller(Role.OWNER, scopes=sorted(others))
    assert with_scope.request(method, address).status_code in {200, 400}
    refused = without.request(method, address)
    assert refused.status_code == 403
    assert f"lacks the scope {scope}" in refused.json()["detail"]
