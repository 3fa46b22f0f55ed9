"""What is sent in turn."""

from django.db import models

from webhooks.models.endpoint import Endpoint


class Lane(models.Model):
    """An endpoint's queue, leased from fairly beside the other lanes; its breaker holds it back until `open_at`."""

    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="lanes")
    key = models.CharField(
        max_length=200, blank=True, help_text="The ordering key; empty: no order asked for."
    )
    failures = models.PositiveIntegerField(default=0, help_text="Transport failures in a row.")
    open_at = models.DateTimeField(null=True, blank=True, help_text="Nothing but one probe goes out before.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("endpoint", "key"), name="lane_once"),)

    def __str__(self) -> str:
        return f"{self.endpoint} {self.key}".strip()
