"""What a subscription has used of its quota."""

from django.db import models

from gateway.models.plan import QuotaPeriod
from gateway.models.subscription import Subscription


class Usage(models.Model):
    """Requests and messages of one period, counted by all gateway processes. Written in bulk, never by the ORM."""

    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="usages")
    period = models.CharField(max_length=10, choices=QuotaPeriod)
    start = models.DateField(help_text="The first day, in UTC.")
    used = models.PositiveBigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("subscription", "period", "start"), name="usage_period_once"),
        )

    def __str__(self) -> str:
        return f"{self.subscription} {self.period} of {self.start}"
