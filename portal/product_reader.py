"""What a product means to who reads its page: their app, its subscription, and the steps to the first event."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from gateway.actor import Actor
from gateway.models import App, Credential, Lifecycle, Product, Subscription, SubscriptionState
from portal import access
from portal.subscription_outlook import is_expired, outlook
from webhooks.models import Endpoint

APPS_OFFERED: Final = 200


@dataclass(frozen=True, slots=True)
class ReaderApp:
    """The app that a product's page is filled with."""

    app: App
    subscription: Subscription | None
    """Its last one to the product."""
    key_prefix: str
    """How its newest valid API key begins; empty: it has none."""
    has_endpoint: bool

    def receives(self, now: dt.datetime) -> bool:
        """Tell whether it has an approved subscription that has not expired."""
        found = self.subscription
        return found is not None and found.state == SubscriptionState.APPROVED and not is_expired(found, now)

    @property
    def waits(self) -> bool:
        """Whether the publisher has not decided yet: the addresses give examples until then."""
        return self.subscription is not None and self.subscription.state == SubscriptionState.REQUESTED


@dataclass(frozen=True, slots=True)
class Step:
    """One step towards the first event."""

    title: str
    text: str
    is_done: bool
    href: str = ""
    action: str = ""
    """What the link says; empty: there is nothing to do but wait."""


def apps_offered(actor: Actor) -> list[App]:
    """Return the apps that a page can be filled with, by name."""
    return list(access.apps(actor).order_by("name")[:APPS_OFFERED])


def reader_app(apps: Sequence[App], product: Product, chosen: str) -> ReaderApp | None:
    """Return the app of `?app=`, else one that is subscribed, else the first; None: there is none. Three queries."""
    if not apps:
        return None
    subscriptions = Subscription.objects.filter(app__in=apps, product=product).order_by("pk")
    last = {each.app_id: each for each in subscriptions.select_related("plan", "product")}
    receiving = [pk for pk, each in last.items() if each.state == SubscriptionState.APPROVED]
    known = {str(app.pk): app for app in apps}
    preferred = known.get(str(next(iter([*receiving, *last]), "")), apps[0])
    app = known.get(chosen, preferred)
    valid = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    key = Credential.objects.filter(valid, app=app, revoked_at=None).order_by("-pk").first()
    has_endpoint = Endpoint.objects.filter(app=app).exists()
    return ReaderApp(app, last.get(app.pk), key.prefix if key is not None else "", has_endpoint)


def steps(
    actor: Actor | None, product: Product, reader: ReaderApp | None, *, has_streams: bool, now: dt.datetime
) -> tuple[Step, ...]:
    """Return what a reader has done and what comes next; actor: None for who is not signed in."""
    if actor is None:
        sign_in = f"{reverse('sign-in')}?next={reverse('product', args=[product.slug])}"
        text = "Subscribing takes an account, and an app that receives."
        return (Step("Sign in", text, is_done=False, href=sign_in, action="Go to sign-in"),)
    first = _subscribed(product, reader, now, may_ask=access.allows(actor, access.APPS))
    if reader is None or not (first.is_done or reader.waits):
        return (first,)
    return (first, *_receiving(product, reader, has_streams=has_streams))


def _subscribed(product: Product, reader: ReaderApp | None, now: dt.datetime, *, may_ask: bool) -> Step:
    found = reader.subscription if reader is not None else None
    if reader is not None and found is not None and found.state != SubscriptionState.CANCELLED:
        title = (
            f"{reader.app.name} has asked"
            if found.state == "requested"
            else f"{reader.app.name} is {found.state}"
        )
        page = reverse("subscription", args=[found.pk])
        said = f"Plan {found.plan.name}. {outlook(found, now)}"
        return Step(title, said, is_done=reader.receives(now), href=page, action="Show the subscription")
    if product.lifecycle != Lifecycle.PUBLISHED:
        return Step("Nobody new can subscribe", "The publisher takes no new subscriptions.", is_done=False)
    if not may_ask:
        text = "Your role looks and changes nothing: a developer of your organization subscribes."
        return Step("Not subscribed", text, is_done=False)
    subscribe = reverse("subscribe", args=[product.slug])
    if reader is None:
        text = "You name the app that receives, choose a plan, and that is it."
        return Step("Subscribe an app", text, is_done=False, href=subscribe, action="Subscribe an app")
    text = f"{reader.app.name} is not subscribed: choose a plan for it, or another app above."
    address = f"{subscribe}?app={reader.app.pk}"
    return Step("Subscribe", text, is_done=False, href=address, action="Choose a plan")


def _receiving(product: Product, reader: ReaderApp, *, has_streams: bool) -> Iterator[Step]:
    keys = reverse("app-keys", args=[reader.app.pk])
    if reader.waits and has_streams:
        text = "Until the publisher decides, the same addresses give this product's examples, marked as such."
        yield Step("Meanwhile, read examples", text, is_done=False, href="#console", action="To the console")
    if has_streams and reader.key_prefix:
        text = f"It begins {reader.key_prefix}… and was shown once. Lost it? Make another."
        yield Step("Its key is ready", text, is_done=True, href=keys, action="API keys")
    elif has_streams:
        text = "Programs read streams with it. It is shown once: put it into SLUICE_KEY."
        yield Step("Make an API key", text, is_done=False, href=keys, action="Make an API key")
    if product.webhooks_enabled:
        webhooks = reverse("app-webhooks" if reader.has_endpoint else "endpoint-new", args=[reader.app.pk])
        text = (
            "Signed events go to it."
            if reader.has_endpoint
            else "A URL of yours that signed events are sent to."
        )
        title = "An endpoint is there" if reader.has_endpoint else "Subscribe a webhook"
        action = "Webhooks" if reader.has_endpoint else title
        yield Step(title, text, is_done=reader.has_endpoint, href=webhooks, action=action)
