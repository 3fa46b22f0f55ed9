"""`/publish/products`: what the organization sells, from its definitions to what it contains."""

from django.contrib import messages
from django.db.models import Count, Q, prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from gateway import products
from gateway.actor import Actor
from gateway.models import Product, SubscriptionState, Visibility
from portal import access
from portal.activity import messages_of_a_day
from portal.audit_trail import trail_of
from portal.forms.products import VISIBILITIES, ProductForm
from portal.page_lists import list_page
from portal.page_requests import PageRequest
from portal.plan_terms import plan_terms
from portal.product_advice import product_advice
from portal.product_impact import product_impact
from portal.views.actions import show_form
from portal.views.guards import member_page, publisher_page
from portal.views.product_frame import product_frame


@require_safe
@member_page
def product_list(request: PageRequest, actor: Actor) -> HttpResponse:
    """List the organization's own products by name: `?q=` part of one."""
    query = request.GET.get("q", "").replace("\0", "").strip()
    counted = Product.objects.filter(organization=actor.organization, name__icontains=query).annotate(
        receiving=Count("subscriptions", filter=Q(subscriptions__state=SubscriptionState.APPROVED)),
        waiting=Count("subscriptions", filter=Q(subscriptions__state=SubscriptionState.REQUESTED)),
    )
    context = {
        "page": list_page(request, counted, order=("name", "pk")),
        "query": query,
        "may_change": access.allows(actor, access.PRODUCTS),
    }
    return render(request, "products/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@publisher_page
def new_product(request: PageRequest, actor: Actor) -> HttpResponse:
    """Make a draft of definitions that run."""
    form = ProductForm(actor, request.POST if request.method == "POST" else None)
    if form.is_bound and (made := form.attempt(lambda values: products.create_product(actor, **values))):
        messages.success(request, f"{made.value} is a draft. The list says what it needs to be published.")
        return redirect("own-product", made.value.pk)
    return show_form(request, "products/new.html", form)


@require_safe
@member_page
def own_product(request: PageRequest, actor: Actor, product: int) -> HttpResponse:
    """Show a product to its publisher: what is missing, what it contains, whom it reaches. Raises Http404."""
    row = access.product(actor, product)
    prefetch_related_objects([row], "plans", "definitions", "event_types")
    requirements = products.publishing_requirements(row)
    context = {
        "requirements": requirements,
        "is_ready": not any(each.fault for each in requirements),
        "finders": VISIBILITIES[Visibility(row.visibility)],
        "advice": product_advice(row),
        "impact": product_impact(row),
        "was_subscribed_to": row.subscriptions.exists(),
        "chart": messages_of_a_day(access.traffic(actor).filter(product_id=row.pk), timezone.now()),
        "definitions": row.definitions.all(),
        "event_types": row.event_types.all(),
        "plans": [(plan, plan_terms(plan)) for plan in row.plans.all()],
        "trail": trail_of(actor, row),
    }
    return render(request, "products/product.html", {**product_frame(actor, row), **context})


@require_http_methods(["GET", "HEAD", "POST"])
@publisher_page
def product_settings(request: PageRequest, actor: Actor, product: int) -> HttpResponse:
    """Change what a product is and contains. Raises Http404."""
    row = access.product(actor, product, access.PRODUCTS)
    form = ProductForm(actor, request.POST if request.method == "POST" else None, row)
    if form.is_bound and form.attempt(lambda values: products.change_product(actor, row, values)):
        messages.success(request, f"{form.cleaned_data['name']} is saved.")
        return redirect("own-product", row.pk)
    return show_form(request, "products/settings.html", form, product_frame(actor, row))
