"""`/apps` and `/apps/<id>`: an organization's apps, with what they hold and what reached them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from gateway.models import App, Credential
from gateway.models.subscription import LIVE
from portal import access
from portal.page_requests import PageRequest, member
from webhooks.history import DeliveryFilter, find_deliveries
from webhooks.models import Delivery, Endpoint, EndpointState

APPS_SHOWN: Final = 100
ROWS_SHOWN: Final = 50
DELIVERIES_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class ShownDelivery:
    """A delivery beside the endpoint it goes to."""

    delivery: Delivery
    endpoint: Endpoint


@login_required
@require_safe
def app_list(request: PageRequest) -> HttpResponse:
    """List the apps of the reader's organization by name, from `?after=` a name on. Raises PermissionDenied."""
    counted = access.apps(member(request)).annotate(
        live_subscriptions=Count("subscriptions", filter=Q(subscriptions__state__in=LIVE))
    )
    after = request.GET.get("after", "").replace("\0", "")
    rows = list(counted.filter(name__gt=after).order_by("name")[: APPS_SHOWN + 1])
    shown = rows[:APPS_SHOWN]
    following = shown[-1].name if len(rows) > APPS_SHOWN else ""
    return render(request, "apps.html", {"apps": shown, "next": following, "is_continued": bool(after)})


@login_required
@require_safe
def app(request: PageRequest, app: int) -> HttpResponse:
    """Show one of them. Raises Http404, PermissionDenied."""
    actor = member(request)
    found = access.app(actor, app)
    endpoints = list(access.endpoints(actor).filter(app=found).order_by("-pk")[:ROWS_SHOWN])
    context = {
        "app": found,
        "credentials": [(row, credential_state(row)) for row in _credentials(found)],
        "subscriptions": access.subscriptions(actor).filter(app=found).order_by("-pk")[:ROWS_SHOWN],
        "endpoints": [(row, endpoint_health(row)) for row in endpoints],
        "deliveries": _last_deliveries(endpoints),
    }
    return render(request, "app.html", context)


def credential_state(credential: Credential) -> str:
    """Return whether a credential is working, expired or revoked."""
    if credential.revoked_at is not None:
        return "revoked"
    expired = credential.expires_at is not None and credential.expires_at <= timezone.now()
    return "expired" if expired else "working"


def endpoint_health(endpoint: Endpoint) -> str:
    """Return how an endpoint is: paused, disabled, failing or healthy."""
    if endpoint.state != EndpointState.ENABLED:
        return endpoint.state
    return "healthy" if endpoint.failing_since is None else "failing"


def _credentials(app: App) -> Iterable[Credential]:
    return app.credentials.order_by("-pk")[:ROWS_SHOWN]


def _last_deliveries(endpoints: list[Endpoint]) -> list[ShownDelivery]:
    by_pk = {endpoint.pk: endpoint for endpoint in endpoints}
    found = find_deliveries(list(by_pk), DeliveryFilter(), DELIVERIES_SHOWN)
    return [ShownDelivery(row, by_pk[row.endpoint_id]) for row in found.deliveries]
