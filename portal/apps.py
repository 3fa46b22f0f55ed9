"""The face and the wiring: pages, management API, admin, settings."""

from django.apps import AppConfig
from django.conf import settings
from django.utils.module_loading import import_string

from streams.extensions import ExtensionError


class PortalConfig(AppConfig):
    """How Django knows this package."""

    name = "portal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Load the extensions that the operator lists. Exits when one of them cannot be used.

        Every process comes by here before it does anything: none starts with half of what it was told to have.
        """
        if settings.EXTENSIONS:
            try:
                # By name, since it imports models, which Django loads after this module.
                import_string("portal.components.every_component")()
            except ExtensionError as error:
                raise SystemExit(f"sluice: {error}") from error
