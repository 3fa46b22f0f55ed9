"""Who may call what, and the edge where bytes come in and go out."""

from django.apps import AppConfig


class GatewayConfig(AppConfig):
    """How Django knows this package."""

    name = "gateway"
    default_auto_field = "django.db.models.BigAutoField"
