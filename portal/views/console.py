"""`/console`: a stream's messages in the page, read from the gateway with a ticket."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from gateway.actor import Actor
from gateway.models import Lifecycle, Subscription, SubscriptionState
from gateway.tickets import issue_ticket
from portal import access
from portal.forms.console import TicketForm
from portal.offered_streams import OfferedStream, offered_streams
from portal.page_requests import PageRequest
from portal.subscription_outlook import is_expired
from portal.views.guards import member_page, role_page

SUBSCRIPTIONS_OFFERED: Final = 200
_READABLE: Final = (Lifecycle.PUBLISHED, Lifecycle.DEPRECATED)


@dataclass(frozen=True, slots=True)
class _Source:
    """What can be read: an app's subscription, with the streams of its product."""

    subscription: Subscription
    streams: list[OfferedStream]


@require_safe
@member_page
def console(request: PageRequest, actor: Actor) -> HttpResponse:
    """Show a console for one of the reader's subscriptions: `?subscription=`, else the newest."""
    offered = _readable(actor)
    source = _source(offered, request.GET.get("subscription", ""))
    context = {
        "offered": offered,
        "source": source,
        "may_read": access.allows(actor, access.APPS),
    }
    return render(request, "console/page.html", context)


@require_POST
@role_page(access.APPS)
def console_ticket(request: PageRequest, actor: Actor) -> HttpResponse:
    """Answer with a ticket of one use for `stream` of `definition` as `app`; 422 with what is wrong. Raises Http404."""
    form = TicketForm(request.POST)
    issued = form.attempt(
        lambda values: issue_ticket(
            actor,
            access.app(actor, values["app"], access.APPS),
            values["definition"],
            values["stream"],
        )
    )
    if issued is None:
        said = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return JsonResponse({"detail": said}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return JsonResponse({"ticket": issued.value.ticket}, headers={"Cache-Control": "no-store"})


def _readable(actor: Actor) -> list[Subscription]:
    """The subscriptions under which something can be read now, newest first; one that waits gives examples."""
    found = access.subscriptions(actor).filter(
        app__organization=actor.organization,
        state__in=(SubscriptionState.APPROVED, SubscriptionState.REQUESTED),
        product__lifecycle__in=_READABLE,
    )
    now = timezone.now()
    rows = found.order_by("-pk")[:SUBSCRIPTIONS_OFFERED]
    return [subscription for subscription in rows if not is_expired(subscription, now)]


def _source(offered: list[Subscription], chosen: str) -> _Source | None:
    known = {str(subscription.pk): subscription for subscription in reversed(offered)}
    subscription = known.get(chosen, offered[0] if offered else None)
    if subscription is None:
        return None
    definitions = subscription.product.definitions.select_related("active_revision")
    shown = [stream for stream in offered_streams(definitions) if stream.is_shown_live]
    return _Source(subscription, shown)
