"""A browser's way into a stream: one use, a minute long."""

from django.db import models

from gateway.models.app import App
from gateway.models.definition import ApiDefinition


class Ticket(models.Model):
    """Stands for an app in one stream of a definition, once. Kept as a digest, gone with its use."""

    app = models.ForeignKey(App, models.CASCADE, related_name="tickets")
    definition = models.ForeignKey(ApiDefinition, models.CASCADE, related_name="tickets")
    stream = models.CharField(max_length=120)
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.app} in {self.stream}"
