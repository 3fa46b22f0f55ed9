"""The engine: messages, pipelines, broker clients, Bloblang; no models."""

from django.apps import AppConfig


class StreamsConfig(AppConfig):
    """How Django knows this package."""

    name = "streams"
    default_auto_field = "django.db.models.BigAutoField"
