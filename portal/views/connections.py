"""`/connections`: the brokers a publisher may name, whether they answer, and the end of their topics."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gateway.actor import Actor
from gateway.connection_inspection import inspect_cluster, inspect_topic
from gateway.connections import usable_connections
from gateway.errors import RefusedError
from portal import access
from portal.page_lists import list_page
from portal.page_requests import PageRequest
from portal.shown_bytes import ShownBytes, shown_bytes
from portal.starting_points import STARTING_POINTS
from portal.views.guards import role_page
from streams.kafka.inspection import ClusterView, SeenRecord, TopicView


@dataclass(frozen=True, slots=True)
class ShownRecord:
    """A record with its bytes made readable."""

    record: SeenRecord
    key: ShownBytes
    value: ShownBytes
    headers: tuple[tuple[str, str], ...]


@require_safe
@role_page(access.CONNECTIONS)
def connection_list(request: PageRequest, actor: Actor) -> HttpResponse:
    """List the connections that the organization's definitions may name. Raises Http404, PermissionDenied."""
    page = list_page(request, usable_connections(actor.organization), ("name",))
    return render(request, "connections/list.html", {"page": page})


@require_safe
@role_page(access.CONNECTIONS)
def connection(request: PageRequest, actor: Actor, connection: str) -> HttpResponse:
    """Show how a connection is set up; brokers are not asked. Raises Http404, PermissionDenied."""
    context = {"connection": access.usable_connection(actor, connection)}
    return render(request, "connections/connection.html", context)


@require_safe
@role_page(access.CONNECTIONS)
def connection_test(request: PageRequest, actor: Actor, connection: str) -> HttpResponse:
    """Reach the brokers and list their topics, or say what is missing. Raises Http404, PermissionDenied.

    htmx gets the part of the connection's page that is about them.
    """
    found = access.usable_connection(actor, connection)
    view: ClusterView | None = None
    refusal: RefusedError | None = None
    try:
        view = inspect_cluster(found)
    except RefusedError as error:
        refusal = error
    template = "connections/cluster.html" if request.htmx else "connections/test.html"
    return render(request, template, {"connection": found, "view": view, "refusal": refusal})


@require_safe
@role_page(access.CONNECTIONS)
def topic(request: PageRequest, actor: Actor, connection: str, topic: str) -> HttpResponse:
    """Show the last records of a topic, or what is missing. Raises Http404, PermissionDenied."""
    found = access.usable_connection(actor, connection)
    view: TopicView | None = None
    refusal: RefusedError | None = None
    try:
        view = inspect_topic(found, topic)
    except RefusedError as error:
        refusal = error
    context = {
        "connection": found,
        "topic": topic,
        "view": view,
        "records": [_shown(record) for record in view.records] if view else [],
        "refusal": refusal,
        "points": STARTING_POINTS,
    }
    return render(request, "connections/topic.html", context)


def _shown(record: SeenRecord) -> ShownRecord:
    headers = tuple((name, shown_bytes(value).text) for name, value in record.headers)
    return ShownRecord(
        record, shown_bytes(record.key or b""), shown_bytes(record.value or b"", record.size), headers
    )
