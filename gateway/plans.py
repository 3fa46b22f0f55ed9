"""Plans: the limits a product is used under."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from gateway import audit
from gateway.actor import Actor
from gateway.announcements import announce
from gateway.errors import RefusedError
from gateway.models import Lifecycle, Plan, Product
from gateway.openness import require_keys
from gateway.records import save_checked, set_fields


@transaction.atomic
def create_plan(actor: Actor, product: Product, *, name: str, **values: Any) -> Plan:
    """Make a plan of a product, all of whose definitions ask for keys; values: any field of Plan. Raises InputError."""
    # Locked, so that no open definition comes in meanwhile.
    Product.objects.select_for_update(no_key=True).get(pk=product.pk)
    require_keys(product.definitions.select_related("active_revision"), "/product/definitions")
    plan = Plan(product=product, name=name, **values)
    save_checked(plan)
    audit.record(actor, "plan.create", plan)
    announce()
    return plan


@transaction.atomic
def change_plan(actor: Actor, plan: Plan, values: Mapping[str, Any]) -> Plan:
    """Set fields; new limits act on present subscriptions at once. Raises InputError."""
    changes = set_fields(plan, values)
    save_checked(plan)
    audit.record(actor, "plan.change", plan, changes)
    announce()
    return plan


@transaction.atomic
def delete_plan(actor: Actor, plan: Plan) -> None:
    """Delete a plan that nobody ever subscribed under, unless it is the last of a product in the catalogue.

    The product is locked, so that two plans deleted at the same moment do not both go. Raises RefusedError.
    """
    product = Product.objects.select_for_update(no_key=True).get(pk=plan.product_id)
    if plan.subscriptions.exists():
        raise RefusedError(f"{plan} has subscriptions, present or past", code="in_use")
    if product.lifecycle != Lifecycle.DRAFT and product.plans.count() == 1:
        raise RefusedError(
            f"{plan.name} is the last plan of {product}, which is {product.lifecycle}",
            code="last_plan",
            remedy="make another plan first, or take the product out of the catalogue",
        )
    audit.record(actor, "plan.delete", plan)
    plan.delete()
    announce()
