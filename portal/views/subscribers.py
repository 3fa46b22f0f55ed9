"""Who is subscribed to a product, and the page on which a publisher decides on one of them."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from gateway.actor import Actor
from gateway.models import Plan, Subscription
from gateway.models.subscription import LIVE
from gateway.subscriptions import assign_plan, decide_subscription, set_attributes
from portal import access
from portal.audit_trail import trail_of
from portal.forms.domain_form import DomainForm
from portal.forms.subscribers import (
    VERBS,
    AttributesForm,
    DecisionForm,
    PlanAssignmentForm,
    SubscriberFilterForm,
    verbs_for,
)
from portal.page_lists import list_page
from portal.page_requests import PageRequest
from portal.plan_terms import plan_terms
from portal.subscription_outlook import shown_attributes
from portal.views.actions import show_form
from portal.views.guards import member_page
from portal.views.product_frame import product_frame

_SAID = {
    "approve": "approved: it receives within two seconds",
    "reject": "rejected",
    "suspend": "suspended: it receives nothing from now on",
    "resume": "approved again: it goes on receiving",
}
_TEMPLATE = "products/subscriber.html"


@require_safe
@member_page
def subscriber_list(request: PageRequest, actor: Actor, product: int) -> HttpResponse:
    """List who is or was subscribed to a product, newest first: `?state=`. Raises Http404."""
    row = access.product(actor, product)
    form = SubscriberFilterForm(request.GET)
    found = access.subscriptions(actor).filter(product=row)
    if form.is_valid() and form.cleaned_data["state"]:
        found = found.filter(state=form.cleaned_data["state"])
    context = {"page": list_page(request, found), "form": form, "is_filtered": bool(request.GET)}
    return render(request, "products/subscribers.html", {**product_frame(actor, row), **context})


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def subscriber(request: PageRequest, actor: Actor, subscription: int) -> HttpResponse:
    """Show a subscription with what is to be known of it, and decide on it. Raises Http404, PermissionDenied."""
    row = _sold(actor, subscription)
    data = None
    if request.method == "POST":
        row, data = access.sold_subscription(actor, subscription), request.POST
    if data is not None and "plan" in data:
        return _assign(request, actor, row)
    if data is not None and "attributes" in data:
        return _set_attributes(request, actor, row)
    form = DecisionForm(data)
    if form.is_bound and form.attempt(
        lambda values: decide_subscription(actor, row, VERBS[values["verb"]], values["reason"])
    ):
        messages.success(request, f"{row.app.name} is {_SAID[form.cleaned_data['verb']]}.")
        return redirect("subscriber", row.pk)
    return _show(request, actor, row, form, decision=form)


def _assign(request: PageRequest, actor: Actor, row: Subscription) -> HttpResponse:
    form = PlanAssignmentForm(request.POST, _other_plans(row))
    if form.attempt(lambda values: assign_plan(actor, row, values["plan"])):
        messages.success(request, f"{row.app.name} goes on under {form.cleaned_data['plan'].name}.")
        return redirect("subscriber", row.pk)
    return _show(request, actor, row, form, plan_form=form)


def _set_attributes(request: PageRequest, actor: Actor, row: Subscription) -> HttpResponse:
    form = AttributesForm(request.POST)
    if form.attempt(lambda values: set_attributes(actor, row, values["attributes"])):
        messages.success(request, f"The attributes of {row.app.name} are in force within two seconds.")
        return redirect("subscriber", row.pk)
    return _show(request, actor, row, form, attributes_form=form)


def _show(
    request: PageRequest, actor: Actor, row: Subscription, form: DomainForm, **sent: DomainForm
) -> HttpResponse:
    """Show the page with all its forms; sent: the one that is shown again, by its name in the template."""
    forms = {
        "decision": DecisionForm(None),
        "plan_form": PlanAssignmentForm(None, _other_plans(row)),
        "attributes_form": AttributesForm(None, initial={"attributes": row.attributes}),
    }
    return show_form(request, _TEMPLATE, form, {**_context(actor, row), **forms, **sent})


def _context(actor: Actor, row: Subscription) -> dict[str, object]:
    others = access.subscriptions(actor).filter(
        app__organization=row.app.organization_id, product__organization=actor.organization
    )
    return {
        "subscription": row,
        "terms": plan_terms(row.plan),
        "verbs": verbs_for(row) if access.allows(actor, access.PRODUCTS) else [],
        "attributes": shown_attributes(row),
        "is_live": row.state in LIVE,
        "others": others.exclude(pk=row.pk).order_by("-pk")[:10],
        "trail": trail_of(actor, row),
        "may_change": access.allows(actor, access.PRODUCTS),
    }


def _other_plans(row: Subscription) -> "QuerySet[Plan]":
    return row.product.plans.exclude(pk=row.plan_id)


def _sold(actor: Actor, pk: int) -> Subscription:
    """A subscription to a product of the reader's organization. Raises Http404."""
    sold = access.subscriptions(actor).filter(product__organization=actor.organization)
    found = sold.select_related("requested_by", "decided_by").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
