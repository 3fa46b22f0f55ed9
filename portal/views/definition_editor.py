"""`/definitions/new`, `/definitions/<id>/document`: documents are written, checked while they are, and saved."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from gateway import definitions
from gateway.actor import Actor
from gateway.connections import usable_connections
from gateway.definitions import SavedDefinition
from gateway.errors import Fault
from gateway.models import ApiDefinition, ConnectionKind, Dialect, EventType
from portal import access
from portal.components import definition_registry
from portal.forms.definition import DefinitionForm
from portal.page_requests import PageRequest
from portal.shown_findings import shown_findings
from portal.starting_points import STARTING_POINTS, Known, starting_document
from portal.views.actions import show_form
from portal.views.definition_frame import definition_frame
from portal.views.editor_frame import CheckedText, checked_text, editor_frame
from portal.views.guards import member_page, role_page


@require_http_methods(["GET", "HEAD", "POST"])
@role_page(access.DEFINITIONS)
def new_definition(request: PageRequest, actor: Actor) -> HttpResponse:
    """Make a definition: `?from=` a starting point, `?connection=` and `?topic=` what it is filled with."""
    point = next((one for one in STARTING_POINTS if one.slug == request.GET.get("from")), None)
    document = starting_document(point, _known(request, actor)) if point else ""
    form = DefinitionForm(request.POST if request.method == "POST" else None, initial={"document": document})
    saved = form.attempt(
        lambda values: definitions.create_definition(
            actor, values["document"], Dialect.SLUICE, definition_registry(), activate=values["activate"]
        )
    )
    if saved:
        return _saved(request, saved.value)
    checked = CheckedText(form.findings) if form.is_bound else checked_text(actor, document, None)
    context = {"points": STARTING_POINTS, "point": point, **editor_frame(actor, checked)}
    return show_form(request, "definitions/new.html", form, context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def definition_document(request: PageRequest, actor: Actor, definition: str) -> HttpResponse:
    """Show a definition's document, and save another. Raises Http404, PermissionDenied."""
    permission = access.DEFINITIONS if request.method == "POST" else access.READ
    found = access.definition(actor, definition, permission)
    shown = {"document": found.document, "base": definitions.document_digest(found.document)}
    form = DefinitionForm(request.POST if request.method == "POST" else None, initial=shown)
    saved = form.attempt(lambda values: _replace(actor, found, values))
    if saved:
        return _saved(request, saved.value)
    checked = CheckedText(form.findings) if form.is_bound else checked_text(actor, found.document, found)
    context = {**definition_frame(actor, found), **editor_frame(actor, checked)}
    return show_form(request, "definitions/document.html", form, context)


@require_POST
@role_page(access.DEFINITIONS)
def check_document(request: PageRequest, actor: Actor, definition: str = "") -> HttpResponse:
    """Check what is being written, as a part of the page. Raises Http404, PermissionDenied."""
    found = access.definition(actor, definition, access.DEFINITIONS) if definition else None
    form = DefinitionForm(request.POST)
    if form.is_valid():
        findings = checked_text(actor, form.cleaned_data["document"], found).findings
    else:
        faults = [Fault(str(error)) for error in form.errors.get("document", [])]
        findings = shown_findings("", faults)
    return render(request, "definitions/findings.html", {"findings": findings})


def _replace(actor: Actor, definition: ApiDefinition, values: dict[str, Any]) -> SavedDefinition:
    return definitions.replace_definition(
        actor,
        definition,
        values["document"],
        definition_registry(),
        activate=values["activate"],
        base=values["base"],
    )


def _saved(request: PageRequest, saved: SavedDefinition) -> HttpResponse:
    definition, count = saved.definition, len(saved.warnings)
    revision = definition.active_revision
    if revision is not None and revision.document == definition.document:
        said = f"{definition} is saved. Revision {revision.number} runs within two seconds."
    else:
        said = f"{definition} is saved as a draft. Nothing that runs was changed."
    noun = "warning" if count == 1 else "warnings"
    messages.success(request, f"{said} {count} {noun}: see its document." if count else said)
    return redirect("definition", definition.public_id)


def _known(request: PageRequest, actor: Actor) -> Known:
    """What the address says, else the first there is."""
    brokers = usable_connections(actor.organization).filter(kind=ConnectionKind.KAFKA)
    connection = brokers.order_by("name").first()
    event_type = EventType.objects.filter(organization=actor.organization).order_by("name").first()
    return Known(
        connection=request.GET.get("connection", "") or (connection.name if connection else ""),
        topic=request.GET.get("topic", ""),
        event_type=event_type.name if event_type else "",
    )
