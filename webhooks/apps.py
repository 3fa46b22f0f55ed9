"""The delivery engine: endpoints, messages, deliveries, attempts."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """How Django knows this package."""

    name = "webhooks"
    default_auto_field = "django.db.models.BigAutoField"
