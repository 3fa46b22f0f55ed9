"""How an app proves itself."""

from django.db import models

from gateway.models.app import App


class CredentialKind(models.TextChoices):
    """The kinds of proof."""

    API_KEY = "api_key"


class Credential(models.Model):
    """One proof. An API key is shown once, kept as a digest, and recognised by its first characters."""

    app = models.ForeignKey(App, models.CASCADE, related_name="credentials")
    kind = models.CharField(max_length=20, choices=CredentialKind, default=CredentialKind.API_KEY)
    name = models.CharField(max_length=120, blank=True)
    prefix = models.CharField(max_length=16)
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.prefix}…"
