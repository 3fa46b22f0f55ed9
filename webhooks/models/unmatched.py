"""Events that no product offers.

A view over the messages themselves (migration 0002): counting in a table of its own would have every worker that
meets a common type wait for the row of all others.
"""

from django.db import models

from gateway.models import ApiDefinition


class UnmatchedCount(models.Model):
    """How many events of a type a stream sent that no product with this definition offers, by day."""

    definition = models.ForeignKey(ApiDefinition, models.DO_NOTHING, related_name="+")
    stream = models.CharField(max_length=120)
    event_type = models.CharField(max_length=127)
    day = models.DateField(help_text="Of the records.")
    count = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "webhooks_unmatchedcount"

    def __str__(self) -> str:
        return f"{self.event_type}: {self.count}"
