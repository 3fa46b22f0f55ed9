"""`/definitions/<id>/quarantine`: messages that a stream could not process, mended and retried, or dropped."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gateway.actor import Actor
from gateway.models import ApiDefinition, Quarantine, QuarantineState
from gateway.quarantine_decisions import MOVES, decide_many, discard_quarantined, retry_quarantined
from portal import access
from portal.audit_trail import trail_of
from portal.forms.quarantine import EditedMessageForm, ManyMessagesForm
from portal.navigation import Entry
from portal.page_lists import list_page, with_parameter
from portal.page_requests import PageRequest
from portal.shown_bytes import shown_bytes, text_of
from portal.views.actions import Confirmation, confirm, perform, show_form
from portal.views.definition_frame import definition_frame
from portal.views.guards import member_page, role_page

_RETRIED = "Their stream takes them in turn within seconds; what fails again is held anew."


@require_safe
@member_page
def quarantine(request: PageRequest, actor: Actor, definition: str) -> HttpResponse:
    """List a definition's messages, newest first: `?state=`, else those that are held. Raises Http404."""
    found = access.definition(actor, definition)
    asked = request.GET.get("state", "")
    state = asked if asked in QuarantineState.values else QuarantineState.HELD
    rows = Quarantine.objects.filter(definition=found, state=state).defer("content", "edited", "metadata")
    context = {
        **definition_frame(actor, found),
        "page": list_page(request, rows),
        "states": [Entry(value, with_parameter(request, "state", value)) for value in QuarantineState.values],
        "state": state,
    }
    return render(request, "definitions/quarantine.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def quarantined(request: PageRequest, actor: Actor, definition: str, message: int) -> HttpResponse:
    """Show a message, and give it to its stream again as it was mended. Raises Http404, PermissionDenied."""
    permission = access.DEFINITIONS if request.method == "POST" else access.READ
    found, row = _message(actor, definition, message, permission)
    text = text_of(bytes(row.content))
    form = EditedMessageForm(request.POST if request.method == "POST" else None, came_in=text or "")
    if form.attempt(lambda values: retry_quarantined(actor, row, values["content"])):
        messages.success(
            request, "The stream gets the message within seconds. If it fails again, it is held anew."
        )
        return redirect("definition-quarantine", definition)
    context = {
        **definition_frame(actor, found),
        **_shown(row),
        "is_text": text is not None,
        "trail": trail_of(actor, row),
    }
    return show_form(request, "definitions/quarantined.html", form, context)


@require_POST
@role_page(access.DEFINITIONS)
def retry_message(request: PageRequest, actor: Actor, definition: str, message: int) -> HttpResponse:
    """Give a message to its stream again as it came in. Raises Http404, PermissionDenied."""
    _, row = _message(actor, definition, message, access.DEFINITIONS)
    said = "The stream gets the message within seconds. If it fails again, it is held anew."
    return perform(request, lambda: retry_quarantined(actor, row), said=said, to=_page(definition))


@require_http_methods(["GET", "HEAD", "POST"])
@role_page(access.DEFINITIONS)
def discard_message(request: PageRequest, actor: Actor, definition: str, message: int) -> HttpResponse:
    """Drop a message. Raises Http404, PermissionDenied."""
    _, row = _message(actor, definition, message, access.DEFINITIONS)
    asked = Confirmation(
        title="Discard this message?",
        text=f"{row.position} is never processed. It stays on record as discarded, with your name.",
        action="Discard",
        back=reverse("definition-quarantined", args=[definition, message]),
    )
    return confirm(
        request, asked, lambda: discard_quarantined(actor, row), said="Discarded.", to=_page(definition)
    )


@require_POST
@role_page(access.DEFINITIONS)
def decide_chosen(request: PageRequest, actor: Actor, definition: str) -> HttpResponse:
    """Retry or discard the messages that were ticked. Raises Http404, PermissionDenied."""
    found = access.definition(actor, definition, access.DEFINITIONS)
    form = ManyMessagesForm(request.POST)
    if not form.is_valid():
        messages.error(request, "No message was chosen: tick some first. Nothing was changed.")
        return redirect(_page(definition))
    to = form.cleaned_data["decision"]
    chosen = Quarantine.objects.filter(pk__in=form.cleaned_data["messages"])
    messages.success(request, _decided(decide_many(actor, found, chosen, to), to))
    return redirect(_page(definition))


@require_http_methods(["GET", "HEAD", "POST"])
@role_page(access.DEFINITIONS)
def retry_all(request: PageRequest, actor: Actor, definition: str) -> HttpResponse:
    """Give every held message to its stream again. Raises Http404, PermissionDenied."""
    found = access.definition(actor, definition, access.DEFINITIONS)
    held, page = _held(found), _page(definition)
    title = f"Retry {held.count():,} held messages of {found}?"
    asked = Confirmation(title, _RETRIED, action="Retry all", back=page)
    call = partial(decide_many, actor, found, held, QuarantineState.RETRYING)
    return confirm(request, asked, call, said=f"All are to be retried. {_RETRIED}", to=page)


@require_http_methods(["GET", "HEAD", "POST"])
@role_page(access.DEFINITIONS)
def discard_all(request: PageRequest, actor: Actor, definition: str) -> HttpResponse:
    """Drop every held message, after the definition's name was typed. Raises Http404, PermissionDenied."""
    found = access.definition(actor, definition, access.DEFINITIONS)
    held, page = _held(found), _page(definition)
    title = f"Discard {held.count():,} held messages of {found}?"
    text = "They are never processed. They stay on record as discarded, with your name."
    asked = Confirmation(title, text, action="Discard all", back=page, name=found.name)
    call = partial(decide_many, actor, found, held, QuarantineState.DISCARDED)
    return confirm(request, asked, call, said="All are discarded.", to=page)


def _held(definition: ApiDefinition) -> "QuerySet[Quarantine]":
    return Quarantine.objects.filter(definition=definition, state=QuarantineState.HELD)


def _message(
    actor: Actor, definition: str, message: int, permission: access.Permission
) -> tuple[ApiDefinition, Quarantine]:
    row = access.quarantined(actor, message, permission)
    if row.definition.public_id != definition:
        raise Http404
    return access.definition(actor, definition), row


def _shown(row: Quarantine) -> dict[str, Any]:
    moves = MOVES[QuarantineState(row.state)]
    return {
        "message": row,
        "content": shown_bytes(bytes(row.content)),
        "edited": shown_bytes(bytes(row.edited)) if row.edited is not None else None,
        "may_retry": QuarantineState.RETRYING in moves,
        "may_discard": QuarantineState.DISCARDED in moves,
    }


def _decided(count: int, to: QuarantineState) -> str:
    if not count:
        return "Nothing was changed: what was chosen is decided already."
    noun = "message is" if count == 1 else "messages are"
    if to is QuarantineState.DISCARDED:
        return f"{count:,} {noun} discarded."
    return f"{count:,} {noun} to be retried. {_RETRIED}"


def _page(definition: str) -> str:
    return reverse("definition-quarantine", args=[definition])
