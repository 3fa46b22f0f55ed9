"""`/publish/products/<id>/texts`: a product's description and pages, with a preview of the Markdown."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gateway.actor import Actor
from gateway.products import change_product
from portal import access
from portal.forms.domain_form import DomainForm
from portal.forms.pages import NewPageForm, PageForm
from portal.forms.products import DescriptionForm
from portal.markdown import render_markdown
from portal.page_requests import PageRequest
from portal.product_pages import change_page, create_page, delete_page
from portal.views.actions import Confirmation, confirm, show_form
from portal.views.guards import member_page, publisher_page
from portal.views.product_frame import product_frame

MOST_PREVIEWED = 100_000
_METHODS = ["GET", "HEAD", "POST"]


@require_safe
@member_page
def text_list(request: PageRequest, actor: Actor, product: int) -> HttpResponse:
    """Show a product's description and its pages. Raises Http404."""
    row = access.product(actor, product)
    context = {"description": render_markdown(row.description), "pages": row.pages.all()}
    return render(request, "products/texts.html", {**product_frame(actor, row), **context})


@require_http_methods(_METHODS)
@publisher_page
def product_description(request: PageRequest, actor: Actor, product: int) -> HttpResponse:
    """Write a product's description; the button `preview` shows it first. Raises Http404."""
    row = access.product(actor, product, access.PRODUCTS)
    form = DescriptionForm(
        request.POST if request.method == "POST" else None, initial={"description": row.description}
    )
    if _is_sent(request) and form.attempt(lambda values: change_product(actor, row, values)):
        messages.success(request, "The description is saved.")
        return redirect("product-texts", row.pk)
    return _show(request, form, "description", {**product_frame(actor, row), "title": "Description"})


@require_http_methods(_METHODS)
@publisher_page
def new_page(request: PageRequest, actor: Actor, product: int) -> HttpResponse:
    """Write a page; the button `preview` shows it first. Raises Http404."""
    row = access.product(actor, product, access.PRODUCTS)
    form = NewPageForm(request.POST if request.method == "POST" else None)
    if _is_sent(request) and (made := form.attempt(lambda values: create_page(actor, row, **values))):
        messages.success(request, f"{made.value} is a page of {row}.")
        return redirect("product-texts", row.pk)
    return _show(request, form, "body", {**product_frame(actor, row), "title": "New page"})


@require_http_methods(_METHODS)
@publisher_page
def page_change(request: PageRequest, actor: Actor, product: int, page: int) -> HttpResponse:
    """Change a page; the button `preview` shows it first. Raises Http404."""
    row = access.page(actor, product, page, access.PRODUCTS)
    form = PageForm(request.POST if request.method == "POST" else None, row)
    if _is_sent(request) and form.attempt(lambda values: change_page(actor, row, values)):
        messages.success(request, f"{form.cleaned_data['title']} is saved.")
        return redirect("product-texts", row.product_id)
    frame = product_frame(actor, row.product)
    return _show(request, form, "body", {**frame, "title": row.title, "edited": row})


@require_http_methods(_METHODS)
@publisher_page
def page_deletion(request: PageRequest, actor: Actor, product: int, page: int) -> HttpResponse:
    """Delete a page, once its title is typed. Raises Http404."""
    row = access.page(actor, product, page, access.PRODUCTS)
    to = reverse("product-texts", args=[row.product_id])
    asked = Confirmation(
        title=f"Delete the page {row.title}?",
        text="Its text is gone, and links to it are broken.",
        action="Delete the page",
        back=to,
        name=row.title,
    )
    return confirm(request, asked, lambda: delete_page(actor, row), said=f"{row.title} is gone.", to=to)


@require_POST
@publisher_page
def markdown_preview(request: PageRequest, _actor: Actor) -> HttpResponse:
    """Answer with the HTML of the Markdown in `text`, as a fragment, while it is typed."""
    text = request.POST.get("text", "")[:MOST_PREVIEWED]
    return render(request, "products/preview.html", {"preview": render_markdown(text)})


def _is_sent(request: PageRequest) -> bool:
    return request.method == "POST" and "preview" not in request.POST


def _show(request: PageRequest, form: DomainForm, field: str, context: dict[str, Any]) -> HttpResponse:
    """The page of a text: what is typed, and below it how it will look."""
    text = form[field].value() or ""
    shown = {"preview": render_markdown(str(text)), "previewed": field, **context}
    return show_form(request, "products/text.html", form, shown)
