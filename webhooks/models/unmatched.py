"""Events that no product offers."""

from django.db import models

from gateway.models import ApiDefinition


class UnmatchedCount(models.Model):
    """How many events of a type a stream sent that no product with this definition offers, by day."""

    definition = models.ForeignKey(ApiDefinition, models.CASCADE, related_name="+")
    stream = models.CharField(max_length=120)
    event_type = models.CharField(max_length=127)
    day = models.DateField()
    count = models.BigIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("definition", "stream", "event_type", "day"), name="unmatched_count_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.event_type}: {self.count}"
