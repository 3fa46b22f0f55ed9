"""Who belongs to an organization, and as what."""

from django.conf import settings
from django.db import models

from gateway.models.organization import Organization


class Role(models.TextChoices):
    """What a member may do."""

    OWNER = "owner"  # everything, and who else belongs to it
    ADMIN = "admin"  # everything but the owners
    PUBLISHER = "publisher"  # definitions, event types, products, plans
    DEVELOPER = "developer"  # apps, credentials, subscriptions, endpoints
    VIEWER = "viewer"  # looks, changes nothing


class Membership(models.Model):
    """One user in one organization."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("user", "organization"), name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        )

    def __str__(self) -> str:
        return f"{self.user} in {self.organization} as {self.role}"
