"""Whom a step in a product's life meets: apps, organizations, webhook endpoints, requests."""

from dataclasses import dataclass

from django.db.models import Count, Q

from gateway.models import Product, SubscriptionState
from gateway.models.subscription import LIVE
from webhooks.models import Endpoint, EndpointState


@dataclass(frozen=True, slots=True)
class Impact:
    """Counts, and the first names."""

    live: int
    """Subscriptions that have not ended: with requests, and with those that are suspended."""
    receiving: int
    """Approved subscriptions."""
    waiting: int
    """Requests that nobody has decided."""
    organizations: int
    """Of those that receive."""
    endpoints: int
    """Webhook endpoints in use of apps that receive."""

    def said(self, consequence: str) -> str:
        """Return it as a sentence; consequence: what becomes of the apps, such as `stop receiving at once`."""
        if not self.receiving and not self.waiting:
            return "Nobody is subscribed to it."
        apps = f"{_counted(self.receiving, 'app')} of {_counted(self.organizations, 'organization')}"
        parts = [f"{apps} {consequence}."]
        if self.endpoints:
            parts.append(f"{_counted(self.endpoints, 'webhook endpoint')} of theirs will notice.")
        if self.waiting:
            parts.append(f"{_counted(self.waiting, 'request')} will not be decided.")
        return " ".join(parts)


def product_impact(product: Product) -> Impact:
    """Return whom a change of a product's lifecycle meets; two queries."""
    counted = product.subscriptions.filter(state__in=LIVE).aggregate(
        live=Count("pk"),
        receiving=Count("pk", filter=Q(state=SubscriptionState.APPROVED)),
        waiting=Count("pk", filter=Q(state=SubscriptionState.REQUESTED)),
        organizations=Count("app__organization", filter=Q(state=SubscriptionState.APPROVED), distinct=True),
    )
    receiving = product.subscriptions.filter(state=SubscriptionState.APPROVED).values("app")
    used = Endpoint.objects.filter(app__in=receiving).exclude(state=EndpointState.DISABLED)
    return Impact(**counted, endpoints=used.count() if product.webhooks_enabled else 0)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
