"""One try of a delivery."""

from django.db import models


class AttemptDecision(models.IntegerChoices):
    """What was decided after it."""

    DELIVERED = 0, "delivered"
    RETRY = 1, "retry"
    EXHAUSTED = 2, "exhausted"
    GONE = 3, "gone"  # 410: the endpoint was disabled
    LATE = 4, "late"  # another worker had taken over: kept, decided nothing


class Attempt(models.Model):
    """When, how long each phase took, what came back, what was decided next. Times are in milliseconds."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    delivery_id = models.BigIntegerField()
    number = models.SmallIntegerField(help_text="Counts from 1.")
    manual = models.BooleanField(default=False)
    at = models.DateTimeField()
    signed_at = models.BigIntegerField(help_text="The webhook-timestamp: Unix seconds.")
    signature = models.TextField(help_text="The webhook-signature as sent.")
    status = models.SmallIntegerField(null=True)
    error = models.CharField(max_length=40, null=True)  # noqa: DJ001 - null means "no error", written in bulk
    detail = models.TextField(blank=True)
    dns_ms = models.FloatField(null=True)
    connect_ms = models.FloatField(null=True)
    tls_ms = models.FloatField(null=True)
    first_byte_ms = models.FloatField(null=True)
    total_ms = models.FloatField()
    response_headers = models.TextField(blank=True)
    response_body = models.BinaryField(null=True, help_text="The first bytes, after decompression.")
    decision = models.SmallIntegerField(choices=AttemptDecision)
    next_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "webhooks_attempt"

    def __str__(self) -> str:
        return f"Attempt {self.number} of dlv_{self.delivery_id}"
