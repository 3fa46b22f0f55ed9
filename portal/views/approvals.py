"""`/publish/approvals`: the requests that wait for a publisher, oldest first."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gateway.actor import Actor
from gateway.models import SubscriptionState
from portal import access
from portal.page_lists import list_page
from portal.page_requests import PageRequest
from portal.views.guards import member_page


@require_safe
@member_page
def approvals(request: PageRequest, actor: Actor) -> HttpResponse:
    """List the requests for the organization's products."""
    waiting = access.subscriptions(actor).filter(
        product__organization=actor.organization, state=SubscriptionState.REQUESTED
    )
    context = {
        "page": list_page(request, waiting.select_related("requested_by"), order=("pk",)),
        "may_change": access.allows(actor, access.PRODUCTS),
    }
    return render(request, "approvals/inbox.html", context)
