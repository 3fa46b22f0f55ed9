"""`/apps/<id>/keys`: an app's API keys, each shown once."""

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from gateway.actor import Actor
from gateway.credentials import (
    IssuedCredential,
    issue_credential,
    revoke_credential,
    rotate_credential,
)
from gateway.models import ApiDefinition, App, DefinitionState, SubscriptionState
from portal import access
from portal.forms.credentials import NewCredentialForm, RotateCredentialForm
from portal.key_outlook import key_state
from portal.offered_streams import offered_streams
from portal.page_lists import list_page
from portal.page_requests import PageRequest
from portal.shown_once import ShownOnce, show_once, take_shown_once
from portal.snippets import ways
from portal.views.actions import Confirmation, confirm, show_form
from portal.views.app_frame import app_frame
from portal.views.guards import member_page, role_page


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@member_page
def app_keys(request: PageRequest, actor: Actor, app: int) -> HttpResponse:
    """List an app's keys, and make one. Raises Http404, PermissionDenied."""
    found = access.app(actor, app, access.APPS if request.method == "POST" else access.READ)
    form = NewCredentialForm(request.POST if request.method == "POST" else None)
    if form.is_bound and (made := form.attempt(lambda values: issue_credential(actor, found, **values))):
        _show_key(request, found, made.value)
        return redirect("app-keys", found.pk)
    page, now = list_page(request, found.credentials.all()), timezone.now()
    shown = take_shown_once(request)
    context = {
        **app_frame(actor, found),
        "page": page,
        "credentials": [(row, key_state(row, now)) for row in page.rows],
        "shown": shown,
        "command": _command(found, shown),
    }
    return show_form(request, "apps/keys.html", form, context)


@require_http_methods(["GET", "HEAD", "POST"])
@role_page(access.APPS)
def credential_rotate(request: PageRequest, actor: Actor, app: int, credential: int) -> HttpResponse:
    """Issue a new key in the place of one. Raises Http404."""
    found = access.credential(actor, app, credential, access.APPS)
    form = RotateCredentialForm(request.POST if request.method == "POST" else None)
    if form.is_bound and (
        made := form.attempt(lambda values: rotate_credential(actor, found, values["until"]))
    ):
        _show_key(request, found.app, made.value)
        return redirect("app-keys", app)
    context = {**app_frame(actor, found.app), "credential": found}
    return show_form(request, "apps/rotate_key.html", form, context)


@require_http_methods(["GET", "HEAD", "POST"])
@role_page(access.APPS)
def credential_revoke(request: PageRequest, actor: Actor, app: int, credential: int) -> HttpResponse:
    """End a key now, after a question. Raises Http404."""
    found = access.credential(actor, app, credential, access.APPS)
    keys = reverse("app-keys", args=[app])
    asked = Confirmation(
        title=f"Revoke the key {found.prefix}…?",
        text="Calls with it are refused from now on, and streams that were opened with it are closed within two "
        "seconds. This cannot be undone. To change it without a gap, rotate it.",
        action="Revoke the key",
        back=keys,
    )
    said = f"The key {found.prefix}… is revoked."
    return confirm(request, asked, lambda: revoke_credential(actor, found), said=said, to=keys)


def _show_key(request: PageRequest, app: App, issued: IssuedCredential) -> None:
    name = f" {issued.credential.name}" if issued.credential.name else ""
    text = "Only a digest of it is kept: copy it now. Nobody, not even we, can show it to you again."
    show_once(request, ShownOnce(f"The new key{name} of {app.name}", issued.key, text))


def _command(app: App, shown: ShownOnce | None) -> str:
    """Code to try a new key with, the key in it; empty: there is none, or nothing to read with it yet."""
    if shown is None:
        return ""
    streams = list(offered_streams(_definitions(app)))
    codes = [
        way.code for way in ways(streams, "curl", settings.PORTAL_URL, webhooks=False) if not way.is_open
    ]
    return f"export SLUICE_KEY={shown.secret}\n{codes[0]}" if codes else ""


def _definitions(app: App) -> "QuerySet[ApiDefinition]":
    """What an app may read now: messages, or examples while its request waits."""
    return (
        ApiDefinition.objects.filter(
            products__subscriptions__app=app,
            products__subscriptions__state__in=(SubscriptionState.APPROVED, SubscriptionState.REQUESTED),
            state=DefinitionState.ACTIVE,
        )
        .select_related("active_revision")
        .distinct()
        .order_by("pk")[:5]
    )
