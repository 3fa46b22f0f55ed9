"""`/definitions/<id>`: what a definition does, how it runs, what passed it, who changed it."""

import datetime as dt

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gateway.actor import Actor
from gateway.instances import live_instances
from gateway.models import ApiDefinition, Instance, Lifecycle
from portal import access
from portal.activity import messages_of_a_day
from portal.audit_trail import trail_of
from portal.page_requests import PageRequest
from portal.stream_outline import outlined_streams
from portal.views.definition_frame import definition_frame
from portal.views.guards import member_page

MOST_INSTANCES = 100
"""Shown on a page."""


@require_safe
@member_page
def definition(request: PageRequest, actor: Actor, definition: str) -> HttpResponse:
    """Show a definition. Raises Http404."""
    found = access.definition(actor, definition)
    traffic = access.traffic(actor).filter(definition_id=found.pk)
    context = {
        **definition_frame(actor, found),
        "streams": outlined_streams(found),
        "instances": _instances(found),
        "chart": messages_of_a_day(traffic, dt.datetime.now(dt.UTC)),
        "products": found.products.order_by("name")[:20],
        "is_sold": found.products.exclude(lifecycle__in=(Lifecycle.DRAFT, Lifecycle.RETIRED)).exists(),
        "trail": trail_of(actor, found),
    }
    return render(request, "definitions/definition.html", context)


@require_safe
@member_page
def definition_instances(request: PageRequest, actor: Actor, definition: str) -> HttpResponse:
    """Show what runs of it now, as a part of its page. Raises Http404."""
    context = {"instances": _instances(access.definition(actor, definition))}
    return render(request, "definitions/instances.html", context)


def _instances(definition: ApiDefinition) -> list[Instance]:
    running = live_instances().filter(definition=definition)
    return list(running.order_by("stream", "host", "pid", "pk")[:MOST_INSTANCES])
