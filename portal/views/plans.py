"""`/publish/products/<id>/plans`: under what limits a product is used."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from gateway import plans
from gateway.actor import Actor
from gateway.models.subscription import LIVE
from portal import access
from portal.forms.plans import PlanForm
from portal.page_requests import PageRequest
from portal.plan_terms import plan_terms
from portal.views.actions import Confirmation, confirm, show_form
from portal.views.guards import member_page, publisher_page
from portal.views.product_frame import product_frame

_METHODS = ["GET", "HEAD", "POST"]


@require_safe
@member_page
def plan_list(request: PageRequest, actor: Actor, product: int) -> HttpResponse:
    """Show a product's plans with how many are subscribed under each. Raises Http404."""
    row = access.product(actor, product)
    counted = row.plans.annotate(live=Count("subscriptions", filter=Q(subscriptions__state__in=LIVE)))
    context = {"plans": [(plan, plan_terms(plan)) for plan in counted.order_by("id")]}
    return render(request, "products/plans.html", {**product_frame(actor, row), **context})


@require_http_methods(_METHODS)
@publisher_page
def new_plan(request: PageRequest, actor: Actor, product: int) -> HttpResponse:
    """Make a plan. Raises Http404."""
    row = access.product(actor, product, access.PRODUCTS)
    form = PlanForm(request.POST if request.method == "POST" else None)
    if form.is_bound and (made := form.attempt(lambda values: plans.create_plan(actor, row, **values))):
        messages.success(request, f"{made.value.name} is a plan of {row}.")
        return redirect("product-plans", row.pk)
    return show_form(request, "products/plan.html", form, product_frame(actor, row))


@require_http_methods(_METHODS)
@publisher_page
def plan_change(request: PageRequest, actor: Actor, product: int, plan: int) -> HttpResponse:
    """Change a plan; its limits act at once. Raises Http404."""
    row = access.plan(actor, product, plan, access.PRODUCTS)
    form = PlanForm(request.POST if request.method == "POST" else None, row)
    if form.is_bound and form.attempt(lambda values: plans.change_plan(actor, row, values)):
        messages.success(request, f"{form.cleaned_data['name']} is saved. Its limits are in force.")
        return redirect("product-plans", row.product_id)
    context = {"plan": row, "live": row.subscriptions.filter(state__in=LIVE).count()}
    return show_form(request, "products/plan.html", form, {**product_frame(actor, row.product), **context})


@require_http_methods(_METHODS)
@publisher_page
def plan_deletion(request: PageRequest, actor: Actor, product: int, plan: int) -> HttpResponse:
    """Delete a plan that nobody ever subscribed under. Raises Http404."""
    row = access.plan(actor, product, plan, access.PRODUCTS)
    to = reverse("product-plans", args=[row.product_id])
    asked = Confirmation(
        title=f"Delete the plan {row.name}?",
        text="One that somebody subscribed under, now or before, stays.",
        action="Delete the plan",
        back=to,
    )
    return confirm(request, asked, lambda: plans.delete_plan(actor, row), said=f"{row.name} is gone.", to=to)
