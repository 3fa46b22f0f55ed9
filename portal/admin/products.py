"""What publishers make on their pages and operators mend here: event types, products, plans, texts, catalogues."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from gateway import event_types, plans, products
from gateway.actor import Actor
from gateway.models import EventType, Organization, Plan, Product
from portal.admin.audited import AuditedAdmin
from portal.admin.domain import DomainAdmin, Values
from portal.admin.irreversible import irreversible
from portal.models import Catalogue, Page
from portal.product_pages import change_page, delete_page
from webhooks.endpoints import delete_unchosen_event_type


@admin.register(EventType)
class EventTypeAdmin(DomainAdmin):
    """Event types; a new schema counts the version up, and what is offered or chosen is not deleted."""

    list_display = ("name", "organization", "version", "deprecated_since")
    list_filter = ("deprecated_since",)
    list_select_related = ("organization",)
    search_fields = ("name", "description", "organization__name")
    fields = ("name", "organization", "description", "schema", "example", "version", "deprecated_since")
    kept = ("name", "organization", "version", "deprecated_since")
    actions = ("deprecate", "restore")

    def change(self, actor: Actor, row: Any, values: Values) -> EventType:
        """Set description, schema or example."""
        return event_types.change_event_type(actor, row, values)

    def remove(self, actor: Actor, row: Any) -> None:
        """Delete it, unless a product offers it or an endpoint has chosen it."""
        delete_unchosen_event_type(actor, row)

    @admin.action(description="Deprecate: it is delivered as before")
    def deprecate(self, request: HttpRequest, rows: "QuerySet[EventType]") -> None:
        """Deprecate event types."""
        self.each(request, rows, event_types.deprecate_event_type)

    @admin.action(description="Take the deprecation back")
    def restore(self, request: HttpRequest, rows: "QuerySet[EventType]") -> None:
        """Restore event types."""
        self.each(request, rows, event_types.restore_event_type)


@admin.register(Product)
class ProductAdmin(DomainAdmin):
    """Products; their life moves by actions."""

    list_display = ("name", "organization", "visibility", "lifecycle", "webhooks_enabled", "published_at")
    list_filter = ("lifecycle", "visibility", "webhooks_enabled", "published_at")
    list_select_related = ("organization",)
    search_fields = ("name", "slug", "organization__name")
    autocomplete_fields = ("audience", "definitions", "event_types")
    fields = (
        "name",
        "slug",
        "organization",
        "summary",
        "description",
        "visibility",
        "audience",
        "definitions",
        "event_types",
        "webhooks_enabled",
        "lifecycle",
        "published_at",
    )
    kept = ("organization", "lifecycle", "published_at")
    actions = ("publish", "unpublish", "deprecate", "retire")

    def change(self, actor: Actor, row: Any, values: Values) -> Product:
        """Set fields and members."""
        return products.change_product(actor, row, values)

    def remove(self, actor: Actor, row: Any) -> None:
        """Delete a draft that nobody ever subscribed to."""
        products.delete_product(actor, row)

    @admin.action(description="Publish")
    def publish(self, request: HttpRequest, rows: "QuerySet[Product]") -> None:
        """Publish products."""
        self.each(request, rows, products.publish_product)

    @admin.action(description="Unpublish: take it out of the catalogue, while nobody is subscribed")
    def unpublish(self, request: HttpRequest, rows: "QuerySet[Product]") -> None:
        """Unpublish products."""
        self.each(request, rows, products.unpublish_product)

    @admin.action(description="Deprecate: no new subscriptions")
    def deprecate(self, request: HttpRequest, rows: "QuerySet[Product]") -> None:
        """Deprecate products."""
        self.each(request, rows, products.deprecate_product)

    @admin.action(description="Retire: nothing is delivered any more, for good")
    @irreversible
    def retire(self, request: HttpRequest, rows: "QuerySet[Product]") -> None:
        """Retire products."""
        self.each(request, rows, products.retire_product)


@admin.register(Plan)
class PlanAdmin(DomainAdmin):
    """Plans."""

    list_display = ("name", "product", "approval", "messages_per_second", "quota", "max_endpoints")
    list_filter = ("approval",)
    list_select_related = ("product__organization",)
    search_fields = ("name", "product__name")
    kept = ("product",)

    def organization_of(self, row: Any) -> Organization | None:
        """The product's."""
        organization: Organization = row.product.organization
        return organization

    def change(self, actor: Actor, row: Any, values: Values) -> Plan:
        """Set fields; new limits act at once."""
        return plans.change_plan(actor, row, values)

    def remove(self, actor: Actor, row: Any) -> None:
        """Delete it, unless somebody subscribed under it or it is a published product's last."""
        plans.delete_plan(actor, row)


@admin.register(Page)
class PageAdmin(DomainAdmin):
    """Products' documentation."""

    list_display = ("title", "product", "slug", "position")
    list_select_related = ("product__organization",)
    search_fields = ("title", "product__name")
    kept = ("product",)

    def organization_of(self, row: Any) -> Organization | None:
        """The product's."""
        organization: Organization = row.product.organization
        return organization

    def change(self, actor: Actor, row: Any, values: Values) -> Page:
        """Set title, slug, body or position."""
        return change_page(actor, row, values)

    def remove(self, actor: Actor, row: Any) -> None:
        """Delete it."""
        delete_page(actor, row)


@admin.register(Catalogue)
class CatalogueAdmin(AuditedAdmin):
    """Selections of products."""

    list_display = ("name", "slug", "audience")
    list_filter = ("audience",)
    search_fields = ("name", "slug")
    autocomplete_fields = ("organizations", "products")
