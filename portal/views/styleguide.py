"""`/styleguide`: every component in every state, while SLUICE_DEBUG is on."""

import datetime as dt
from typing import Any, Final

from django import forms
from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gateway.errors import Fault, RefusedError
from gateway.models import Approval, Plan
from gateway.schema_changes import compare_schemas
from gateway.traffic import TrafficStep
from portal.activity import delivery_chart, last_hours, message_chart
from portal.charts import Chart
from portal.forms.domain_form import DomainForm
from portal.navigation import Entry
from portal.page_lists import ListPage
from portal.page_requests import PageRequest
from portal.plan_terms import plan_terms
from portal.schema_fields import schema_fields
from portal.shown_once import ShownOnce
from webhooks.models import DeliveryState

LONG_NAME: Final = "A-name-of-sixty-characters-that-breaks-what-is-not-careful-x"
NOW: Final = dt.datetime(2026, 4, 30, 17, 20, tzinfo=dt.UTC)
STATES: Final = (
    "published",
    "deprecated",
    "approved",
    "requested",
    "suspended",
    "rejected",
    "pending",
    "disabled",
)
CODE: Final = 'curl -N -H "X-API-Key: $SLUICE_KEY" http://localhost:8080/orders/sse\n'
KEPT_TEXT: Final = "It is kept as a digest only: copy it now, nobody can show it to you again."
SCHEMA: Final = {
    "type": "object",
    "required": ["order"],
    "properties": {
        "order": {"type": "string", "description": "Its number.", "maxLength": 20},
        "total": {"type": "object", "properties": {"currency": {"enum": ["EUR", "USD"], "type": "string"}}},
        "old": {"type": ["string", "null"], "format": "date-time", "deprecated": True},
    },
}
PLANS: Final = (("free", "Free, 1,000 messages a day"), ("gold", "Gold, as many as you like"))


class ExampleForm(DomainForm):
    """A field of each widget."""

    address = forms.URLField(assume_scheme="https", help_text="Where signed events are sent.")
    name = forms.CharField(disabled=True, required=False, initial="Cannot be changed")
    plan = forms.ChoiceField(choices=PLANS)
    events = forms.MultipleChoiceField(choices=PLANS, widget=forms.CheckboxSelectMultiple, required=False)
    approval = forms.ChoiceField(choices=PLANS, widget=forms.RadioSelect)
    description = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), required=False)
    definition = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3, "class": "code-input"}), required=False, initial=CODE
    )
    expires_at = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    certificate = forms.FileField(required=False)
    webhooks = forms.BooleanField(required=False, help_text="Subscribers may have events sent to them.")


@require_safe
def styleguide(request: PageRequest) -> HttpResponse:
    """Show the components. Raises Http404 unless debugging."""
    if not settings.DEBUG:
        raise Http404
    return render(request, "styleguide.html", examples())


def examples() -> dict[str, Any]:
    """Return what each component shows."""
    tabs = [Entry(text, f"/styleguide{end}") for text, end in (("Overview", ""), ("Webhooks", "?webhooks"))]
    return {
        "states": STATES,
        "blank_form": ExampleForm(auto_id="id_blank_%s"),
        "faulty_form": faulty_form(),
        "long_name": LONG_NAME,
        "code": CODE,
        "shown": ShownOnce("The new key of dispatch-board", "slk_an-example-that-opens-nothing", KEPT_TEXT),
        "tabs": ("curl", "Python", "JavaScript"),
        "page_tabs": tabs,
        "page": ListPage([], next="?after=an-example", first="?"),
        "charts": charts(),
        "timeline": timeline(),
        "fields": schema_fields(SCHEMA),
        "changes": compare_schemas(SCHEMA, {"required": [], "properties": {"order": {"type": "integer"}}}),
        "terms": plan_terms(Plan(approval=Approval.MANUAL, quota=1000, replay_window_seconds=7200)),
        "soon": dt.datetime.now(dt.UTC) + dt.timedelta(minutes=5),
    }


def faulty_form() -> ExampleForm:
    """Return a form that was filled in wrongly, and whose call was refused besides."""
    form = ExampleForm({"address": "not an address", "name": LONG_NAME}, auto_id="id_faulty_%s")
    form.attempt(lambda values: values)
    refused = RefusedError(
        "the plan Gold takes no more subscriptions", remedy="ask its publisher, or take Free"
    )
    form.show(Fault(str(refused), remedy=refused.remedy), Fault("not YAML", "/definition", line=3, column=7))
    return form


def charts() -> list[Chart]:
    """Return one of each kind."""
    hours = last_hours(NOW)
    outcomes = {
        hour: {
            DeliveryState.DELIVERED: 40 + place * 7 % 30,
            DeliveryState.RETRYING: place % 5,
            DeliveryState.EXHAUSTED: max(place - 20, 0),
        }
        for place, hour in enumerate(hours)
    }
    steps = [TrafficStep(hour, {"messages": 900 + 300 * (place % 6)}) for place, hour in enumerate(hours)]
    return [delivery_chart(outcomes, hours), message_chart(steps, hours), delivery_chart({}, hours)]


def timeline() -> list[dict[str, Any]]:
    """Return entries of each tone."""
    said = (
        ("good", "Delivered", "Try 3 was answered 204 within 41 ms."),
        ("bad", "Failed", "Try 2 was answered 503."),
        ("warn", "Waited", "Try 1 found nobody listening."),
        ("", "Accepted", ""),
    )
    return [
        {"tone": tone, "title": title, "text": text, "at": NOW - place * dt.timedelta(minutes=7), "lines": ()}
        for place, (tone, title, text) in enumerate(said)
    ]
