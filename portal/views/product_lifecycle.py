"""Steps in the life of a product, each with the impact on those who are subscribed."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from gateway import products
from gateway.actor import Actor
from gateway.models import Product
from portal import access
from portal.page_requests import PageRequest
from portal.product_impact import product_impact
from portal.views.actions import Confirmation, confirm, perform
from portal.views.guards import publisher_page

_METHODS = ["GET", "HEAD", "POST"]


@require_POST
@publisher_page
def product_publication(request: PageRequest, actor: Actor, product: int) -> HttpResponse:
    """Put it into the catalogue, or take a deprecation back. Raises Http404."""
    row = access.product(actor, product, access.PRODUCTS)
    said = f"{row} is in the catalogue."
    return perform(request, lambda: products.publish_product(actor, row), said=said, to=_page(row))


@require_http_methods(_METHODS)
@publisher_page
def product_withdrawal(request: PageRequest, actor: Actor, product: int) -> HttpResponse:
    """Take it out of the catalogue while nobody is subscribed. Raises Http404."""
    row = access.product(actor, product, access.PRODUCTS)
    asked = Confirmation(
        title=f"Take {row} out of the catalogue?",
        text=f"Nobody finds it until you publish it again. {product_impact(row).said('keep it from becoming a draft')}",
        action="Unpublish",
        back=_page(row),
    )
    said = f"{row} is a draft again."
    return confirm(request, asked, lambda: products.unpublish_product(actor, row), said=said, to=_page(row))


@require_http_methods(_METHODS)
@publisher_page
def product_deprecation(request: PageRequest, actor: Actor, product: int) -> HttpResponse:
    """Take no new subscriptions. Raises Http404."""
    row = access.product(actor, product, access.PRODUCTS)
    asked = Confirmation(
        title=f"Deprecate {row}?",
        text=f"Nobody new can subscribe, and its page says so. {product_impact(row).said('go on receiving')} "
        "You can publish it again.",
        action="Deprecate",
        back=_page(row),
    )
    said = f"{row} is deprecated: it takes no new subscriptions."
    return confirm(request, asked, lambda: products.deprecate_product(actor, row), said=said, to=_page(row))


@require_http_methods(_METHODS)
@publisher_page
def product_retirement(request: PageRequest, actor: Actor, product: int) -> HttpResponse:
    """End it for good, once its name is typed. Raises Http404."""
    row = access.product(actor, product, access.PRODUCTS)
    asked = Confirmation(
        title=f"Retire {row} for good?",
        text=f"{product_impact(row).said('stop receiving within two seconds')} A retired product does not come back.",
        action="Retire",
        back=_page(row),
        name=row.name,
    )
    said = f"{row} is retired: nothing of it is delivered any more."
    return confirm(request, asked, lambda: products.retire_product(actor, row), said=said, to=_page(row))


@require_http_methods(_METHODS)
@publisher_page
def product_deletion(request: PageRequest, actor: Actor, product: int) -> HttpResponse:
    """Delete a draft that nobody ever subscribed to, once its name is typed. Raises Http404."""
    row = access.product(actor, product, access.PRODUCTS)
    asked = Confirmation(
        title=f"Delete {row}?",
        text="Its plans and pages go with it. Definitions and event types stay.",
        action="Delete the product",
        back=_page(row),
        name=row.name,
    )
    to = reverse("products")
    return confirm(request, asked, lambda: products.delete_product(actor, row), said=f"{row} is gone.", to=to)


def _page(product: Product) -> str:
    return reverse("own-product", args=[product.pk])
