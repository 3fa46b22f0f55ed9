"""The fenced right to run what must run once."""

from django.db import models


class Lease(models.Model):
    """Held by one process until it expires; `token` grows with each holder, so that a late one is refused."""

    key = models.CharField(max_length=200, primary_key=True)
    holder = models.CharField(max_length=100)
    token = models.BigIntegerField(default=1)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.key} by {self.holder}"
