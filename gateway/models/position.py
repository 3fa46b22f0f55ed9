"""How far the callers of a stream have read, where each has a place of its own."""

from django.db import models
from django.utils import timezone

from gateway.models.definition import ApiDefinition


class Position(models.Model):
    """The place of one resolved `consumer_group`; held by one process while it serves its callers."""

    definition = models.ForeignKey(ApiDefinition, models.CASCADE, related_name="positions")
    stream = models.CharField(max_length=120)
    digest = models.BinaryField(max_length=32, help_text="BLAKE2b of the resolved consumer group.")
    consumer_group = models.CharField(max_length=255, help_text="Its first characters, for people.")
    offsets = models.JSONField(
        default=dict, help_text="`topic/partition/topic id` to the offset to read next."
    )
    holder = models.CharField(max_length=100, help_text="The process that serves it, or did last.")
    token = models.BigIntegerField(default=1, help_text="Grows with each holder: a late one changes nothing.")
    held_until = models.DateTimeField()
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("definition", "stream", "digest"), name="position_once"),
        )
        indexes = (models.Index(fields=("updated_at",), name="position_updated_at"),)

    def __str__(self) -> str:
        return f"{self.consumer_group} in {self.stream}"
