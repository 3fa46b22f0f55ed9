"""What kinds of event an organization emits."""

from django.core.validators import RegexValidator
from django.db import models

from gateway.models.organization import Organization

EVENT_TYPE_NAME = r"^[A-Za-z0-9_][A-Za-z0-9_.\-]{0,126}\Z"


class EventType(models.Model):
    """`order.created`: described, with a schema and an example; matched exactly, never as a substring."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="event_types")
    name = models.CharField(max_length=127, validators=[RegexValidator(EVENT_TYPE_NAME)])
    description = models.TextField(blank=True)
    schema = models.JSONField(null=True, blank=True, help_text="JSON Schema of the payload.")
    example = models.JSONField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, help_text="Counts up when the schema changes.")
    deprecated_since = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("organization", "name"), name="event_type_name_once"),)

    def __str__(self) -> str:
        return self.name
