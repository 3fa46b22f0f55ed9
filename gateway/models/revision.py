"""What ran when, and how every process learns of a change."""

from django.conf import settings
from django.db import models

from gateway.models.definition import ApiDefinition


class Revision(models.Model):
    """One activation of a definition, as it was; never changed, rolled back to by activating it again."""

    definition = models.ForeignKey(ApiDefinition, models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField(help_text="Counts from 1 within the definition.")
    document = models.TextField()
    listen_path = models.CharField(max_length=255)
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    activated_at = models.DateTimeField(auto_now_add=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-number",)
        constraints = (models.UniqueConstraint(fields=("definition", "number"), name="revision_number_once"),)

    def __str__(self) -> str:
        return f"{self.definition} revision {self.number}"


class RevisionCounter(models.Model):
    """One row that every change counts up in its own transaction; processes read it each second."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    value = models.BigIntegerField(default=0)

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="revision_counter_one_row"),)

    def __str__(self) -> str:
        return str(self.value)
