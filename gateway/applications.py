"""Apps of developers. (`gateway/apps.py` is Django's own.)"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from gateway import audit
from gateway.actor import Actor
from gateway.models import App
from gateway.records import save_checked, set_fields


@transaction.atomic
def create_app(actor: Actor, *, name: str, description: str = "") -> App:
    """Make an app of the actor's organization. Raises InputError."""
    app = App(organization=actor.organization, name=name, description=description, created_by=actor.user)
    save_checked(app)
    audit.record(actor, "app.create", app)
    return app


@transaction.atomic
def change_app(actor: Actor, app: App, values: Mapping[str, Any]) -> App:
    """Set name or description. Raises InputError."""
    changes = set_fields(app, values)
    save_checked(app)
    audit.record(actor, "app.change", app, changes)
    return app
