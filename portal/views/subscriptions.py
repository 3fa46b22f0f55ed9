"""`/subscriptions`: what the organization's apps are subscribed to, under which plan, and how it ends."""

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from gateway.actor import Actor
from gateway.models import Approval, Plan, Subscription, SubscriptionState, Usage
from gateway.models.subscription import LIVE
from gateway.subscriptions import cancel_subscription, choose_plan
from portal import access
from portal.audit_trail import trail_of
from portal.forms.subscriptions import PlanChoiceForm, SubscriptionFilterForm
from portal.offered_streams import offered_streams
from portal.page_lists import list_page
from portal.page_requests import PageRequest
from portal.plan_terms import plan_terms
from portal.snippets import ways
from portal.subscription_outlook import ShownSubscription, outlook, shown_attributes, shown_state
from portal.views.actions import Confirmation, confirm, show_form
from portal.views.guards import member_page, role_page


@require_safe
@member_page
def subscription_list(request: PageRequest, actor: Actor) -> HttpResponse:
    """List the subscriptions of the organization's apps, newest first: `?state=`, `?app=`. Raises Http404."""
    form = SubscriptionFilterForm(request.GET)
    chosen = _own(actor)
    if form.is_valid() and form.cleaned_data["state"]:
        chosen = chosen.filter(state=form.cleaned_data["state"])
    app = request.GET.get("app", "")
    if app:
        chosen = chosen.filter(app=int(app)) if app.isdecimal() and len(app) <= 18 else chosen.none()
    page = list_page(request, chosen)
    now = timezone.now()
    context = {
        "page": page,
        "rows": [ShownSubscription(row, shown_state(row, now)) for row in page.rows],
        "form": form,
        "app_filter": app,
        "is_filtered": bool(request.GET),
    }
    return render(request, "subscriptions/subscriptions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def subscription(request: PageRequest, actor: Actor, subscription: int) -> HttpResponse:
    """Show a subscription, and go on under another plan. Raises Http404, PermissionDenied."""
    found = _one(actor, subscription)
    if request.method == "POST":
        access.require(actor, access.APPS)
    plans = _other_plans(found)
    automatic = [plan for plan in plans if plan.approval == Approval.AUTOMATIC]
    form = PlanChoiceForm(request.POST if request.method == "POST" else None, automatic)
    if form.is_bound and (
        changed := form.attempt(lambda values: choose_plan(actor, found, _of(automatic, values["plan"])))
    ):
        messages.success(request, f"It goes on under {changed.value.plan.name}; its limits are in force.")
        return redirect("subscription", found.pk)
    now = timezone.now()
    context = {
        "subscription": found,
        "state": shown_state(found, now),
        "outlook": outlook(found, now),
        "attributes": shown_attributes(found),
        "terms": plan_terms(found.plan),
        "used": Usage.objects.filter(subscription=found, period=found.plan.quota_period)
        .order_by("-start")
        .first(),
        "is_live": found.state in LIVE,
        "command": _command(found) if found.state == SubscriptionState.REQUESTED else "",
        "automatic": automatic,
        "manual": _manual_text([plan.name for plan in plans if plan.approval != Approval.AUTOMATIC]),
        "trail": trail_of(actor, found),
        "may_change": access.allows(actor, access.APPS),
    }
    return show_form(request, "subscriptions/subscription.html", form, context)


@require_http_methods(["GET", "HEAD", "POST"])
@role_page(access.APPS)
def subscription_cancel(request: PageRequest, actor: Actor, subscription: int) -> HttpResponse:
    """End a subscription for good, after a question. Raises Http404."""
    found = _one(actor, subscription)
    page = reverse("subscription", args=[found.pk])
    asked = Confirmation(
        title=f"Cancel {found.product.name} for {found.app.name}?",
        text="Streams that are open end within two seconds, and no more events are sent. To receive again, you would "
        "have to ask anew.",
        action="Cancel the subscription",
        back=page,
    )
    said = f"{found.app.name} is no longer subscribed to {found.product.name}."
    return confirm(request, asked, lambda: cancel_subscription(actor, found), said=said, to=page)


def _own(actor: Actor) -> "QuerySet[Subscription]":
    """Those of the reader's apps: what others have of the reader's products is on the publisher's pages."""
    return access.subscriptions(actor).filter(app__organization=actor.organization)


def _one(actor: Actor, pk: int) -> Subscription:
    found = _own(actor).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _other_plans(subscription: Subscription) -> list[Plan]:
    return list(Plan.objects.filter(product=subscription.product_id).exclude(pk=subscription.plan_id))


def _manual_text(names: list[str]) -> str:
    return f"Ask the publisher to move you to one of them: {', '.join(names)}." if names else ""


def _command(subscription: Subscription) -> str:
    """Code that reads the product; empty: it has no stream that takes a key."""
    definitions = subscription.product.definitions.select_related("active_revision")
    codes = ways(list(offered_streams(definitions)), "curl", settings.PORTAL_URL, webhooks=False)
    return next((way.code for way in codes if not way.is_open), "")


def _of(plans: list[Plan], pk: int) -> Plan:
    """One of the form's choices, which it has checked."""
    return next(plan for plan in plans if plan.pk == pk)
