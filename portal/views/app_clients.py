"""`/apps/<id>/streams`: what an app has open at the gateway now, what it was sent, and why streams ended."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from gateway.actor import Actor
from gateway.client_listing import OpenStream, OpenStreams, ask_open_streams
from gateway.models import ApiDefinition, App, Credential
from gateway.traffic import Step, span, traffic_in
from portal import access
from portal.activity import last_hours, message_chart
from portal.close_reasons import close_reasons
from portal.page_requests import PageRequest
from portal.views.app_frame import app_frame
from portal.views.guards import member_page


@dataclass(frozen=True, slots=True)
class ShownStream:
    """An open stream, with the names of what it is of."""

    stream: OpenStream
    definition: str
    key_prefix: str
    """Empty: it came by a ticket, or by a key that is gone."""


@require_safe
@member_page
def app_clients(request: PageRequest, actor: Actor, app: int) -> HttpResponse:
    """Show an app's open streams, as the gateway's processes say. Raises Http404."""
    found = access.app(actor, app)
    open_streams = ask_open_streams(settings.VALKEY_URL, found.pk)
    hours = last_hours(timezone.now())
    day = span(Step.HOUR, hours[0], hours[-1] + Step.HOUR.length, hours[-1])
    steps = traffic_in(access.traffic(actor).filter(app_id=found.pk), day)
    context = {
        **app_frame(actor, found),
        "open": open_streams,
        "streams": [] if open_streams is None else _named(found, open_streams),
        "chart": message_chart(steps, hours),
        "is_quiet": not any(step.counts.get("messages") for step in steps),
        "reasons": close_reasons(steps),
    }
    return render(request, "apps/clients.html", context)


def _named(app: App, found: OpenStreams) -> list[ShownStream]:
    definitions = {stream.definition_id for stream in found.streams}
    names = dict(ApiDefinition.objects.filter(pk__in=definitions).values_list("pk", "name"))
    keys = {stream.credential_id for stream in found.streams if stream.credential_id is not None}
    prefixes = dict(Credential.objects.filter(app=app, pk__in=keys).values_list("pk", "prefix"))
    return [
        ShownStream(one, names.get(one.definition_id, ""), prefixes.get(one.credential_id or 0, ""))
        for one in found.streams
    ]
