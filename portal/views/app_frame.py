"""What every page of an app shows above its own content."""

from typing import Any

from django.urls import reverse

from gateway.actor import Actor
from gateway.models import App
from portal import access
from portal.navigation import Entry

_TABS = (
    ("app", "Overview"),
    ("app-keys", "API keys"),
    ("app-webhooks", "Webhooks"),
    ("app-deliveries", "Deliveries"),
    ("app-clients", "Open streams"),
    ("app-settings", "Settings"),
)


def app_frame(actor: Actor, app: App) -> dict[str, Any]:
    """Return the context of templates/apps/frame.html."""
    may_change = access.allows(actor, access.APPS)
    offered = [(name, text) for name, text in _TABS if may_change or name != "app-settings"]
    return {
        "app": app,
        "tabs": [Entry(text, reverse(name, args=[app.pk])) for name, text in offered],
        "may_change": may_change,
        "may_webhook": access.allows(actor, access.WEBHOOKS),
    }
