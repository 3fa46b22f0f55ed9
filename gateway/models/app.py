"""A developer's application."""

from django.conf import settings
from django.db import models

from gateway.models.organization import Organization


class App(models.Model):
    """What subscribes to products and owns credentials and webhook endpoints."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="apps")
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("organization", "name"), name="app_name_once"),)

    def __str__(self) -> str:
        return self.name
