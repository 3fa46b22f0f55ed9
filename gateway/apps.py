"""Who may call what, and the edge where bytes come in and go out."""

from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.db.models.signals import post_migrate


class GatewayConfig(AppConfig):
    """How Django knows this package."""

    name = "gateway"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have the one row of the revision counter wherever there is its table."""
        post_migrate.connect(_begin_to_count, sender=self)


def _begin_to_count(using: str, apps: Any = installed, **_: Any) -> None:
    """Make the row after a migration, and after a flush, which empties its table too: nothing counts up a row that is
    not there, and no process would hear of a change again.
    """
    try:
        counter = apps.get_model("gateway", "RevisionCounter")
    except LookupError:  # migrated back to before it
        return
    counter.objects.using(using).get_or_create(pk=1)
