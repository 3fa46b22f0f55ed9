"""Who is asked to join an organization."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from gateway.models.membership import Role
from gateway.models.organization import Organization


class Invitation(models.Model):
    """One person, asked by e-mail to join an organization in a role. The token in the mail is kept as a digest."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=10, choices=Role)
    digest = models.BinaryField(max_length=32, unique=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                "organization",
                Lower("email"),
                name="invitation_open_once",
                condition=models.Q(accepted_at=None, revoked_at=None),
            ),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="invitation_role_known"),
        )

    def __str__(self) -> str:
        return f"{self.email} to {self.organization} as {self.role}"

    @property
    def has_expired(self) -> bool:
        """Whether its seven days are over."""
        return self.expires_at <= timezone.now()
