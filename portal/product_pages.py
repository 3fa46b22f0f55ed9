"""A product's documentation: pages of Markdown, written, changed, put in order."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify

from gateway import audit
from gateway.actor import Actor
from gateway.models import Product
from gateway.records import save_checked, set_fields
from portal.models import Page


@transaction.atomic
def create_page(actor: Actor, product: Product, *, title: str, slug: str = "", body: str = "") -> Page:
    """Write a page behind the product's others; without a slug, one is made of the title. Raises InputError."""
    last = Page.objects.filter(product=product).aggregate(last=Max("position"))["last"]
    page = Page(
        product=product,
        title=title,
        slug=slug or slugify(title)[:80] or "page",
        body=body,
        position=0 if last is None else last + 1,
    )
    save_checked(page)
    audit.record(actor, "page.create", page)
    return page


@transaction.atomic
def change_page(actor: Actor, page: Page, values: Mapping[str, Any]) -> Page:
    """Set title, slug, body or position. Raises InputError."""
    changes = set_fields(page, values)
    save_checked(page)
    audit.record(actor, "page.change", page, changes)
    return page


@transaction.atomic
def delete_page(actor: Actor, page: Page) -> None:
    """Delete a page."""
    audit.record(actor, "page.delete", page)
    page.delete()
