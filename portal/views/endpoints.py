"""`/apps/<id>/webhooks` and `/endpoints/<id>`: where an app receives, how it is doing, and a new one."""

from typing import Final

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from gateway.actor import Actor
from gateway.models import App, SubscriptionState
from portal import access
from portal.activity import deliveries_of_a_day
from portal.audit_trail import trail_of
from portal.endpoint_outlook import endpoint_health, outlook
from portal.forms.endpoints import NewEndpointForm, ReplayForm
from portal.page_lists import list_page
from portal.page_requests import PageRequest
from portal.shown_once import ShownOnce, show_once, take_shown_once
from portal.views.actions import show_form
from portal.views.app_frame import app_frame
from portal.views.deliveries import ShownDelivery
from portal.views.guards import member_page, role_page
from webhooks.endpoints import CreatedEndpoint, create_endpoint, decrypt_headers, event_types_offered_to
from webhooks.history import MOST_COUNTED, DeliveryFilter, find_deliveries, waiting_count
from webhooks.models import EndpointSecret
from webhooks.outcomes import COUNTED

DELIVERIES_SHOWN: Final = 10


@require_safe
@member_page
def app_webhooks(request: PageRequest, actor: Actor, app: int) -> HttpResponse:
    """List an app's endpoints. Raises Http404."""
    found = access.app(actor, app)
    page = list_page(request, access.endpoints(actor).filter(app=found).prefetch_related("event_types"))
    context = {
        **app_frame(actor, found),
        "page": page,
        "endpoints": [(row, endpoint_health(row)) for row in page.rows],
        "offered": offered_names(found),
    }
    return render(request, "endpoints/endpoints.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@role_page(access.WEBHOOKS)
def new_endpoint(request: PageRequest, actor: Actor, app: int) -> HttpResponse:
    """Subscribe a URL to the app's events. Raises Http404."""
    found = access.app(actor, app, access.WEBHOOKS)
    offered = offered_names(found)
    form = NewEndpointForm(request.POST if request.method == "POST" else None, offered)
    if form.is_bound and (made := form.attempt(lambda values: create_endpoint(actor, found, **values))):
        show_secret(request, made.value)
        return redirect("endpoint", made.value.endpoint.public_id)
    context = {**app_frame(actor, found), "offered": offered, "is_approved": _is_approved(found)}
    return show_form(request, "endpoints/new.html", form, context)


@require_safe
@never_cache
@member_page
def endpoint(request: PageRequest, actor: Actor, endpoint: str) -> HttpResponse:
    """Show how an endpoint is doing. Raises Http404."""
    found = access.endpoint(actor, endpoint)
    now = timezone.now()
    chart = deliveries_of_a_day([found.pk], now)
    last = find_deliveries([found.pk], DeliveryFilter(), DELIVERIES_SHOWN)
    context = {
        **app_frame(actor, found.app),
        "endpoint": found,
        "health": endpoint_health(found),
        "outlook": outlook(found, now),
        "chart": chart,
        "is_quiet": not any(total for _, total in chart.totals),
        "is_cut": sum(total for _, total in chart.totals) >= COUNTED,
        "counted": COUNTED,
        "waiting": waiting_count(found),
        "most_counted": MOST_COUNTED,
        "event_types": sorted(found.event_types.values_list("name", flat=True)),
        "header_names": sorted(decrypt_headers(found)),
        "secrets": EndpointSecret.objects.filter(endpoint=found).exclude(expires_at__lte=now),
        "deliveries": [ShownDelivery(row, found) for row in last.deliveries],
        "replay": ReplayForm(None),
        "trail": trail_of(actor, found),
        "shown": take_shown_once(request),
    }
    return render(request, "endpoints/endpoint.html", context)


def offered_names(app: App) -> list[str]:
    """The names of the event types that the app's subscriptions offer, each once."""
    return sorted({event_type.name for event_type in event_types_offered_to(app)})


def show_secret(request: PageRequest, made: CreatedEndpoint) -> None:
    """Have the endpoint's page show its new secret."""
    text = (
        "Copy it into your receiver now, then send a test event. It is kept encrypted and not shown again; if it is "
        "lost, rotate it: the next one is shown once too."
    )
    show_once(request, ShownOnce(f"The signing secret of {made.endpoint.url}", made.secret, text))


def _is_approved(app: App) -> bool:
    return app.subscriptions.filter(state=SubscriptionState.APPROVED).exists()
