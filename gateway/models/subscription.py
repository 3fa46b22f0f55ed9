"""An app on a product under a plan."""

from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q

from gateway.models.app import App
from gateway.models.plan import Plan
from gateway.models.product import Product


class SubscriptionState(models.TextChoices):
    """Only an approved, unexpired subscription receives anything."""

    REQUESTED = "requested"  # waits for a publisher
    APPROVED = "approved"  # receives
    REJECTED = "rejected"  # a publisher said no
    SUSPENDED = "suspended"  # stopped by a publisher, may be resumed
    CANCELLED = "cancelled"  # ended by the developer


MOVES: Final[dict[SubscriptionState, frozenset[SubscriptionState]]] = {
    SubscriptionState.REQUESTED: frozenset(
        {SubscriptionState.APPROVED, SubscriptionState.REJECTED, SubscriptionState.CANCELLED}
    ),
    SubscriptionState.APPROVED: frozenset({SubscriptionState.SUSPENDED, SubscriptionState.CANCELLED}),
    SubscriptionState.SUSPENDED: frozenset({SubscriptionState.APPROVED, SubscriptionState.CANCELLED}),
    SubscriptionState.REJECTED: frozenset(),
    SubscriptionState.CANCELLED: frozenset(),
}
"""The legal moves of a subscription; any other is refused."""

LIVE: Final = (SubscriptionState.REQUESTED, SubscriptionState.APPROVED, SubscriptionState.SUSPENDED)


class Subscription(models.Model):
    """Who asked for what, and who decided when and why."""

    app = models.ForeignKey(App, models.CASCADE, related_name="subscriptions")
    product = models.ForeignKey(Product, models.PROTECT, related_name="subscriptions")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="subscriptions")
    state = models.CharField(max_length=10, choices=SubscriptionState, default=SubscriptionState.REQUESTED)
    purpose = models.TextField(
        blank=True, help_text="What the developer wants it for; its publisher reads it."
    )
    attributes = models.JSONField(default=dict, blank=True, help_text="What streams read as $tyk_meta.")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    requested_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("app", "product"), condition=Q(state__in=LIVE), name="subscription_live_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=SubscriptionState.values), name="subscription_state_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.app} on {self.product}"
