"""`/definitions`: the organization's definitions, with how each runs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gateway.actor import Actor
from gateway.instances import live_instances
from gateway.models import ApiDefinition, DefinitionState, InstanceState, Quarantine, QuarantineState
from gateway.openness import is_open_definition
from portal import access
from portal.page_lists import list_page
from portal.page_requests import PageRequest
from portal.views.definition_frame import has_unpublished_changes
from portal.views.guards import member_page


@dataclass(frozen=True, slots=True)
class ListedDefinition:
    """A definition, and how it runs."""

    definition: ApiDefinition
    is_open: bool
    differs: bool
    """It was saved since with another document than the one that runs."""
    instances: int
    unhealthy: int
    held: int
    """Messages in quarantine that wait for somebody."""


@require_safe
@member_page
def definition_list(request: PageRequest, actor: Actor) -> HttpResponse:
    """List definitions by name: `?q=` part of a name or path, `?state=`. Raises Http404."""
    own = access.definitions(actor)
    query = request.GET.get("q", "").replace("\0", "").strip()
    state = request.GET.get("state", "")
    found = own.filter(name__icontains=query) | own.filter(listen_path__icontains=query)
    if state in DefinitionState.values:
        found = found.filter(state=state)
    page = list_page(request, found, ("name", "pk"))
    context = {
        "page": page,
        "definitions": _listed(page.rows),
        "query": query,
        "state": state,
        "is_filtered": bool(query or state or page.first),
        "may_change": access.allows(actor, access.DEFINITIONS),
    }
    return render(request, "definitions/list.html", context)


def _listed(rows: Sequence[ApiDefinition]) -> list[ListedDefinition]:
    """The rows with their counts; two queries."""
    keys = [row.pk for row in rows]
    running = live_instances().filter(definition__in=keys).values_list("definition", "state")
    held = Quarantine.objects.filter(definition__in=keys, state=QuarantineState.HELD)
    instances = Counter({(key, state): count for key, state, count in running.annotate(count=Count("pk"))})
    waiting = dict(held.values_list("definition").annotate(count=Count("pk")))
    return [
        ListedDefinition(
            row,
            is_open_definition(row),
            has_unpublished_changes(row),
            instances=sum(count for (key, _), count in instances.items() if key == row.pk),
            unhealthy=instances[row.pk, InstanceState.UNHEALTHY],
            held=waiting.get(row.pk, 0),
        )
        for row in rows
    ]
