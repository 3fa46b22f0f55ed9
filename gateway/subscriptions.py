"""Subscriptions: asked for by a developer, decided by a publisher, ended by either."""

from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils import timezone

from gateway import audit
from gateway.actor import Actor
from gateway.announcements import announce
from gateway.errors import Fault, InputError, RefusedError
from gateway.models import App, Approval, Lifecycle, Plan, Product, Subscription, SubscriptionState
from gateway.models.subscription import LIVE, MOVES
from gateway.products import visible_products
from gateway.records import save_checked, set_fields
from gateway.subscription_attributes import check_attributes


@dataclass(frozen=True, slots=True)
class Verb:
    """One decision on a subscription."""

    name: str
    """In the audit, such as `subscription.approve`."""
    to: SubscriptionState
    of: frozenset[SubscriptionState]
    """The states it applies to; each move is one of MOVES."""


def _verb(name: str, to: SubscriptionState, *of: SubscriptionState) -> Verb:
    assert all(to in MOVES[state] for state in of), f"{name} is no legal move"  # noqa: S101 - when imported
    return Verb(f"subscription.{name}", to, frozenset(of))


APPROVE: Final = _verb("approve", SubscriptionState.APPROVED, SubscriptionState.REQUESTED)
REJECT: Final = _verb("reject", SubscriptionState.REJECTED, SubscriptionState.REQUESTED)
SUSPEND: Final = _verb("suspend", SubscriptionState.SUSPENDED, SubscriptionState.APPROVED)
RESUME: Final = _verb("resume", SubscriptionState.APPROVED, SubscriptionState.SUSPENDED)
CANCEL: Final = _verb("cancel", SubscriptionState.CANCELLED, *LIVE)


@transaction.atomic
def request_subscription(
    actor: Actor, *, app: App, product: Product, plan: Plan, purpose: str = ""
) -> Subscription:
    """Ask for a product under a plan; a plan with automatic approval approves at once.

    purpose: what it is wanted for, which the publisher reads. An expired subscription makes way for the new one.
    Raises InputError, RefusedError.
    """
    _check_requestable(app, product, plan)
    _make_way(actor, app, product)
    automatic = plan.approval == Approval.AUTOMATIC
    subscription = Subscription(
        app=app,
        product=product,
        plan=plan,
        purpose=purpose,
        state=SubscriptionState.APPROVED if automatic else SubscriptionState.REQUESTED,
        requested_by=actor.user,
        decided_at=timezone.now() if automatic else None,
        reason="Approved automatically by the plan." if automatic else "",
    )
    save_checked(subscription)
    _record(actor, "subscription.request", subscription, {"state": [None, str(subscription.state)]})
    announce()
    return subscription


def approve_subscription(actor: Actor, subscription: Subscription, reason: str = "") -> Subscription:
    """Say yes to a request. Raises RefusedError."""
    return decide_subscription(actor, subscription, APPROVE, reason)


def reject_subscription(actor: Actor, subscription: Subscription, reason: str = "") -> Subscription:
    """Say no to a request. Raises RefusedError."""
    return decide_subscription(actor, subscription, REJECT, reason)


def suspend_subscription(actor: Actor, subscription: Subscription, reason: str = "") -> Subscription:
    """Stop an approved subscription for now. Raises RefusedError."""
    return decide_subscription(actor, subscription, SUSPEND, reason)


def resume_subscription(actor: Actor, subscription: Subscription, reason: str = "") -> Subscription:
    """Let a suspended subscription go on. Raises RefusedError."""
    return decide_subscription(actor, subscription, RESUME, reason)


def cancel_subscription(actor: Actor, subscription: Subscription, reason: str = "") -> Subscription:
    """End a live subscription for good. Raises RefusedError."""
    return decide_subscription(actor, subscription, CANCEL, reason)


@transaction.atomic
def decide_subscription(
    actor: Actor, subscription: Subscription, verb: Verb, reason: str = ""
) -> Subscription:
    """Do one of the verbs above. Raises RefusedError where it does not apply to the present state."""
    subscription = Subscription.objects.select_for_update().get(pk=subscription.pk)
    before = SubscriptionState(subscription.state)
    if before not in verb.of:
        states = " or ".join(sorted(verb.of))
        done = verb.name.partition(".")[2]
        raise RefusedError(f"the subscription is {before}; {done} applies to {states}", code="illegal_move")
    subscription.state = verb.to
    subscription.decided_by, subscription.decided_at = actor.user, timezone.now()
    subscription.reason = reason
    subscription.save(update_fields=("state", "decided_by", "decided_at", "reason"))
    _record(actor, verb.name, subscription, {"state": [before, verb.to], "reason": [None, reason]})
    announce()
    return subscription


def choose_plan(actor: Actor, subscription: Subscription, plan: Plan) -> Subscription:
    """Go on under another plan, chosen by the developer. Raises InputError, RefusedError.

    Nobody need approve where the new plan approves automatically; any other is the publisher's to assign.
    """
    if plan.approval != Approval.AUTOMATIC:
        raise RefusedError(
            f"{plan.name} is given by the publisher only",
            code="approval_needed",
            remedy="ask the publisher for it",
        )
    return assign_plan(actor, subscription, plan)


@transaction.atomic
def assign_plan(actor: Actor, subscription: Subscription, plan: Plan) -> Subscription:
    """Go on under another plan, given by the publisher. Raises InputError, RefusedError."""
    subscription = _locked_live(subscription)
    if plan.product_id != subscription.product_id:
        raise InputError(Fault("the product has no such plan", "/plan", "unknown"))
    before, subscription.plan = subscription.plan, plan
    subscription.save(update_fields=("plan",))
    _record(actor, "subscription.plan", subscription, {"plan": [before.name, plan.name]})
    announce()
    return subscription


@transaction.atomic
def set_attributes(actor: Actor, subscription: Subscription, attributes: object) -> Subscription:
    """Replace what streams read as `$tyk_meta.<name>`: the publisher's to say, as in a key's metadata in Tyk.

    attributes: a JSON object as `check_attributes` takes it. Raises InputError, RefusedError.
    """
    checked = check_attributes(attributes)
    subscription = _locked_live(subscription)
    changes = set_fields(subscription, {"attributes": checked})
    subscription.save(update_fields=("attributes",))
    _record(actor, "subscription.attributes", subscription, changes)
    announce()
    return subscription


def _locked_live(subscription: Subscription) -> Subscription:
    """The row as it is now, locked. Raises RefusedError for one that has ended."""
    subscription = Subscription.objects.select_for_update().get(pk=subscription.pk)
    if subscription.state not in LIVE:
        raise RefusedError(
            f"the subscription is {subscription.state}", code="not_live", remedy="request it anew"
        )
    return subscription


def _check_requestable(app: App, product: Product, plan: Plan) -> None:
    if not visible_products(app.organization).filter(pk=product.pk).exists():
        raise InputError(Fault("there is no such product", "/product", "unknown"))
    if product.lifecycle != Lifecycle.PUBLISHED:
        raise RefusedError(
            f"{product} is {product.lifecycle}: it takes no new subscriptions", code="not_published"
        )
    if plan.product_id != product.pk:
        raise InputError(Fault("the product has no such plan", "/plan", "unknown"))


def _make_way(actor: Actor, app: App, product: Product) -> None:
    """End a subscription that has expired. Raises RefusedError for one that has not."""
    live = Subscription.objects.filter(app=app, product=product, state__in=LIVE).first()
    if live is None:
        return
    if live.expires_at is None or live.expires_at > timezone.now():
        raise RefusedError(
            f"{app} is subscribed to {product} already, or has asked to be",
            code="already_subscribed",
            remedy="cancel that subscription first",
        )
    decide_subscription(actor, live, CANCEL, f"It expired on {live.expires_at:%Y-%m-%d}; asked for anew.")


def _record(actor: Actor, verb: str, subscription: Subscription, changes: audit.Changes) -> None:
    """Both sides see it: the developer's organization and, where it is another, the publisher's."""
    developer, publisher = subscription.app.organization, subscription.product.organization
    audit.record(actor, verb, subscription, changes, organization=developer)
    if publisher != developer:
        audit.record(actor, verb, subscription, changes, organization=publisher)
