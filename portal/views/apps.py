"""`/apps` and `/apps/<id>`: an organization's apps, with what they hold and what reached them."""

from collections.abc import Iterable
from typing import Final

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from gateway.actor import Actor
from gateway.applications import create_app
from gateway.models import App, Credential
from gateway.models.subscription import LIVE
from portal import access
from portal.audit_trail import trail_of
from portal.endpoint_outlook import endpoint_health
from portal.forms.apps import AppForm
from portal.key_outlook import key_state
from portal.page_lists import list_page
from portal.page_requests import PageRequest
from portal.subscription_outlook import ShownSubscription, shown_state
from portal.views.actions import show_form
from portal.views.app_frame import app_frame
from portal.views.deliveries import ShownDelivery
from portal.views.guards import member_page, role_page
from webhooks.history import DeliveryFilter, find_deliveries
from webhooks.models import Endpoint

ROWS_SHOWN: Final = 20
DELIVERIES_SHOWN: Final = 10


@require_safe
@member_page
def app_list(request: PageRequest, actor: Actor) -> HttpResponse:
    """List the apps of the reader's organization by name. Raises Http404."""
    counted = access.apps(actor).annotate(
        live_subscriptions=Count("subscriptions", filter=Q(subscriptions__state__in=LIVE))
    )
    page = list_page(request, counted, ("name", "pk"))
    may_change = access.allows(actor, access.APPS)
    return render(request, "apps/apps.html", {"page": page, "may_change": may_change})


@require_http_methods(["GET", "HEAD", "POST"])
@role_page(access.APPS)
def new_app(request: PageRequest, actor: Actor) -> HttpResponse:
    """Make an app."""
    form = AppForm(request.POST if request.method == "POST" else None)
    if form.is_bound and (made := form.attempt(lambda values: create_app(actor, **values))):
        messages.success(request, f"{made.value} is made. Now subscribe it to a product.")
        return redirect("app", made.value.pk)
    return show_form(request, "apps/new.html", form)


@require_safe
@member_page
def app(request: PageRequest, actor: Actor, app: int) -> HttpResponse:
    """Show an app with what it holds. Raises Http404."""
    found = access.app(actor, app)
    endpoints = list(access.endpoints(actor).filter(app=found).order_by("-pk")[:ROWS_SHOWN])
    subscriptions = access.subscriptions(actor).filter(app=found).order_by("-pk")[:ROWS_SHOWN]
    now = timezone.now()
    context = {
        **app_frame(actor, found),
        "credentials": [(row, key_state(row, now)) for row in _credentials(found)],
        "subscriptions": [ShownSubscription(row, shown_state(row, now)) for row in subscriptions],
        "endpoints": [(row, endpoint_health(row)) for row in endpoints],
        "deliveries": _last_deliveries(endpoints),
        "trail": trail_of(actor, found),
    }
    return render(request, "apps/app.html", context)


def _credentials(app: App) -> Iterable[Credential]:
    return app.credentials.order_by("-pk")[:ROWS_SHOWN]


def _last_deliveries(endpoints: list[Endpoint]) -> list[ShownDelivery]:
    by_pk = {endpoint.pk: endpoint for endpoint in endpoints}
    found = find_deliveries(list(by_pk), DeliveryFilter(), DELIVERIES_SHOWN)
    return [ShownDelivery(row, by_pk[row.endpoint_id]) for row in found.deliveries]
