"""A broker or service the operator allows."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from gateway.models.organization import Organization


class ConnectionKind(models.TextChoices):
    """What is at the other end."""

    KAFKA = "kafka"


class Connection(models.Model):
    """Addresses, TLS and credentials under a name publishers use instead of them."""

    name = models.SlugField(max_length=60, unique=True)
    kind = models.CharField(max_length=20, choices=ConnectionKind, default=ConnectionKind.KAFKA)
    addresses = ArrayField(models.CharField(max_length=255), help_text="host:port, one or more.")
    tls = models.BooleanField(default=False)
    sasl_mechanism = models.CharField(max_length=20, blank=True)
    username = models.CharField(max_length=255, blank=True)
    password = models.BinaryField(null=True, blank=True, editable=False, help_text="Encrypted.")
    allowed_topics = ArrayField(
        models.CharField(max_length=255),
        default=list,
        blank=True,
        help_text="Shell patterns; none: all topics.",
    )
    organizations = models.ManyToManyField(
        Organization, blank=True, related_name="connections", help_text="Who may use it; none: everybody."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(condition=models.Q(addresses__len__gt=0), name="connection_has_address"),
        )

    def __str__(self) -> str:
        return self.name
