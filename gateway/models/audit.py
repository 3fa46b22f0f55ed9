"""Who changed what."""

from django.conf import settings
from django.db import models

from gateway.models.management_key import ManagementKey
from gateway.models.organization import Organization


class Audit(models.Model):
    """One change, written in the transaction that makes it."""

    at = models.DateTimeField(auto_now_add=True)
    organization = models.ForeignKey(
        Organization, models.CASCADE, null=True, blank=True, related_name="audit"
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    management_key = models.ForeignKey(
        ManagementKey, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    verb = models.CharField(max_length=40, help_text="Such as `subscription.approve`.")
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64)
    object_name = models.CharField(max_length=255, blank=True)
    changes = models.JSONField(default=dict, help_text="Field to [before, after]; never a secret.")

    class Meta:
        verbose_name_plural = "audit"
        indexes = (
            models.Index(fields=("object_type", "object_id", "-id"), name="audit_object"),
            models.Index(fields=("organization", "-id"), name="audit_organization"),
        )

    def __str__(self) -> str:
        return f"{self.verb} {self.object_name}"
