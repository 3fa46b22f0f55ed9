"""The face and the wiring: pages, management API, admin, settings."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """How Django knows this package."""

    name = "portal"
    default_auto_field = "django.db.models.BigAutoField"
