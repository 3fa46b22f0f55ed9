"""What is offered: the catalogue, the console, and a publisher's event types, products and approvals."""

from django.urls import URLPattern, path

from portal.views import event_types, pages, plans, product_lifecycle, products, subscribers
from portal.views.approvals import approvals
from portal.views.catalogue import catalogue
from portal.views.console import console, console_ticket
from portal.views.product_page import product, product_document

_EVENT_TYPES: list[URLPattern] = [
    path("publish/event-types", event_types.event_type_list, name="event-types"),
    path("publish/event-types/new", event_types.new_event_type, name="new-event-type"),
    path("publish/event-types/<row:event_type>", event_types.event_type, name="event-type"),
    path(
        "publish/event-types/<row:event_type>/change",
        event_types.event_type_change,
        name="event-type-change",
    ),
    path(
        "publish/event-types/<row:event_type>/deprecation",
        event_types.event_type_deprecation,
        name="event-type-deprecation",
    ),
    path(
        "publish/event-types/<row:event_type>/delete",
        event_types.event_type_deletion,
        name="event-type-deletion",
    ),
]

_PRODUCT = "publish/products/<row:product>"
_PRODUCTS: list[URLPattern] = [
    path("publish/products", products.product_list, name="products"),
    path("publish/products/new", products.new_product, name="new-product"),
    path(_PRODUCT, products.own_product, name="own-product"),
    path(f"{_PRODUCT}/settings", products.product_settings, name="product-settings"),
    path(f"{_PRODUCT}/publish", product_lifecycle.product_publication, name="product-publication"),
    path(f"{_PRODUCT}/unpublish", product_lifecycle.product_withdrawal, name="product-withdrawal"),
    path(f"{_PRODUCT}/deprecate", product_lifecycle.product_deprecation, name="product-deprecation"),
    path(f"{_PRODUCT}/retire", product_lifecycle.product_retirement, name="product-retirement"),
    path(f"{_PRODUCT}/delete", product_lifecycle.product_deletion, name="product-deletion"),
    path(f"{_PRODUCT}/plans", plans.plan_list, name="product-plans"),
    path(f"{_PRODUCT}/plans/new", plans.new_plan, name="new-plan"),
    path(f"{_PRODUCT}/plans/<row:plan>", plans.plan_change, name="plan-change"),
    path(f"{_PRODUCT}/plans/<row:plan>/delete", plans.plan_deletion, name="plan-deletion"),
    path(f"{_PRODUCT}/texts", pages.text_list, name="product-texts"),
    path(f"{_PRODUCT}/texts/description", pages.product_description, name="product-description"),
    path(f"{_PRODUCT}/texts/new", pages.new_page, name="new-page"),
    path(f"{_PRODUCT}/texts/<row:page>", pages.page_change, name="page-change"),
    path(f"{_PRODUCT}/texts/<row:page>/delete", pages.page_deletion, name="page-deletion"),
    path("publish/markdown", pages.markdown_preview, name="markdown-preview"),
    path(f"{_PRODUCT}/subscribers", subscribers.subscriber_list, name="product-subscribers"),
    path("publish/subscriptions/<row:subscription>", subscribers.subscriber, name="subscriber"),
    path("publish/approvals", approvals, name="approvals"),
]

urlpatterns: list[URLPattern] = [
    path("", catalogue, name="catalogue"),
    path("products/<slug:slug>", product, name="product"),
    path("products/<slug:slug>/documentation/<slug:page>", product_document, name="product-document"),
    path("console", console, name="console"),
    path("console/ticket", console_ticket, name="console-ticket"),
    *_EVENT_TYPES,
    *_PRODUCTS,
]
