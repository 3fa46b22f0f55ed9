"""Whom it meets when a definition stops: open streams, subscribers, their endpoints."""

from dataclasses import dataclass
from typing import Final

from django.conf import settings

from gateway.client_listing import OpenStreams, count_open_streams
from gateway.models import ApiDefinition, Lifecycle, Subscription, SubscriptionState
from webhooks.models import Endpoint, EndpointState

_IN_CATALOGUE: Final = (Lifecycle.PUBLISHED, Lifecycle.DEPRECATED)


@dataclass(frozen=True, slots=True)
class DefinitionImpact:
    """Counts."""

    streams: OpenStreams | None
    """What clients have open, as far as the gateway's processes answered; None: they could not be asked."""
    subscriptions: int
    """Approved ones, to products that contain the definition."""
    endpoints: int
    """Webhook endpoints in use, of the apps that are subscribed."""

    @property
    def sentences(self) -> list[str]:
        """What is true once it stops."""
        told = [_streams_said(self.streams)]
        if self.subscriptions:
            noun = "subscription receives" if self.subscriptions == 1 else "subscriptions receive"
            told.append(f"{self.subscriptions:,} {noun} nothing of it.")
        else:
            told.append("Nobody is subscribed to it.")
        if self.endpoints:
            noun = "webhook endpoint gets" if self.endpoints == 1 else "webhook endpoints get"
            told.append(
                f"{self.endpoints:,} {noun} no new events; what is accepted already is still delivered."
            )
        return told


def _streams_said(streams: OpenStreams | None) -> str:
    if streams is None or not streams.asked:
        return "How many streams are open is not known now: no gateway process could be asked."
    if not streams.total:
        return "No stream of it is open." if streams.is_complete else "Not every gateway process answered."
    least = "" if streams.is_complete else "At least "
    closes = (
        "stream that clients have open closes"
        if streams.total == 1
        else "streams that clients have open close"
    )
    return f"{least}{streams.total:,} {closes} within two seconds; clients are told that it was deactivated."


def definition_impact(definition: ApiDefinition) -> DefinitionImpact:
    """Count whom it meets when a definition stops: two queries, and a question to the gateway's processes."""
    products = definition.products.filter(lifecycle__in=_IN_CATALOGUE)
    approved = Subscription.objects.filter(
        product__in=products.values("pk"), state=SubscriptionState.APPROVED
    )
    sending = approved.filter(product__webhooks_enabled=True).values("app")
    used = Endpoint.objects.filter(app__in=sending).exclude(state=EndpointState.DISABLED)
    streams = count_open_streams(settings.VALKEY_URL, definition.pk)
    return DefinitionImpact(streams, approved.count(), used.count())
