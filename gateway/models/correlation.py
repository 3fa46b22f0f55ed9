"""What the inputs `pattern` and `join` remember."""

from django.db import models

from gateway.models.definition import ApiDefinition


class Correlation(models.Model):
    """The state of one key of one component of a stream; that of all keys together stands under the empty key."""

    definition = models.ForeignKey(ApiDefinition, models.CASCADE, related_name="correlations")
    stream = models.CharField(max_length=200)
    component = models.CharField(max_length=200)
    key = models.CharField(max_length=500, blank=True)
    value = models.BinaryField()
    due = models.BigIntegerField(null=True, help_text="Unix milliseconds: when to look at it again.")
    owing = models.BooleanField(default=False, help_text="It has matches that the stream has not taken yet.")
    rules = models.CharField(
        max_length=32, blank=True, help_text="A digest of what is decided by; of the empty key."
    )
    version = models.BigIntegerField(default=0, help_text="Counts what was written; of the empty key.")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("definition", "stream", "component", "key"), name="correlation_is_one_per_key"
            ),
        )
        indexes = (
            models.Index(
                fields=("definition", "stream", "component", "due"),
                condition=models.Q(due__isnull=False),
                name="correlation_due",
            ),
            models.Index(
                fields=("definition", "stream", "component"),
                condition=models.Q(owing=True),
                name="correlation_owing",
            ),
        )

    def __str__(self) -> str:
        return f"{self.stream}/{self.component}/{self.key or '(all)'}"
