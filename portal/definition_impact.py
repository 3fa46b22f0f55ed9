"""Whom it meets when a definition stops: open streams, subscribers, their endpoints."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from gateway.models import ApiDefinition, Lifecycle, Subscription, SubscriptionState, Traffic
from gateway.traffic import open_streams
from webhooks.models import Endpoint, EndpointState

_LOOK_BACK: Final = dt.timedelta(hours=24)
_IN_CATALOGUE: Final = (Lifecycle.PUBLISHED, Lifecycle.DEPRECATED)


@dataclass(frozen=True, slots=True)
class DefinitionImpact:
    """Counts."""

    streams: int
    """That clients opened within the last day and have not closed."""
    subscriptions: int
    """Approved ones, to products that contain the definition."""
    endpoints: int
    """Webhook endpoints in use, of the apps that are subscribed."""

    @property
    def sentences(self) -> list[str]:
        """What is true once it stops."""
        told = []
        if self.streams:
            are = (
                "stream that clients have open closes"
                if self.streams == 1
                else "streams that clients have open close"
            )
            told.append(
                f"About {self.streams:,} {are} within two seconds; clients are told that it was deactivated."
            )
        if self.subscriptions:
            noun = "subscription receives" if self.subscriptions == 1 else "subscriptions receive"
            told.append(f"{self.subscriptions:,} {noun} nothing of it.")
        if self.endpoints:
            noun = "webhook endpoint gets" if self.endpoints == 1 else "webhook endpoints get"
            told.append(
                f"{self.endpoints:,} {noun} no new events; what is accepted already is still delivered."
            )
        return told or ["Nobody is subscribed to it, and no stream of it is open."]


def definition_impact(definition: ApiDefinition, now: dt.datetime) -> DefinitionImpact:
    """Count whom it meets when a definition stops; three queries."""
    products = definition.products.filter(lifecycle__in=_IN_CATALOGUE)
    approved = Subscription.objects.filter(
        product__in=products.values("pk"), state=SubscriptionState.APPROVED
    )
    sending = approved.filter(product__webhooks_enabled=True).values("app")
    used = Endpoint.objects.filter(app__in=sending).exclude(state=EndpointState.DISABLED)
    traffic = Traffic.objects.filter(definition_id=definition.pk)
    return DefinitionImpact(open_streams(traffic, now - _LOOK_BACK), approved.count(), used.count())
