"""`/` and `/products/<slug>`: what somebody finds, and how to consume it."""

from typing import Final

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gateway.models import Lifecycle, Product
from portal import access
from portal.offered_streams import offered_streams
from portal.page_requests import PageRequest
from portal.snippets import LANGUAGES, ways

PAGE_SIZE: Final = 24


@require_safe
def catalogue(request: PageRequest) -> HttpResponse:
    """List the products that the reader finds by name: `?q=` text, `?lifecycle=`, `?way=`, `?after=` a slug."""
    visible = access.catalogue(request.reader())
    found = _after(_matching(visible, request), _text(request, "after"))
    products = list(found.select_related("organization").order_by("name", "pk")[: PAGE_SIZE + 1])
    shown = products[:PAGE_SIZE]
    following = request.GET.copy()
    following["after"] = shown[-1].slug if len(products) > PAGE_SIZE else ""
    context = {
        "products": shown,
        "query": _text(request, "q"),
        "way": request.GET.get("way"),
        "lifecycle": request.GET.get("lifecycle"),
        "is_filtered": any(request.GET.get(name) for name in ("q", "way", "lifecycle", "after")),
        "next": following.urlencode() if following["after"] else "",
    }
    return render(request, "catalogue.html", context)


@require_safe
def product(request: PageRequest, slug: str) -> HttpResponse:
    """Show one of them: `?in=` the language of its snippets. Raises Http404."""
    related = ("plans", "event_types", "definitions__active_revision")
    visible = access.catalogue(request.reader()).select_related("organization").prefetch_related(*related)
    found = visible.filter(slug=slug).first()
    if found is None:
        raise Http404
    asked = request.GET.get("in", "")
    language = asked if asked in LANGUAGES else LANGUAGES[0]
    streams = list(offered_streams(found.definitions.all()))
    offered = ways(streams, language, settings.PORTAL_URL, webhooks=found.webhooks_enabled)
    context = {
        "product": found,
        "languages": LANGUAGES,
        "language": language,
        "ways": list(offered),
        "is_open": any(stream.is_open for stream in streams),
    }
    return render(request, "product.html", context)


def _text(request: HttpRequest, name: str) -> str:
    """PostgreSQL takes no NUL, and no name holds one."""
    return request.GET.get(name, "").replace("\0", "").strip()


def _matching(products: "QuerySet[Product]", request: HttpRequest) -> "QuerySet[Product]":
    words = Q()
    for word in _text(request, "q").split():
        in_text = Q(name__icontains=word) | Q(summary__icontains=word)
        words &= in_text | Q(event_types__name__icontains=word)
    found = products.filter(words)
    if request.GET.get("lifecycle") in Lifecycle.values:
        found = found.filter(lifecycle=request.GET["lifecycle"])
    if request.GET.get("way") == "webhook":
        found = found.filter(webhooks_enabled=True)
    return found.distinct()


def _after(products: "QuerySet[Product]", slug: str) -> "QuerySet[Product]":
    last = Product.objects.filter(slug=slug).first() if slug else None
    if last is None:
        return products
    return products.filter(Q(name__gt=last.name) | Q(name=last.name, pk__gt=last.pk))
