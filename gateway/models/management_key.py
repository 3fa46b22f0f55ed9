"""How a program calls the management API."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from gateway.models.organization import Organization


class Scope(models.TextChoices):
    """What a management key may touch; its user's role bounds it further."""

    READ = "read"  # look at everything its user may see
    DEFINITIONS = "definitions"  # definitions, quarantine, instances
    PRODUCTS = "products"  # event types, products, plans, pages, approvals
    APPS = "apps"  # apps, credentials, subscriptions
    WEBHOOKS = "webhooks"  # endpoints, test events, replays
    ORGANIZATION = "organization"  # members, management keys, connections


class ManagementKey(models.Model):
    """Acts as a user in an organization, within scopes. The key itself is shown once and kept as a digest."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="management_keys")
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="management_keys")
    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=16, help_text="The first characters, to recognise it by.")
    digest = models.BinaryField(max_length=32, unique=True)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope))
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
