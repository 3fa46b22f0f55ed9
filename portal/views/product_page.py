"""`/products/<slug>`: what a product emits, how to consume it, and its documentation."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from gateway.actor import Actor
from gateway.models import EventType, Product
from portal import access
from portal.markdown import render_markdown
from portal.offered_streams import OfferedStream, offered_streams
from portal.page_requests import PageRequest
from portal.plan_terms import plan_terms
from portal.product_reader import ReaderApp, apps_offered, reader_app, steps
from portal.schema_fields import SchemaField, schema_fields
from portal.snippets import LANGUAGES, SnippetApp, variables, ways


@require_safe
def product(request: PageRequest, slug: str) -> HttpResponse:
    """Show a product: `?app=` which of the reader's apps fills it, `?in=` the language of its code. Raises Http404."""
    actor = request.reader()
    found = _visible(actor, slug, "plans", "event_types", "definitions__active_revision", "pages")
    apps = apps_offered(actor) if actor is not None else []
    mine = reader_app(apps, found, request.GET.get("app", ""))
    streams = list(offered_streams(found.definitions.all()))
    context = {
        "product": found,
        "description": render_markdown(found.description),
        "plans": [(plan, plan_terms(plan)) for plan in found.plans.all()],
        "types": _described(found.event_types.all()),
        "apps": apps,
        "mine": mine,
        **_consuming(request, actor, found, mine, streams),
    }
    return render(request, "catalogue/product.html", context)


@require_safe
def product_document(request: PageRequest, slug: str, page: str) -> HttpResponse:
    """Show a page of a product's documentation. Raises Http404."""
    found = _visible(request.reader(), slug, "pages")
    shown = next((each for each in found.pages.all() if each.slug == page), None)
    if shown is None:
        raise Http404
    context = {"product": found, "page": shown, "body": render_markdown(shown.body)}
    return render(request, "catalogue/document.html", context)


def _visible(actor: Actor | None, slug: str, *related: str) -> Product:
    """A product that the reader finds in the catalogue. Raises Http404."""
    visible = access.catalogue(actor).select_related("organization").prefetch_related(*related)
    found = visible.filter(slug=slug).first()
    if found is None:
        raise Http404
    return found


def _described(types: "QuerySet[EventType]") -> list[tuple[EventType, Sequence[SchemaField]]]:
    return [(event_type, schema_fields(event_type.schema)) for event_type in types]


def _consuming(
    request: PageRequest,
    actor: Actor | None,
    found: Product,
    mine: ReaderApp | None,
    streams: list[OfferedStream],
) -> dict[str, Any]:
    """How to consume it: the code, the reader's next steps, and what the console may show."""
    asked = request.GET.get("in", "")
    language = asked if asked in LANGUAGES else LANGUAGES[0]
    app = SnippetApp(mine.app.pk, mine.key_prefix) if mine is not None else None
    now = timezone.now()
    listens = mine is not None and (mine.receives(now) or mine.waits)
    shown_live = [stream for stream in streams if stream.is_shown_live]
    may_read = actor is not None and access.allows(actor, access.APPS)
    shown = list(ways(streams, language, settings.PORTAL_URL, webhooks=found.webhooks_enabled, app=app))
    return {
        "languages": LANGUAGES,
        "language": language,
        "ways": shown,
        "variables": variables(shown),
        "is_open": any(stream.is_open for stream in streams),
        "steps": steps(actor, found, mine, has_streams=bool(streams), now=now),
        "live": shown_live if listens and may_read else [],
    }
