"""`/publish/event-types`: what kinds of event the organization emits, described and versioned."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gateway import event_types
from gateway.actor import Actor
from gateway.models import EventType
from portal import access
from portal.audit_trail import trail_of
from portal.forms.domain_form import DomainForm
from portal.forms.event_types import EventTypeChangeForm, NewEventTypeForm, with_guessed_schema
from portal.page_lists import list_page
from portal.page_requests import PageRequest
from portal.schema_fields import schema_fields
from portal.views.actions import Confirmation, confirm, perform, show_form
from portal.views.guards import member_page, publisher_page
from streams.jsontext import NotJsonError
from webhooks.endpoints import delete_unchosen_event_type

_NEW = "event_types/new.html"
_CHANGE = "event_types/change.html"


@require_safe
@member_page
def event_type_list(request: PageRequest, actor: Actor) -> HttpResponse:
    """List the organization's event types by name: `?q=` part of one."""
    query = request.GET.get("q", "").replace("\0", "").strip()
    own = EventType.objects.filter(organization=actor.organization, name__icontains=query)
    context = {
        "page": list_page(request, own.prefetch_related("products"), order=("name",)),
        "query": query,
        "may_change": access.allows(actor, access.PRODUCTS),
    }
    return render(request, "event_types/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@publisher_page
def new_event_type(request: PageRequest, actor: Actor) -> HttpResponse:
    """Make an event type; the button `guess` fills in the schema first."""
    if "guess" in request.POST:
        return _guessed(request, _NEW, lambda initial: NewEventTypeForm(initial=initial))
    form = NewEventTypeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and (
        made := form.attempt(lambda values: event_types.create_event_type(actor, **values))
    ):
        messages.success(request, f"{made.value.name} is there. A product can offer it now.")
        return redirect("event-type", made.value.pk)
    return show_form(request, _NEW, form)


@require_safe
@member_page
def event_type(request: PageRequest, actor: Actor, event_type: int) -> HttpResponse:
    """Show an event type with its versions. Raises Http404."""
    row = access.event_type(actor, event_type)
    context = {
        "event_type": row,
        "fields": schema_fields(row.schema),
        "versions": event_types.event_type_versions(row),
        "products": row.products.all(),
        "trail": trail_of(actor, row),
        "may_change": access.allows(actor, access.PRODUCTS),
    }
    return render(request, "event_types/event_type.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@publisher_page
def event_type_change(request: PageRequest, actor: Actor, event_type: int) -> HttpResponse:
    """Change it; a change that breaks receivers is shown and must be accepted. Raises Http404."""
    row = access.event_type(actor, event_type, access.PRODUCTS)
    context = {"event_type": row}
    if "guess" in request.POST:
        return _guessed(request, _CHANGE, lambda initial: _change_form(row, initial), context)
    form = EventTypeChangeForm(row, request.POST if request.method == "POST" else None)
    if form.is_bound and (
        changed := form.attempt(lambda values: event_types.change_event_type(actor, row, values))
    ):
        messages.success(request, f"{row} is saved, at version {changed.value.version}.")
        return redirect("event-type", row.pk)
    return show_form(request, _CHANGE, form, context)


@require_POST
@publisher_page
def event_type_deprecation(request: PageRequest, actor: Actor, event_type: int) -> HttpResponse:
    """Say that it will go, or (`restore` in the form) that it will stay. Raises Http404."""
    row = access.event_type(actor, event_type, access.PRODUCTS)
    page = reverse("event-type", args=[row.pk])
    if "restore" in request.POST:
        said = f"{row} is not deprecated any more."
        return perform(request, lambda: event_types.restore_event_type(actor, row), said=said, to=page)
    said = f"{row} is deprecated. It is sent as before; readers are told that it will go."
    return perform(request, lambda: event_types.deprecate_event_type(actor, row), said=said, to=page)


@require_http_methods(["GET", "HEAD", "POST"])
@publisher_page
def event_type_deletion(request: PageRequest, actor: Actor, event_type: int) -> HttpResponse:
    """Delete it, once its name is typed. Raises Http404."""
    row = access.event_type(actor, event_type, access.PRODUCTS)
    asked = Confirmation(
        title=f"Delete {row}?",
        text="Its description, schema and versions go. One that a product offers or an endpoint has chosen stays.",
        action="Delete the event type",
        back=reverse("event-type", args=[row.pk]),
        name=row.name,
    )
    to = reverse("event-types")
    return confirm(
        request, asked, lambda: delete_unchosen_event_type(actor, row), said=f"{row} is gone.", to=to
    )


def _change_form(row: EventType, initial: dict[str, Any]) -> EventTypeChangeForm:
    form = EventTypeChangeForm(row, None)
    form.initial = initial
    return form


def _guessed(
    request: PageRequest,
    template: str,
    form_of: Callable[[dict[str, Any]], DomainForm],
    context: dict[str, Any] | None = None,
) -> HttpResponse:
    """Show the form again with a guessed schema, or beside the example why there is no guess."""
    sent = request.POST.dict()
    try:
        form = form_of(with_guessed_schema(sent))
    except NotJsonError as error:
        form = form_of(sent)
        messages.warning(request, f"No schema was guessed: {error}.")
        return show_form(request, template, form, context)
    messages.success(request, "The schema is guessed. Correct it, then save.")
    return show_form(request, template, form, context)
