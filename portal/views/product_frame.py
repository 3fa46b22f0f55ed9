"""What every page of a publisher's product shows above its own content."""

from typing import Any, Final

from django.urls import reverse

from gateway.actor import Actor
from gateway.models import Product
from portal import access
from portal.navigation import Entry

_TABS: Final = (
    ("own-product", "Overview"),
    ("product-plans", "Plans"),
    ("product-texts", "Documentation"),
    ("product-subscribers", "Subscribers"),
    ("product-settings", "Settings"),
)
_CHANGING: Final = frozenset({"product-settings"})


def product_frame(actor: Actor, product: Product) -> dict[str, Any]:
    """Return the context of templates/products/frame.html."""
    may_change = access.allows(actor, access.PRODUCTS)
    offered = [(name, text) for name, text in _TABS if may_change or name not in _CHANGING]
    return {
        "product": product,
        "tabs": [Entry(text, reverse(name, args=[product.pk])) for name, text in offered],
        "may_change": may_change,
    }
