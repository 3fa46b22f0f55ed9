"""Forms of event types: what they are called, what their events look like."""

from typing import Any

from django import forms

from gateway.models import EventType
from gateway.schema_changes import SchemaChange, compare_schemas
from gateway.schema_guess import guess_schema
from portal.forms.domain_form import DomainForm
from portal.forms.json_field import JsonField, json_text, samples_in
from streams.jsontext import NotJsonError


class EventTypeForm(DomainForm):
    """What may be changed of an event type."""

    description = forms.CharField(
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What has happened when it is sent.",
    )
    example = JsonField(
        required=False,
        help_text="An event as receivers get it. Several, one a line, make a better guess; the first is kept.",
    )
    schema = JsonField(
        required=False,
        rows=18,
        label="JSON Schema",
        help_text="Draft 2020-12. Paste an example and let it be guessed, then correct it.",
    )


class NewEventTypeForm(EventTypeForm):
    """A new one."""

    name = forms.CharField(
        max_length=127,
        help_text="Such as order.created: what streams send and receivers ask for. It cannot be changed later.",
        widget=forms.TextInput(attrs={"autocapitalize": "off", "spellcheck": "false", "class": "mono"}),
    )
    field_order = ("name", "description", "example", "schema")


class EventTypeChangeForm(EventTypeForm):
    """Changes; those that receivers may not expect are named, and must be accepted."""

    def __init__(self, event_type: EventType, data: Any) -> None:
        present = {name: getattr(event_type, name) for name in ("description", "example", "schema")}
        super().__init__(data, initial=present)
        self.event_type = event_type
        self.changes: tuple[SchemaChange, ...] = ()
        """Of the schema, once the form is checked."""

    def clean(self) -> dict[str, Any]:
        """Return the values. Raises nothing; a change that breaks is an error beside the box that accepts it."""
        values = super().clean() or {}
        if "schema" in values:
            self.changes = compare_schemas(self.event_type.schema, values["schema"])
        if any(change.breaking for change in self.changes):
            self.fields["accept_breaking"] = forms.BooleanField(
                required=False, label="Save it all the same, as a new version"
            )
            if not self.data.get("accept_breaking"):
                self.add_error("accept_breaking", "Receivers written to the present version may fail.")
        return values


def with_guessed_schema(data: dict[str, Any]) -> dict[str, Any]:
    """Return what a form was sent, with the schema guessed from its example. Raises NotJsonError for no JSON."""
    text = str(data.get("example", "")).strip()
    if not text:
        raise NotJsonError("paste an event first")
    samples = samples_in(text)
    return {**data, "example": json_text(samples[0]), "schema": json_text(guess_schema(samples))}
