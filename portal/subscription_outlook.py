"""What a subscription's state means for its developer, and what happens next. Pure."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from gateway.caller_variables import attribute_text
from gateway.models import Lifecycle, Subscription, SubscriptionState

_MEANINGS: Final = {
    SubscriptionState.REQUESTED: "The publisher has your request and decides; this page shows the decision and its "
    "reason. Until then you read the product's examples, at its own addresses and with your own key.",
    SubscriptionState.APPROVED: "The app receives. An API key reads the streams; a webhook endpoint has events sent "
    "to you.",
    SubscriptionState.REJECTED: "The publisher said no. You can ask again, with another plan or a better reason.",
    SubscriptionState.SUSPENDED: "The publisher stopped it for now: nothing is received, open streams were closed. "
    "They can resume it; ask them.",
    SubscriptionState.CANCELLED: "It was ended and cannot be taken up again. You can subscribe anew.",
}


@dataclass(frozen=True, slots=True)
class ShownSubscription:
    """A row of a list."""

    subscription: Subscription
    state: str
    """As `shown_state` says it."""


def outlook(subscription: Subscription, now: dt.datetime) -> str:
    """Return what a subscription (with its product selected) means now."""
    if subscription.state == SubscriptionState.APPROVED:
        if is_expired(subscription, now):
            return "It has expired: nothing is received any more. Subscribe anew to go on."
        if subscription.product.lifecycle in (Lifecycle.DRAFT, Lifecycle.RETIRED):
            return f"The product is {subscription.product.lifecycle}: nothing is received while it is."
    return _MEANINGS[SubscriptionState(subscription.state)]


def is_expired(subscription: Subscription, now: dt.datetime) -> bool:
    """Tell whether a subscription's time is over, whatever its state says."""
    return subscription.expires_at is not None and subscription.expires_at <= now


def shown_state(subscription: Subscription, now: dt.datetime) -> str:
    """Return the state as lists show it: `expired` for one that is approved and over."""
    over = subscription.state == SubscriptionState.APPROVED and is_expired(subscription, now)
    return "expired" if over else str(subscription.state)


def shown_attributes(subscription: Subscription) -> list[tuple[str, str]]:
    """Return a subscription's attributes by name, as streams get them."""
    return [(name, attribute_text(value)) for name, value in sorted(subscription.attributes.items())]
