"""Where an app receives webhooks."""

from django.db import models

from gateway.models import App, EventType


class EndpointState(models.TextChoices):
    """Whether anything is sent to it."""

    ENABLED = "enabled"  # deliveries go out
    PAUSED = "paused"  # the developer said wait: deliveries gather and go out on resume
    DISABLED = "disabled"  # stopped for the reason beside it: nothing gathers


class Endpoint(models.Model):
    """A URL with its event types. No event type chosen: all that the app's subscriptions offer."""

    app = models.ForeignKey(App, models.CASCADE, related_name="endpoints")
    public_id = models.CharField(max_length=32, unique=True)
    url = models.URLField(max_length=2000)
    description = models.CharField(max_length=250, blank=True)
    event_types = models.ManyToManyField(EventType, blank=True, related_name="+")
    headers = models.BinaryField(
        null=True, blank=True, editable=False, help_text="Extra headers, encrypted JSON."
    )
    max_in_flight = models.PositiveSmallIntegerField(
        default=16, help_text="Requests open to it at once, per worker."
    )
    state = models.CharField(max_length=10, choices=EndpointState, default=EndpointState.ENABLED)
    state_reason = models.CharField(max_length=250, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    warned_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(max_in_flight__gte=1) & models.Q(max_in_flight__lte=256),
                name="endpoint_max_in_flight_sane",
            ),
        )

    def __str__(self) -> str:
        return self.url


class EndpointSecret(models.Model):
    """A signing secret, encrypted at rest. Every unexpired one signs, the newest first."""

    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="secrets")
    ciphertext = models.BinaryField(editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"Secret of {self.endpoint}"
