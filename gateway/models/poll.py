"""When the sources that streams ask were last asked."""

from django.db import models


class Poll(models.Model):
    """The last poll of a source, whichever worker made it."""

    key = models.CharField(max_length=400, primary_key=True)
    request = models.BinaryField(max_length=16)
    """A digest of what was asked."""
    polled_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.key} at {self.polled_at}"
