"""The one permission gate: fetch what a member may see or change, else 404 or 403.

What belongs to another organization does not exist (404); what is one's own and above one's role, or outside the
management key's scopes, is forbidden (403). Pages and the management API both ask here.
"""

from dataclasses import dataclass
from typing import Final, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import Http404

from gateway.actor import Actor
from gateway.connections import usable_connections
from gateway.models import (
    ApiDefinition,
    App,
    Connection,
    Credential,
    EventType,
    Invitation,
    ManagementKey,
    Membership,
    Organization,
    Plan,
    Product,
    Quarantine,
    Role,
    Scope,
    Subscription,
    Traffic,
)
from gateway.products import visible_products
from portal.models import Page
from webhooks.models import Delivery, Endpoint, Message

_Row = TypeVar("_Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Permission:
    """What an action asks of who does it."""

    scope: Scope
    """What a management key must be allowed to touch."""
    roles: frozenset[Role]
    """Who may do it in person."""


_ADMINS: Final = frozenset({Role.OWNER, Role.ADMIN})
_PUBLISHERS: Final = _ADMINS | {Role.PUBLISHER}
_DEVELOPERS: Final = _PUBLISHERS | {Role.DEVELOPER}

READ: Final = Permission(Scope.READ, frozenset(Role))
DEFINITIONS: Final = Permission(Scope.DEFINITIONS, _PUBLISHERS)
PRODUCTS: Final = Permission(Scope.PRODUCTS, _PUBLISHERS)
APPS: Final = Permission(Scope.APPS, _DEVELOPERS)
WEBHOOKS: Final = Permission(Scope.WEBHOOKS, _DEVELOPERS)
CONNECTIONS: Final = Permission(Scope.READ, _PUBLISHERS)
ORGANIZATION: Final = Permission(Scope.ORGANIZATION, _ADMINS)


def require(actor: Actor, permission: Permission) -> None:
    """Raise PermissionDenied, saying what is missing, unless `actor` has the permission."""
    if actor.role not in permission.roles:
        roles = ", ".join(sorted(permission.roles))
        raise PermissionDenied(f"Your role is {actor.role}; this takes one of: {roles}.")
    if permission.scope not in actor.scopes:
        raise PermissionDenied(f"This management key lacks the scope {permission.scope}.")


def allows(actor: Actor, permission: Permission) -> bool:
    """Tell whether `actor` has the permission: what it does not allow, pages do not offer."""
    return actor.role in permission.roles and permission.scope in actor.scopes


def require_operator(actor: Actor) -> None:
    """Raise PermissionDenied unless `actor` runs the installation and may touch its organization."""
    require(actor, Permission(Scope.ORGANIZATION, frozenset(Role)))
    if not actor.is_operator:
        raise PermissionDenied("Only operators of this installation may change this.")


def definitions(actor: Actor) -> QuerySet[ApiDefinition]:
    """The definitions of the actor's organization. Raises PermissionDenied."""
    require(actor, READ)
    return _definitions(actor)


def definition(actor: Actor, public_id: str, permission: Permission = READ) -> ApiDefinition:
    """A definition of the actor's organization. Raises Http404, PermissionDenied."""
    return _fetch(actor, _definitions(actor).filter(public_id=public_id), permission)


def quarantine(actor: Actor) -> QuerySet[Quarantine]:
    """The quarantined messages of the actor's organization. Raises PermissionDenied."""
    require(actor, READ)
    return _quarantine(actor)


def quarantined(actor: Actor, pk: int, permission: Permission = READ) -> Quarantine:
    """A quarantined message of the actor's organization. Raises Http404, PermissionDenied."""
    return _fetch(actor, _quarantine(actor).filter(pk=pk), permission)


def event_type(actor: Actor, pk: int, permission: Permission = READ) -> EventType:
    """An event type of the actor's organization. Raises Http404, PermissionDenied."""
    return _fetch(actor, EventType.objects.filter(organization=actor.organization, pk=pk), permission)


def product(actor: Actor, pk: int, permission: Permission = READ) -> Product:
    """A product of the actor's organization. Raises Http404, PermissionDenied."""
    return _fetch(actor, Product.objects.filter(organization=actor.organization, pk=pk), permission)


def plan(actor: Actor, product_pk: int, pk: int, permission: Permission = READ) -> Plan:
    """A plan of a product of the actor's organization. Raises Http404, PermissionDenied."""
    own = Plan.objects.filter(product__organization=actor.organization, product=product_pk)
    return _fetch(actor, own.filter(pk=pk), permission)


def page(actor: Actor, product_pk: int, pk: int, permission: Permission = READ) -> Page:
    """A documentation page of a product of the actor's organization. Raises Http404, PermissionDenied."""
    own = Page.objects.filter(product__organization=actor.organization, product=product_pk)
    return _fetch(actor, own.filter(pk=pk).select_related("product"), permission)


def catalogue(actor: Actor | None) -> QuerySet[Product]:
    """The products that somebody finds; None: somebody who did not sign in. Raises PermissionDenied."""
    if actor is not None:
        require(actor, READ)
    return visible_products(None if actor is None else actor.organization)


def apps(actor: Actor) -> QuerySet[App]:
    """The apps of the actor's organization. Raises PermissionDenied."""
    require(actor, READ)
    return App.objects.filter(organization=actor.organization)


def app(actor: Actor, pk: int, permission: Permission = READ) -> App:
    """An app of the actor's organization. Raises Http404, PermissionDenied."""
    own = App.objects.filter(organization=actor.organization).select_related("organization")
    return _fetch(actor, own.filter(pk=pk), permission)


def credential(actor: Actor, app_pk: int, pk: int, permission: Permission = READ) -> Credential:
    """A credential of an app of the actor's organization. Raises Http404, PermissionDenied."""
    own = Credential.objects.filter(app__organization=actor.organization, app=app_pk).select_related("app")
    return _fetch(actor, own.filter(pk=pk), permission)


def subscriptions(actor: Actor) -> QuerySet[Subscription]:
    """The subscriptions of the actor's apps and to the actor's products."""
    related = ("app__organization", "product__organization", "plan")
    mine = Q(app__organization=actor.organization) | Q(product__organization=actor.organization)
    return Subscription.objects.filter(mine).select_related(*related)


def subscription(actor: Actor, pk: int) -> Subscription:
    """A subscription that either side may look at. Raises Http404, PermissionDenied."""
    return _fetch(actor, subscriptions(actor).filter(pk=pk), READ)


def own_subscription(actor: Actor, pk: int) -> Subscription:
    """A subscription of the actor's app, to change it as its developer. Raises Http404, PermissionDenied."""
    found = _fetch(actor, subscriptions(actor).filter(pk=pk), APPS)
    if found.app.organization_id != actor.organization.pk:
        raise PermissionDenied("Only the subscriber's organization may do this.")
    return found


def sold_subscription(actor: Actor, pk: int) -> Subscription:
    """A subscription to the actor's product, to decide on. Raises Http404, PermissionDenied."""
    found = _fetch(actor, subscriptions(actor).filter(pk=pk), PRODUCTS)
    if found.product.organization_id != actor.organization.pk:
        raise PermissionDenied("Only the publisher's organization may decide this.")
    return found


def endpoints(actor: Actor) -> QuerySet[Endpoint]:
    """The endpoints of the actor's apps."""
    return Endpoint.objects.filter(app__organization=actor.organization).select_related("app__organization")


def endpoint(actor: Actor, public_id: str, permission: Permission = READ) -> Endpoint:
    """An endpoint of an app of the actor's organization. Raises Http404, PermissionDenied."""
    return _fetch(actor, endpoints(actor).filter(public_id=public_id), permission)


def delivery(actor: Actor, pk: int, permission: Permission = READ) -> Delivery:
    """A delivery to an endpoint of the actor's organization. Raises Http404, PermissionDenied."""
    own = Delivery.objects.filter(endpoint__app__organization=actor.organization).select_related(
        "endpoint__app"
    )
    return _fetch(actor, own.filter(pk=pk), permission)


def message(actor: Actor, identity: str) -> Message:
    """A message (by its 32 hex digits) that the actor's organization sent or received.

    Raises Http404, PermissionDenied.
    """
    found = _fetch(actor, Message.objects.filter(pk=identity), READ)
    received = Delivery.objects.filter(
        message_id=found.pk, day=found.day, endpoint__app__organization=actor.organization
    )
    if found.organization_id != actor.organization.pk and not received.exists():
        raise Http404
    return found


def traffic(actor: Actor) -> QuerySet[Traffic]:
    """What passed the actor's definitions, and what the actor's apps had of any. Raises PermissionDenied."""
    require(actor, READ)
    definitions = ApiDefinition.objects.filter(organization=actor.organization).values("pk")
    apps = App.objects.filter(organization=actor.organization).values("pk")
    return Traffic.objects.filter(Q(definition_id__in=definitions) | Q(app_id__in=apps))


def usable_connection(actor: Actor, name: str) -> Connection:
    """A connection that the actor's definitions may name, to look at. Raises Http404, PermissionDenied."""
    return _fetch(actor, usable_connections(actor.organization).filter(name=name), CONNECTIONS)


def connection(actor: Actor, name: str) -> Connection:
    """A connection, to change it as an operator. Raises Http404, PermissionDenied."""
    require_operator(actor)
    found = Connection.objects.filter(name=name).first()
    if found is None:
        raise Http404
    return found


def management_key(actor: Actor, pk: int) -> ManagementKey:
    """A management key of the actor's organization. Raises Http404, PermissionDenied."""
    own = ManagementKey.objects.filter(organization=actor.organization).select_related("user")
    return _fetch(actor, own.filter(pk=pk), ORGANIZATION)


def membership(actor: Actor, pk: int) -> Membership:
    """A membership in the actor's organization. Raises Http404, PermissionDenied."""
    own = Membership.objects.filter(organization=actor.organization).select_related("user", "organization")
    return _fetch(actor, own.filter(pk=pk), ORGANIZATION)


def invitation(actor: Actor, pk: int) -> Invitation:
    """An invitation to the actor's organization. Raises Http404, PermissionDenied."""
    own = Invitation.objects.filter(organization=actor.organization).select_related("organization")
    return _fetch(actor, own.filter(pk=pk), ORGANIZATION)


def organization(actor: Actor, permission: Permission = READ) -> Organization:
    """The actor's own organization. Raises PermissionDenied."""
    require(actor, permission)
    return actor.organization


def _definitions(actor: Actor) -> QuerySet[ApiDefinition]:
    return ApiDefinition.objects.filter(organization=actor.organization).select_related("active_revision")


def _quarantine(actor: Actor) -> QuerySet[Quarantine]:
    own = Quarantine.objects.filter(definition__organization=actor.organization)
    return own.select_related("definition")


def _fetch(actor: Actor, candidates: "QuerySet[_Row]", permission: Permission) -> _Row:
    found = candidates.first()
    if found is None:
        raise Http404
    require(actor, permission)
    return found
