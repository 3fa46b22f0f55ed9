"""One message for one endpoint: its history, and the queue of what is due."""

from django.db import models

from webhooks.models.endpoint import Endpoint
from webhooks.models.lane import Lane


class DeliveryState(models.IntegerChoices):
    """Where a delivery is. A delivery being sent is pending or retrying with a leased row in the queue."""

    PENDING = 0, "pending"  # not tried yet
    DELIVERED = 2, "delivered"  # answered 2xx
    RETRYING = 3, "retrying"  # failed, tried again when due
    EXHAUSTED = 4, "exhausted"  # every try failed; replay it by hand
    CANCELLED = 5, "cancelled"  # the endpoint went before it could be delivered


class Delivery(models.Model):
    """History of one message for one endpoint."""

    id = models.BigIntegerField(primary_key=True)
    day = models.DateField()
    message_id = models.UUIDField()
    endpoint = models.ForeignKey(Endpoint, models.DO_NOTHING, db_constraint=False, db_index=False)
    event_type = models.CharField(max_length=127)
    state = models.SmallIntegerField(choices=DeliveryState)
    attempts = models.SmallIntegerField(default=0)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, help_text="When the next try is due; null: finished.")
    finished_at = models.DateTimeField(null=True)
    last_status = models.SmallIntegerField(null=True)
    last_error = models.CharField(max_length=40, null=True)  # noqa: DJ001 - null means "no error", written in bulk

    class Meta:
        managed = False
        db_table = "webhooks_delivery"
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"dlv_{self.id}"


class Due(models.Model):
    """The queue: one narrow row per unfinished delivery, gone with its outcome.

    `lease` is the epoch of the worker that holds the row. The indexes are by who may take it: unleased rows by
    lane and due time, leased ones by epoch.
    """

    delivery_id = models.BigIntegerField(primary_key=True)
    day = models.DateField()
    lane = models.ForeignKey(Lane, models.DO_NOTHING, db_constraint=False, db_index=False)
    due_at = models.DateTimeField()
    attempts = models.SmallIntegerField(default=0, help_text="Tries made before this one.")
    manual = models.BooleanField(default=False, help_text="Somebody asked for this try.")
    lease = models.BigIntegerField(null=True)

    class Meta:
        db_table = "webhooks_due"
        verbose_name_plural = "due"
        indexes = (
            models.Index(fields=("lane", "due_at"), condition=models.Q(lease__isnull=True), name="due_free"),
            models.Index(
                fields=("lease", "lane"), condition=models.Q(lease__isnull=False), name="due_leased"
            ),
        )

    def __str__(self) -> str:
        return f"dlv_{self.delivery_id}"


class DeliveryWorker(models.Model):
    """The heartbeat of one worker's epoch; when it goes stale, what it holds is anybody's."""

    epoch = models.BigAutoField(primary_key=True)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.host}:{self.pid} epoch {self.epoch}"
