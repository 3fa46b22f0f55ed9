"""What passed the gateway, by the minute."""

from django.db import models


class Traffic(models.Model):
    """One count of one minute. Written in bulk, never by the ORM; rows outlive what they count.

    The ids are no foreign keys: a deleted app's traffic was traffic all the same.
    """

    minute = models.DateTimeField()
    definition_id = models.BigIntegerField()
    product_id = models.BigIntegerField(null=True)
    app_id = models.BigIntegerField(null=True)
    plan_id = models.BigIntegerField(null=True)
    measure = models.CharField(
        max_length=64, help_text="Such as messages, bytes, opened, closed.slow_client, error.output_failed."
    )
    value = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "traffic"
        constraints = (
            models.UniqueConstraint(
                fields=("minute", "definition_id", "product_id", "app_id", "plan_id", "measure"),
                name="traffic_once",
                nulls_distinct=False,
            ),
        )
        indexes = (
            models.Index(fields=("definition_id", "minute"), name="traffic_by_definition"),
            models.Index(fields=("app_id", "minute"), name="traffic_by_app"),
        )

    def __str__(self) -> str:
        return f"{self.measure} of {self.definition_id} at {self.minute:%Y-%m-%d %H:%M}"
