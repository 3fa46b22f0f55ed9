"""Event types: made, described, versioned, deprecated."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from gateway import audit
from gateway.actor import Actor
from gateway.announcements import announce
from gateway.errors import Fault, InputError, RefusedError
from gateway.models import Audit, EventType
from gateway.records import save_checked, set_fields
from gateway.schema_changes import SchemaChange, compare_schemas
from streams.message import JsonValue

_CHANGED: Final = "event_type.change"


@dataclass(frozen=True, slots=True)
class Version:
    """A schema that an event type has, or had."""

    number: int
    since: dt.datetime
    changes: tuple[SchemaChange, ...]
    """Against the version before it; none for the first."""

    @property
    def is_breaking(self) -> bool:
        """Receivers written to the version before may meet what they do not expect."""
        return any(change.breaking for change in self.changes)


@transaction.atomic
def create_event_type(
    actor: Actor,
    *,
    name: str,
    description: str = "",
    schema: JsonValue = None,
    example: JsonValue = None,
) -> EventType:
    """Make an event type of the actor's organization. Raises InputError."""
    _check_schema(schema)
    event_type = EventType(
        organization=actor.organization, name=name, description=description, schema=schema, example=example
    )
    save_checked(event_type)
    audit.record(actor, "event_type.create", event_type)
    announce()
    return event_type


@transaction.atomic
def change_event_type(actor: Actor, event_type: EventType, values: Mapping[str, Any]) -> EventType:
    """Set description, schema or example; a new schema counts the version up. Raises InputError.

    The name is what streams and receivers match by, so it stays.
    """
    if "schema" in values:
        _check_schema(values["schema"])
    event_type = EventType.objects.select_for_update().get(pk=event_type.pk)
    changes = set_fields(event_type, values)
    if "schema" in changes:
        event_type.version += 1
    save_checked(event_type)
    audit.record(actor, _CHANGED, event_type, changes)
    announce()
    return event_type


@transaction.atomic
def deprecate_event_type(actor: Actor, event_type: EventType) -> EventType:
    """Say that it will go; it is delivered as before. Raises RefusedError when it is deprecated already."""
    if event_type.deprecated_since is not None:
        raise RefusedError(f"{event_type} is deprecated already", code="already_deprecated")
    event_type.deprecated_since = timezone.now()
    event_type.save(update_fields=("deprecated_since",))
    audit.record(actor, "event_type.deprecate", event_type)
    return event_type


@transaction.atomic
def restore_event_type(actor: Actor, event_type: EventType) -> EventType:
    """Take a deprecation back. Raises RefusedError when there is none."""
    if event_type.deprecated_since is None:
        raise RefusedError(f"{event_type} is not deprecated", code="not_deprecated")
    event_type.deprecated_since = None
    event_type.save(update_fields=("deprecated_since",))
    audit.record(actor, "event_type.restore", event_type)
    return event_type


@transaction.atomic
def delete_event_type(actor: Actor, event_type: EventType) -> None:
    """Delete an event type that no product offers. Raises RefusedError."""
    offering = event_type.products.first()
    if offering is not None:
        raise RefusedError(
            f"the product {offering} offers {event_type}",
            code="in_use",
            remedy="take it off its products first, or deprecate it",
        )
    audit.record(actor, "event_type.delete", event_type)
    event_type.delete()
    announce()


def event_type_versions(event_type: EventType, most: int = 20) -> tuple[Version, ...]:
    """Return its last versions, newest first, as the audit has them."""
    changed = Audit.objects.filter(
        object_type="event_type",
        object_id=str(event_type.pk),
        verb=_CHANGED,
        changes__has_key="schema",
    ).order_by("-pk")
    versions = [
        Version(event_type.version - place, row.at, compare_schemas(*row.changes["schema"]))
        for place, row in enumerate(changed[:most])
    ]
    return tuple(versions) if len(versions) == most else (*versions, Version(1, event_type.created_at, ()))


def _check_schema(schema: JsonValue) -> None:
    """Raise InputError unless it is a JSON Schema (draft 2020-12), or None."""
    if schema is None:
        return
    if not isinstance(schema, dict | bool):
        raise InputError(Fault("a JSON Schema is an object or a boolean", "/schema", "schema"))
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        path = "".join(f"/{step}" for step in error.absolute_path)
        raise InputError(Fault(f"not a JSON Schema: {error.message}", f"/schema{path}", "schema")) from error
