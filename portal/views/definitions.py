"""`/definitions`: the organization's definitions, with how each runs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef
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
from portal.views.definition_frame import counted, has_unpublished_changes
from portal.views.guards import member_page

MOST_COUNTED: Final = 99
_HELD: Final = ArraySubquery(
    Quarantine.objects.filter(
        definition_id__gte=OuterRef("pk"), definition_id__lte=OuterRef("pk"), state=QuarantineState.HELD
    )
    .order_by("definition_id", "state", "-pk")
    .values("pk")[: MOST_COUNTED + 1]
)
"""Some keys instead of a count of all: there may be millions.

The range and the order are the index's own. Told that a definition is equal, PostgreSQL believes that most rows are
this definition's, as they are one bad definition's, and reads the whole table for each that has none.
"""


@dataclass(frozen=True, slots=True)
class ListedDefinition:
    """A definition, and how it runs."""

    definition: ApiDefinition
    is_open: bool
    differs: bool
    """It was saved since with another document than the one that runs."""
    instances: int
    unhealthy: int
    held: str
    """How many messages in quarantine wait for somebody; empty: none."""


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
    page = list_page(request, found.annotate(held=_HELD), ("name", "pk"))
    context = {
        "page": page,
        "definitions": _listed(page.rows),
        "query": query,
        "state": state,
        "is_filtered": bool(query or state or page.first),
        "may_change": access.allows(actor, access.DEFINITIONS),
    }
    return render(request, "definitions/list.html", context)


def _listed(rows: Sequence[Any]) -> list[ListedDefinition]:
    """The rows with their counts; one query."""
    keys = [row.pk for row in rows]
    running = live_instances().filter(definition__in=keys).values_list("definition", "state")
    instances = Counter({(key, state): count for key, state, count in running.annotate(count=Count("pk"))})
    return [
        ListedDefinition(
            row,
            is_open_definition(row),
            has_unpublished_changes(row),
            instances=sum(count for (key, _), count in instances.items() if key == row.pk),
            unhealthy=instances[row.pk, InstanceState.UNHEALTHY],
            held=counted(len(row.held), MOST_COUNTED),
        )
        for row in rows
    ]
