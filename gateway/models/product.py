"""What the catalogue sells."""

from django.db import models

from gateway.models.definition import ApiDefinition
from gateway.models.event_type import EventType
from gateway.models.organization import Organization


class Visibility(models.TextChoices):
    """Who finds it in the catalogue."""

    PUBLIC = "public"  # everybody
    AUTHENTICATED = "authenticated"  # everybody who signed in
    ORGANIZATIONS = "organizations"  # the chosen organizations, and its own


class Lifecycle(models.TextChoices):
    """Where it is in its life. draft -> published <-> deprecated -> retired; published -> draft."""

    DRAFT = "draft"  # only its publishers see it
    PUBLISHED = "published"  # found and subscribed to
    DEPRECATED = "deprecated"  # still works, takes no new subscriptions
    RETIRED = "retired"  # gone: nothing is delivered


class Product(models.Model):
    """Definitions and event types under plans."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="products")
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    summary = models.CharField(max_length=250, blank=True)
    description = models.TextField(blank=True, help_text="Markdown.")
    visibility = models.CharField(max_length=20, choices=Visibility, default=Visibility.AUTHENTICATED)
    audience = models.ManyToManyField(Organization, blank=True, related_name="+")
    lifecycle = models.CharField(max_length=10, choices=Lifecycle, default=Lifecycle.DRAFT)
    webhooks_enabled = models.BooleanField(default=False)
    definitions = models.ManyToManyField(ApiDefinition, blank=True, related_name="products")
    event_types = models.ManyToManyField(EventType, blank=True, related_name="products")
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
