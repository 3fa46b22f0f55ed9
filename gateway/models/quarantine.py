"""Messages a stream could not process."""

from django.conf import settings
from django.db import models

from gateway.models.definition import ApiDefinition


class QuarantineState(models.TextChoices):
    """What became of it."""

    HELD = "held"  # waits for somebody
    RETRYING = "retrying"  # somebody asked for it to be given to the stream again
    RETRIED = "retried"  # the stream has dealt with it; if it failed again, that is held anew
    DISCARDED = "discarded"  # somebody decided to drop it


class Quarantine(models.Model):
    """One message as it came in, with where and why it failed. `identity` makes a replay add nothing."""

    definition = models.ForeignKey(ApiDefinition, models.CASCADE, related_name="quarantine")
    stream = models.CharField(max_length=120)
    revision = models.PositiveIntegerField()
    stage = models.CharField(max_length=200)
    line = models.PositiveIntegerField(null=True, blank=True)
    error = models.TextField()
    content = models.BinaryField()
    edited = models.BinaryField(
        null=True,
        blank=True,
        editable=False,
        help_text="What somebody made of it; it is retried in its place.",
    )
    metadata = models.JSONField(default=dict)
    position = models.CharField(max_length=255)
    identity = models.BinaryField(max_length=32, unique=True)
    state = models.CharField(max_length=10, choices=QuarantineState, default=QuarantineState.HELD)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "quarantine"
        indexes = (models.Index(fields=("definition", "state", "-id"), name="quarantine_list"),)

    def __str__(self) -> str:
        return f"{self.position}: {self.error}"
