"""A broker or service the operator allows."""

import ssl

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models

from gateway.models.organization import Organization


class ConnectionKind(models.TextChoices):
    """What is at the other end."""

    KAFKA = "kafka"
    AMQP = "amqp", "AMQP"
    MQTT = "mqtt", "MQTT"
    NATS = "nats", "NATS"
    REDIS = "redis"
    WEBSOCKET = "websocket", "WebSocket"
    POSTGRESQL = "postgresql", "PostgreSQL"
    MYSQL = "mysql", "MySQL or MariaDB"


def validate_authorities(text: str) -> None:
    """Refuse what holds no certificate of an authority in PEM (RFC 7468). Raises ValidationError."""
    if "PRIVATE KEY" in text:
        raise ValidationError(
            "This holds a private key: paste the authority's certificate alone.", "private_key"
        )
    try:
        ssl.create_default_context(cadata=text)
    except (ssl.SSLError, TypeError, ValueError) as error:
        raise ValidationError(
            "This is no certificate in PEM: paste all from BEGIN CERTIFICATE to END CERTIFICATE, with both lines.",
            "certificate",
        ) from error


class Connection(models.Model):
    """Addresses, TLS and credentials under a name publishers use instead of them."""

    name = models.SlugField(max_length=60, unique=True)
    kind = models.CharField(max_length=20, choices=ConnectionKind, default=ConnectionKind.KAFKA)
    addresses = ArrayField(models.CharField(max_length=255), help_text="host:port, one or more.")
    tls = models.BooleanField(default=False)
    ca_certificate = models.TextField(
        blank=True,
        validators=(validate_authorities,),
        help_text="PEM of the authority that signed the brokers' certificates; empty: the system's authorities count.",
    )
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
