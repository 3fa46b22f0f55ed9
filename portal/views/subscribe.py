"""`/products/<slug>/subscribe`: three steps to a subscription: which app, under which plan, and is that so."""

from typing import Final

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from gateway.actor import Actor
from gateway.applications import create_app
from gateway.models import App, Lifecycle, Plan, Product, Subscription, SubscriptionState
from gateway.models.subscription import LIVE
from gateway.subscriptions import request_subscription
from portal import access
from portal.forms.subscriptions import AppChoiceForm, RequestForm
from portal.page_requests import PageRequest
from portal.plan_terms import plan_terms
from portal.views.actions import show_form
from portal.views.guards import role_page

APPS_OFFERED: Final = 500
_TEMPLATE: Final = "subscriptions/subscribe.html"


@require_http_methods(["GET", "HEAD", "POST"])
@role_page(access.APPS)
def subscribe(request: PageRequest, actor: Actor, slug: str) -> HttpResponse:
    """Ask for a product: `?app=` and `?plan=` hold what was chosen so far. Raises Http404."""
    product = access.catalogue(actor).select_related("organization").filter(slug=slug).first()
    if product is None:
        raise Http404
    app = _app(actor, request.GET.get("app", ""))
    if app is None or product.lifecycle != Lifecycle.PUBLISHED:
        return _choose_app(request, actor, product)
    plan = _plan(product, request.GET.get("plan", ""))
    if plan is None:
        return _choose_plan(request, product, app)
    return _ask(request, actor, product, app, plan)


def _choose_app(request: PageRequest, actor: Actor, product: Product) -> HttpResponse:
    apps = access.apps(actor).order_by("name")[:APPS_OFFERED]
    form = AppChoiceForm(request.POST if request.method == "POST" else None, apps)
    if form.is_bound and (chosen := form.attempt(lambda values: _chosen(actor, values))):
        return redirect(f"{request.path}?app={chosen.value}")
    context = {"product": product, "step": 1, "is_closed": product.lifecycle != Lifecycle.PUBLISHED}
    return show_form(request, _TEMPLATE, form, context)


def _chosen(actor: Actor, values: dict[str, object]) -> int:
    """The primary key of the app that was chosen, or made."""
    name = str(values["new_name"])
    return create_app(actor, name=name).pk if name else int(str(values["app"]))


def _choose_plan(request: PageRequest, product: Product, app: App) -> HttpResponse:
    """Each plan is a link to the last step; an app that is subscribed already is led to that."""
    live = Subscription.objects.filter(app=app, product=product, state__in=LIVE).first()
    plans = [(plan, plan_terms(plan)) for plan in product.plans.all()]
    context = {"product": product, "step": 2, "app": app, "plans": plans, "live": live}
    return show_form(request, _TEMPLATE, AppChoiceForm(None, ()), context)


def _ask(request: PageRequest, actor: Actor, product: Product, app: App, plan: Plan) -> HttpResponse:
    form = RequestForm(request.POST if request.method == "POST" else None, plan)
    if form.is_bound and (
        made := form.attempt(
            lambda values: request_subscription(actor, app=app, product=product, plan=plan, **values)
        )
    ):
        approved = made.value.state == SubscriptionState.APPROVED
        messages.success(request, "You are subscribed." if approved else "You have asked for it.")
        return redirect("subscription", made.value.pk)
    context = {
        "product": product,
        "step": 3,
        "app": app,
        "plan": plan,
        "terms": plan_terms(plan),
        "plans_url": f"{reverse('subscribe', args=[product.slug])}?app={app.pk}",
    }
    return show_form(request, _TEMPLATE, form, context)


def _app(actor: Actor, text: str) -> App | None:
    """The app of the query; None: none was chosen yet. Raises Http404."""
    if not text:
        return None
    if not text.isdecimal() or len(text) > 18:
        raise Http404
    return access.app(actor, int(text), access.APPS)


def _plan(product: Product, text: str) -> Plan | None:
    """The plan of the query; None: none of the product's was chosen."""
    return product.plans.filter(pk=int(text)).first() if text.isdecimal() and len(text) <= 18 else None
