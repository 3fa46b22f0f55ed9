"""A stream running in a process."""

from django.db import models

from gateway.models.definition import ApiDefinition


class InstanceState(models.TextChoices):
    """How it is with it."""

    STARTING = "starting"  # connecting
    RUNNING = "running"  # reads and writes
    UNHEALTHY = "unhealthy"  # failing, tried again with backoff
    WAITING = "waiting"  # another process holds its lease
    STOPPING = "stopping"  # finishing what it has


class Instance(models.Model):
    """What the process says of itself every few seconds."""

    definition = models.ForeignKey(ApiDefinition, models.CASCADE, related_name="instances")
    stream = models.CharField(max_length=120)
    process = models.CharField(max_length=100, help_text="The process's own id, new at each start.")
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    revision = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=InstanceState)
    partitions = models.JSONField(default=dict, help_text="Topic to partition numbers.")
    lag = models.BigIntegerField(
        null=True, blank=True, help_text="Records behind the end of the topics; null: unknown."
    )
    received = models.BigIntegerField(default=0)
    sent = models.BigIntegerField(default=0)
    errors = models.BigIntegerField(default=0)
    last_error = models.TextField(blank=True)
    last_error_at = models.DateTimeField(null=True, blank=True)
    since = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("process", "definition", "stream"), name="instance_once_per_process"
            ),
        )

    def __str__(self) -> str:
        return f"{self.stream} on {self.host}"
