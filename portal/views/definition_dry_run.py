"""`/definitions/dry-run`, `/definitions/<id>/document/dry-run`: a document is tried, and the editor keeps it."""

from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from gateway.actor import Actor
from gateway.dry_run_report import DryRunReport
from gateway.dry_runs import DryRunRequest, try_definition
from gateway.models import ApiDefinition
from portal import access
from portal.components import definition_registry
from portal.forms.definition import DefinitionForm
from portal.page_requests import PageRequest
from portal.shown_dry_run import shown_dry_run
from portal.starting_points import STARTING_POINTS
from portal.views.definition_frame import definition_frame
from portal.views.editor_frame import checked_text, dialect_of, dry_run_form
from portal.views.guards import role_page


@require_POST
@role_page(access.DEFINITIONS)
def try_document(request: PageRequest, actor: Actor, definition: str = "") -> HttpResponse:
    """Try what is being written; htmx gets the part of the page that says how. Raises Http404, PermissionDenied."""
    found = access.definition(actor, definition, access.DEFINITIONS) if definition else None
    text = request.POST.get("document", "").replace("\r\n", "\n")
    checked = checked_text(actor, text, found)
    trying = dry_run_form(actor, checked, request.POST)
    done = trying.attempt(lambda values: _tried(actor, found, values))
    context: dict[str, Any] = {
        "trying": trying,
        "try_at": request.path,
        "dry_run": shown_dry_run(text, done.value) if done else None,
        "findings": checked.findings,
        "form": DefinitionForm(initial={"document": text, "base": request.POST.get("base", "")}),
    }
    status = HTTPStatus.OK if done else HTTPStatus.UNPROCESSABLE_ENTITY
    if request.htmx:
        return render(request, "definitions/dry_run.html", context, status=status)
    if found is None:
        return render(request, "definitions/new.html", {"points": STARTING_POINTS, **context}, status=status)
    frame = definition_frame(actor, found)
    return render(request, "definitions/document.html", {**frame, **context}, status=status)


def _tried(actor: Actor, definition: ApiDefinition | None, values: dict[str, Any]) -> DryRunReport:
    request = DryRunRequest(values["stream"], values["connection"], values["topic"], values["messages"])
    return try_definition(
        actor.organization,
        values["document"],
        dialect_of(definition),
        definition_registry(),
        request,
        definition=definition,
    )
