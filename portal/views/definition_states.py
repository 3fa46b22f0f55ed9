"""`/definitions/<id>/activate`, `/deactivate`, `/delete`: what runs and what does not, counted before it is decided."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from gateway import definitions
from gateway.actor import Actor
from gateway.models import ApiDefinition
from portal import access
from portal.components import definition_registry
from portal.definition_impact import definition_impact
from portal.document_diff import document_diff
from portal.forms.definition import ActivationForm
from portal.page_requests import PageRequest
from portal.views.actions import Confirmation, confirm, show_form
from portal.views.definition_frame import definition_frame
from portal.views.guards import role_page

_ASKING = ["GET", "HEAD", "POST"]


@require_http_methods(_ASKING)
@role_page(access.DEFINITIONS)
def activate_definition(request: PageRequest, actor: Actor, definition: str) -> HttpResponse:
    """Run the saved document, after its differences from what runs were shown. Raises Http404, PermissionDenied."""
    found = access.definition(actor, definition, access.DEFINITIONS)
    form = ActivationForm(request.POST if request.method == "POST" else None)
    saved = form.attempt(
        lambda values: definitions.activate_definition(actor, found, definition_registry(), values["note"])
    )
    if saved:
        revision = saved.value.definition.active_revision
        number = revision.number if revision else 0
        messages.success(request, f"Revision {number} of {found} runs within two seconds.")
        return redirect("definition", definition)
    running = found.active_revision
    diff = document_diff(running.document, found.document) if running else None
    context = {**definition_frame(actor, found), "running": running, "diff": diff}
    return show_form(request, "definitions/activate.html", form, context)


@require_http_methods(_ASKING)
@role_page(access.DEFINITIONS)
def deactivate_definition(request: PageRequest, actor: Actor, definition: str) -> HttpResponse:
    """Stop its streams. Raises Http404, PermissionDenied."""
    found = access.definition(actor, definition, access.DEFINITIONS)
    asked = Confirmation(
        title=f"Deactivate {found}?",
        text=" ".join((*_impact(found), "Its document and revisions stay; activate it again at any time.")),
        action="Deactivate",
        back=_page(found),
    )
    said = f"{found} stops within two seconds."
    return confirm(
        request, asked, lambda: definitions.deactivate_definition(actor, found), said=said, to=_page(found)
    )


@require_http_methods(_ASKING)
@role_page(access.DEFINITIONS)
def delete_definition(request: PageRequest, actor: Actor, definition: str) -> HttpResponse:
    """Delete it with its revisions and quarantine. Raises Http404, PermissionDenied."""
    found = access.definition(actor, definition, access.DEFINITIONS)
    gone = "Its document, its revisions and the messages in its quarantine are gone for good."
    asked = Confirmation(
        title=f"Delete {found}?",
        text=" ".join((*_impact(found), gone)),
        action="Delete",
        back=_page(found),
        name=found.name,
    )
    return confirm(
        request,
        asked,
        lambda: definitions.delete_definition(actor, found),
        said=f"{found} is deleted.",
        to=reverse("definitions"),
    )


def _impact(definition: ApiDefinition) -> list[str]:
    if definition.active_revision is None:
        return ["It does not run."]
    return definition_impact(definition).sentences


def _page(definition: ApiDefinition) -> str:
    return reverse("definition", args=[definition.public_id])
