"""`/`: what somebody finds, by words and facets."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gateway.models import Product
from portal import access
from portal.catalogue_search import (
    LIFECYCLES,
    WAYS,
    WEBHOOK,
    Choice,
    count_facets,
    entries_of,
    ways_of,
    with_facets,
    with_words,
)
from portal.page_lists import list_page
from portal.page_requests import PageRequest

PAGE_SIZE: Final = 24


@dataclass(frozen=True, slots=True)
class Tile:
    """A product in the catalogue, with the ways it can be consumed."""

    product: Product
    ways: tuple[str, ...]


@require_safe
def catalogue(request: PageRequest) -> HttpResponse:
    """List the products that the reader finds, by name: `?q=`, `?publisher=`, `?way=`, `?lifecycle=`.

    Raises Http404 for a cursor that was not made here.
    """
    choice = _choice(request)
    found = with_words(access.catalogue(request.reader()), choice.words)
    listed = with_facets(found, choice).select_related("organization").defer("description")
    page = list_page(
        request, listed.prefetch_related("definitions", "event_types"), ("name", "pk"), PAGE_SIZE
    )
    context = {
        "page": page,
        "tiles": [_tile(product) for product in page.rows],
        "choice": choice,
        "facets": count_facets(entries_of(found), choice),
        "is_filtered": choice != Choice() or bool(page.first),
    }
    return render(request, "catalogue/catalogue.html", context)


def _choice(request: HttpRequest) -> Choice:
    """What the query asks for; a value that no facet has is passed over."""
    way, lifecycle = _text(request, "way"), _text(request, "lifecycle")
    return Choice(
        words=_text(request, "q"),
        publisher=_text(request, "publisher"),
        way=way if way in WAYS else "",
        lifecycle=lifecycle if lifecycle in LIFECYCLES else "",
    )


def _text(request: HttpRequest, name: str) -> str:
    """PostgreSQL takes no NUL, and no name holds one."""
    return request.GET.get(name, "").replace("\0", "").strip()


def _tile(product: Product) -> Tile:
    served = {way for definition in product.definitions.all() for way in ways_of(definition.serves)}
    offered = served | ({WEBHOOK} if product.webhooks_enabled else set())
    return Tile(product, tuple(text for way, text in WAYS.items() if way in offered))
