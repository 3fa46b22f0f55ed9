"""`/endpoints/<id>/...`: an endpoint is changed, tried, paused, and ended."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from gateway.actor import Actor
from portal import access
from portal.forms.endpoints import EndpointSettingsForm, ReplayForm, SecretRotationForm, TestEventForm
from portal.page_requests import PageRequest
from portal.views.actions import Confirmation, confirm, perform, show_form
from portal.views.app_frame import app_frame
from portal.views.endpoints import offered_names, show_secret
from portal.views.guards import role_page
from webhooks.endpoint_secrets import MOST_AT_ONCE, rotate_endpoint_secret
from webhooks.endpoint_states import enable_endpoint, pause_endpoint
from webhooks.endpoint_test import EndpointTestResult, send_test_event
from webhooks.endpoints import change_endpoint, decrypt_headers, delete_endpoint
from webhooks.models import Endpoint, EndpointState
from webhooks.replay import replay_exhausted
from webhooks.signature_check import HEADER_NAMES


@require_http_methods(["GET", "HEAD", "POST"])
@role_page(access.WEBHOOKS)
def endpoint_settings(request: PageRequest, actor: Actor, endpoint: str) -> HttpResponse:
    """Change URL, event types and the rest. Raises Http404."""
    found = access.endpoint(actor, endpoint, access.WEBHOOKS)
    offered = offered_names(found.app)
    form = EndpointSettingsForm(
        request.POST if request.method == "POST" else None,
        offered,
        decrypt_headers(found),
        initial=_values_of(found),
    )
    if form.is_bound and form.attempt(lambda values: change_endpoint(actor, found, values)):
        messages.success(request, "Saved: it is so from the next event on.")
        return redirect("endpoint", found.public_id)
    chosen = set(found.event_types.values_list("name", flat=True))
    context = {**_frame(actor, found), "no_longer_offered": sorted(chosen - set(offered))}
    return show_form(request, "endpoints/settings.html", form, context)


@require_http_methods(["GET", "HEAD", "POST"])
@role_page(access.WEBHOOKS)
def endpoint_secret(request: PageRequest, actor: Actor, endpoint: str) -> HttpResponse:
    """Sign with a new secret, and with the present ones too for a while. Raises Http404."""
    found = access.endpoint(actor, endpoint, access.WEBHOOKS)
    form = SecretRotationForm(request.POST if request.method == "POST" else None)
    if form.is_bound and (
        rotated := form.attempt(
            lambda values: rotate_endpoint_secret(actor, found, values["until"], values["secret"])
        )
    ):
        show_secret(request, rotated.value)
        return redirect("endpoint", found.public_id)
    return show_form(request, "endpoints/secret.html", form, {**_frame(actor, found), "most": MOST_AT_ONCE})


@require_http_methods(["GET", "HEAD", "POST"])
@role_page(access.WEBHOOKS)
def endpoint_test(request: PageRequest, actor: Actor, endpoint: str) -> HttpResponse:
    """Send a test event and show what came of it; it is kept nowhere, so that this answer is its page.

    Raises Http404.
    """
    found = access.endpoint(actor, endpoint, access.WEBHOOKS)
    form = TestEventForm(request.POST if request.method == "POST" else None, offered_names(found.app))
    sent = (
        form.attempt(lambda values: send_test_event(actor, found, values["event_type"]))
        if form.is_bound
        else None
    )
    result = sent.value if sent else None
    context = {**_frame(actor, found), "result": result, "sent_headers": _headers_of(result)}
    return show_form(request, "endpoints/test.html", form, context)


@require_POST
@role_page(access.WEBHOOKS)
def endpoint_pause(request: PageRequest, actor: Actor, endpoint: str) -> HttpResponse:
    """Let deliveries gather. Raises Http404."""
    found = access.endpoint(actor, endpoint, access.WEBHOOKS)
    said = "Paused: events gather until you resume it."
    return perform(request, lambda: pause_endpoint(actor, found), said=said, to=_page(found))


@require_POST
@role_page(access.WEBHOOKS)
def endpoint_enable(request: PageRequest, actor: Actor, endpoint: str) -> HttpResponse:
    """Resume a paused endpoint, or take a disabled one into use again. Raises Http404."""
    found = access.endpoint(actor, endpoint, access.WEBHOOKS)
    was_paused = found.state == EndpointState.PAUSED
    said = "Resumed: what gathered goes out now." if was_paused else "Enabled: events are sent again."
    return perform(request, lambda: enable_endpoint(actor, found), said=said, to=_page(found))


@require_http_methods(["GET", "HEAD", "POST"])
@role_page(access.WEBHOOKS)
def endpoint_replay(request: PageRequest, actor: Actor, endpoint: str) -> HttpResponse:
    """Try again what ran out of tries since a time. Raises Http404."""
    found = access.endpoint(actor, endpoint, access.WEBHOOKS)
    form = ReplayForm(request.POST if request.method == "POST" else None)
    if form.is_bound and (
        replayed := form.attempt(lambda values: replay_exhausted(actor, found, values["since"]))
    ):
        messages.success(request, _replayed_text(replayed.value))
        return redirect(_page(found))
    return show_form(request, "endpoints/replay.html", form, _frame(actor, found))


@require_http_methods(["GET", "HEAD", "POST"])
@role_page(access.WEBHOOKS)
def endpoint_delete(request: PageRequest, actor: Actor, endpoint: str) -> HttpResponse:
    """Delete an endpoint, by typing its URL. Raises Http404."""
    found = access.endpoint(actor, endpoint, access.WEBHOOKS)
    asked = Confirmation(
        title="Delete this endpoint?",
        text=f"Nothing more is sent to {found.url}. What was not delivered yet is cancelled, and the pages of its "
        "deliveries are gone. To stop it for a while, pause it.",
        action="Delete the endpoint",
        back=_page(found),
        name=found.url,
    )
    to = reverse("app-webhooks", args=[found.app_id])
    return confirm(
        request, asked, lambda: delete_endpoint(actor, found), said="The endpoint is deleted.", to=to
    )


def _replayed_text(count: int) -> str:
    if count == 1:
        return "1 delivery is on its way, for one more try."
    return f"{count:,} deliveries are on their way, each for one more try."


def _page(endpoint: Endpoint) -> str:
    return reverse("endpoint", args=[endpoint.public_id])


def _frame(actor: Actor, endpoint: Endpoint) -> dict[str, Any]:
    return {**app_frame(actor, endpoint.app), "endpoint": endpoint}


def _values_of(endpoint: Endpoint) -> dict[str, Any]:
    """What the form shows of an endpoint; the values of headers are not shown again."""
    return {
        "url": endpoint.url,
        "description": endpoint.description,
        "max_in_flight": endpoint.max_in_flight,
        "event_types": list(endpoint.event_types.values_list("name", flat=True)),
    }


def _headers_of(result: EndpointTestResult | None) -> str:
    """What a receiver needs to verify a test event, a line each."""
    if result is None:
        return ""
    values = (result.message_id, result.timestamp, result.signature)
    return "\n".join(f"{name}: {value}" for name, value in zip(HEADER_NAMES, values, strict=True))
