"""Products: definitions and event types brought together, and their life from draft to retirement."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.text import slugify

from gateway import audit
from gateway.actor import Actor
from gateway.announcements import announce
from gateway.errors import Fault, InputError, RefusedError
from gateway.models import Lifecycle, Organization, Product, Visibility
from gateway.models.subscription import LIVE
from gateway.openness import require_keys
from gateway.records import save_checked, set_fields, set_members

MOVES: Final[dict[Lifecycle, frozenset[Lifecycle]]] = {
    Lifecycle.DRAFT: frozenset({Lifecycle.PUBLISHED}),
    Lifecycle.PUBLISHED: frozenset({Lifecycle.DRAFT, Lifecycle.DEPRECATED}),
    Lifecycle.DEPRECATED: frozenset({Lifecycle.PUBLISHED, Lifecycle.RETIRED}),
    Lifecycle.RETIRED: frozenset(),
}
"""The legal moves of a product; any other is refused."""

_MEMBERS: Final = ("definitions", "event_types", "audience")


@transaction.atomic
def create_product(actor: Actor, *, name: str, slug: str = "", **values: Any) -> Product:
    """Make a draft product of the actor's organization.

    values: summary, description, visibility, webhooks_enabled, and as lists of rows definitions, event_types
    and audience (organizations). Raises InputError.
    """
    members: dict[str, list[Any]] = {field: list(values.pop(field)) for field in _MEMBERS if field in values}
    product = Product(organization=actor.organization, name=name, slug=slug or _free_slug(name), **values)
    _check_own(product, members)
    save_checked(product)
    for field, rows in members.items():
        set_members(product, field, rows)
    audit.record(actor, "product.create", product)
    announce()
    return product


@transaction.atomic
def change_product(actor: Actor, product: Product, values: Mapping[str, Any]) -> Product:
    """Set fields and members of a product that is not retired; one in the catalogue stays fit to be there.

    Raises InputError, RefusedError.
    """
    product = Product.objects.select_for_update().get(pk=product.pk)
    if product.lifecycle == Lifecycle.RETIRED:
        raise RefusedError(f"{product} is retired: it cannot be changed", code="retired")
    members: dict[str, list[Any]] = {field: list(values[field]) for field in _MEMBERS if field in values}
    _check_own(product, members)
    if product.plans.exists():
        require_keys(members.get("definitions", ()))
    plain = {name: value for name, value in values.items() if name not in members}
    changes = dict(set_fields(product, plain))
    save_checked(product)
    for field, rows in members.items():
        changes.update(set_members(product, field, rows))
    if product.lifecycle != Lifecycle.DRAFT:
        _check_publishable(product)
    audit.record(actor, "product.change", product, changes)
    announce()
    return product


def publish_product(actor: Actor, product: Product) -> Product:
    """Put it into the catalogue, or take a deprecation back. Raises RefusedError."""
    return _move(actor, product, "product.publish", Lifecycle.PUBLISHED)


def unpublish_product(actor: Actor, product: Product) -> Product:
    """Take it out of the catalogue while nobody is subscribed. Raises RefusedError."""
    return _move(actor, product, "product.unpublish", Lifecycle.DRAFT)


def deprecate_product(actor: Actor, product: Product) -> Product:
    """Take no new subscriptions; the present ones go on. Raises RefusedError."""
    return _move(actor, product, "product.deprecate", Lifecycle.DEPRECATED)


def retire_product(actor: Actor, product: Product) -> Product:
    """End it for good: nothing of it is delivered any more. Raises RefusedError."""
    return _move(actor, product, "product.retire", Lifecycle.RETIRED)


@transaction.atomic
def delete_product(actor: Actor, product: Product) -> None:
    """Delete a draft that nobody ever subscribed to. Raises RefusedError."""
    if product.lifecycle != Lifecycle.DRAFT or product.subscriptions.exists():
        raise RefusedError(
            f"{product} is {product.lifecycle} or was subscribed to: its history must stay",
            code="in_use",
            remedy="deprecate it, then retire it",
        )
    audit.record(actor, "product.delete", product)
    product.delete()
    announce()


@dataclass(frozen=True, slots=True)
class Requirement:
    """Something a product in the catalogue must have."""

    name: str
    fault: Fault | None
    """Why it is not met; None: it is."""


def publishing_requirements(product: Product) -> tuple[Requirement, ...]:
    """Return what a product needs to be in the catalogue, met or not."""
    no_plan = Fault(f"{product} has no plan", code="no_plan", remedy="make a plan to subscribe under first")
    no_definition = Fault(
        f"{product} contains no definition", code="no_definition", remedy="add one that emits its events"
    )
    no_event_type = Fault(
        f"{product} has webhooks on and no event type",
        code="no_event_type",
        remedy="add the event types it sends, or switch webhooks off",
    )
    sends_types = not product.webhooks_enabled or product.event_types.exists()
    return (
        Requirement("a plan", None if product.plans.exists() else no_plan),
        Requirement("a definition", None if product.definitions.exists() else no_definition),
        Requirement("event types for its webhooks", None if sends_types else no_event_type),
    )


def visible_products(organization: Organization | None) -> QuerySet[Product]:
    """The products in the catalogue of an organization; None: of somebody who did not sign in."""
    found = Product.objects.filter(lifecycle__in=(Lifecycle.PUBLISHED, Lifecycle.DEPRECATED))
    if organization is None:
        return found.filter(visibility=Visibility.PUBLIC)
    audiences = Product.audience.through.objects.filter(organization=organization)
    chosen = Q(visibility=Visibility.ORGANIZATIONS, pk__in=audiences.values("product"))
    open_to_all = Q(visibility__in=(Visibility.PUBLIC, Visibility.AUTHENTICATED))
    return found.filter(open_to_all | chosen | Q(organization=organization))


@transaction.atomic
def _move(actor: Actor, product: Product, verb: str, to: Lifecycle) -> Product:
    product = Product.objects.select_for_update().get(pk=product.pk)
    before = Lifecycle(product.lifecycle)
    if to not in MOVES[before]:
        allowed = ", ".join(sorted(MOVES[before])) or "nothing"
        raise RefusedError(f"{product} is {before}; from there it can become {allowed}", code="illegal_move")
    if to is Lifecycle.PUBLISHED:
        _check_publishable(product)
        product.published_at = product.published_at or timezone.now()
    if to is Lifecycle.DRAFT:
        _check_unsubscribed(product)
    product.lifecycle = to
    product.save(update_fields=("lifecycle", "published_at"))
    audit.record(actor, verb, product, {"lifecycle": [before, to]})
    announce()
    return product


def _check_publishable(product: Product) -> None:
    for requirement in publishing_requirements(product):
        if (fault := requirement.fault) is not None:
            raise RefusedError(fault.message, code=fault.code, remedy=fault.remedy)


def _check_unsubscribed(product: Product) -> None:
    live = product.subscriptions.filter(state__in=LIVE).count()
    if live:
        raise RefusedError(
            f"{live} apps are subscribed to {product}",
            code="in_use",
            remedy="deprecate it: they keep receiving and nobody new subscribes",
        )


def _check_own(product: Product, members: Mapping[str, Iterable[Any]]) -> None:
    """Refuse what is not the organization's own: a product could sell another's events else."""
    for field in ("definitions", "event_types"):
        for place, row in enumerate(members.get(field, ())):
            if row.organization_id != product.organization_id:
                raise InputError(Fault(f"{row} is not of this organization", f"/{field}/{place}", "foreign"))


def _free_slug(name: str) -> str:
    stem = slugify(name)[:70] or "product"
    taken = set(Product.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    numbered = (f"{stem}-{number}" for number in range(2, len(taken) + 3))
    return stem if stem not in taken else next(slug for slug in numbered if slug not in taken)
