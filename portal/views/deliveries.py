"""`/deliveries` and `/apps/<id>/deliveries`: what was sent, found by state, type, time and id."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from gateway.actor import Actor
from gateway.models import App
from portal import access
from portal.forms.deliveries import DeliveryFilterForm
from portal.page_lists import PAGE_SIZE, PARAMETER, ListPage, decode_cursor, encode_cursor, page_of
from portal.page_requests import PageRequest
from portal.views.actions import show_form
from portal.views.app_frame import app_frame
from portal.views.guards import member_page
from webhooks.history import find_deliveries
from webhooks.models import Delivery, Endpoint


@dataclass(frozen=True, slots=True)
class ShownDelivery:
    """A delivery beside the endpoint it goes to."""

    delivery: Delivery
    endpoint: Endpoint


@require_safe
@member_page
def deliveries(request: PageRequest, actor: Actor) -> HttpResponse:
    """List the deliveries to all endpoints of the organization, or to `?endpoint=`. Raises Http404."""
    return _list(request, actor, None)


@require_safe
@member_page
def app_deliveries(request: PageRequest, actor: Actor, app: int) -> HttpResponse:
    """List those to the endpoints of an app. Raises Http404."""
    return _list(request, actor, access.app(actor, app))


def _list(request: PageRequest, actor: Actor, app: App | None) -> HttpResponse:
    form = DeliveryFilterForm(request.GET)
    endpoints = _endpoints(request, actor, app)
    identity = form.cleaned_data.get("id", "") if form.is_valid() else ""
    if identity.startswith("dlv_"):
        return redirect("delivery", int(identity.removeprefix("dlv_")))
    page = _page(request, form, list(endpoints)) if form.is_valid() else page_of(request, [], "")
    context: dict[str, Any] = {
        **(app_frame(actor, app) if app is not None else {}),
        "page": page,
        "rows": [ShownDelivery(row, endpoints[row.endpoint_id]) for row in page.rows],
        "endpoint": next(iter(endpoints.values()), None) if "endpoint" in request.GET else None,
        "has_endpoints": bool(endpoints),
        "is_filtered": any(value for value in request.GET.values()),
    }
    return show_form(request, "deliveries/deliveries.html", form, context)


def _endpoints(request: PageRequest, actor: Actor, app: App | None) -> dict[int, Endpoint]:
    """Those whose deliveries are looked for, by primary key. Raises Http404 for one that is not there."""
    found = access.endpoints(actor)
    if app is not None:
        found = found.filter(app=app)
    if public_id := request.GET.get("endpoint", "").replace("\0", ""):
        found = found.filter(public_id=public_id)
        if not found:
            raise Http404
    return {endpoint.pk: endpoint for endpoint in found}


def _page(request: PageRequest, form: DeliveryFilterForm, endpoints: list[int]) -> ListPage[Delivery]:
    if identity := form.cleaned_data["id"]:
        return page_of(request, _of_message(identity, endpoints), "")
    found = find_deliveries(endpoints, form.wanted, PAGE_SIZE, _before_id(request))
    return page_of(request, found.deliveries, encode_cursor([str(found.next)]) if found.next else "")


def _of_message(identity: str, endpoints: list[int]) -> list[Delivery]:
    """A message's deliveries are few: one for each endpoint."""
    found = Delivery.objects.filter(message_id=identity.removeprefix("msg_"), endpoint_id__in=endpoints)
    return list(found.order_by("-id"))


def _before_id(request: PageRequest) -> int | None:
    cursor = request.GET.get(PARAMETER, "")
    if not cursor:
        return None
    [text] = decode_cursor(cursor, 1)
    if not text.isdecimal() or len(text) > 18:
        raise Http404
    return int(text)
