"""`/definitions/<id>/revisions`: what ran when, what each changed, and the way back."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from gateway import definitions
from gateway.actor import Actor
from gateway.models import ApiDefinition, Revision
from portal import access
from portal.components import definition_registry
from portal.document_diff import document_diff
from portal.page_lists import list_page
from portal.page_requests import PageRequest
from portal.views.actions import Confirmation, confirm
from portal.views.definition_frame import definition_frame, has_unpublished_changes
from portal.views.guards import member_page, role_page

_DRAFT = "draft"
_LONGEST_NUMBER = 9


@require_safe
@member_page
def definition_revisions(request: PageRequest, actor: Actor, definition: str) -> HttpResponse:
    """List a definition's revisions, newest first. Raises Http404."""
    found = access.definition(actor, definition)
    rows = Revision.objects.filter(definition=found).defer("document").select_related("activated_by")
    context = {**definition_frame(actor, found), "page": list_page(request, rows, ("-number",))}
    return render(request, "definitions/revisions.html", context)


@require_safe
@member_page
def compare_revisions(request: PageRequest, actor: Actor, definition: str) -> HttpResponse:
    """Show the differences: `?from=` a number (0: nothing), `?to=` a number or `draft`. Raises Http404."""
    found = access.definition(actor, definition)
    old, new = request.GET.get("from", "0"), request.GET.get("to", _DRAFT)
    context = {
        **definition_frame(actor, found),
        "old": old,
        "new": new,
        "diff": document_diff(_document(found, old), _document(found, new)),
    }
    return render(request, "definitions/compare.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@role_page(access.DEFINITIONS)
def roll_back_definition(request: PageRequest, actor: Actor, definition: str, number: int) -> HttpResponse:
    """Run an earlier revision again, as a new one. Raises Http404, PermissionDenied."""
    found = access.definition(actor, definition, access.DEFINITIONS)
    if not Revision.objects.filter(definition=found, number=number).exists():
        raise Http404
    page = reverse("definition-revisions", args=[definition])
    lost = " What was saved since and never activated is replaced by it." if _has_draft(found) else ""
    asked = Confirmation(
        title=f"Roll back to revision {number}?",
        text=f"Its document runs again, as a new revision, within two seconds; open streams whose path it does not "
        f"have are closed.{lost}",
        action="Roll back",
        back=page,
    )
    return confirm(
        request,
        asked,
        lambda: definitions.roll_back_definition(actor, found, number, definition_registry()),
        said=f"Revision {number} of {found} runs again within two seconds.",
        to=page,
    )


def _has_draft(definition: ApiDefinition) -> bool:
    """Tell whether its document was never activated, as far as its last revision says."""
    if definition.active_revision is not None:
        return has_unpublished_changes(definition)
    last = definition.revisions.order_by("-number").first()
    return last is not None and last.document != definition.document


def _document(definition: ApiDefinition, number: str) -> str:
    """The document of a revision, the definition's own, or none. Raises Http404."""
    if number == _DRAFT:
        return definition.document
    if not number.isdecimal() or len(number) > _LONGEST_NUMBER:
        raise Http404
    if int(number) == 0:
        return ""
    revision = Revision.objects.filter(definition=definition, number=int(number)).first()
    if revision is None:
        raise Http404
    return revision.document
