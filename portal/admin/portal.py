"""What only the portal knows."""

from typing import Any

from django.contrib import admin

from gateway.models import Organization
from portal.admin.audited import AuditedAdmin
from portal.models import Catalogue, Page


@admin.register(Catalogue)
class CatalogueAdmin(AuditedAdmin):
    """Selections of products."""

    list_display = ("name", "slug", "audience")
    list_filter = ("audience",)
    search_fields = ("name", "slug")
    autocomplete_fields = ("organizations", "products")


@admin.register(Page)
class PageAdmin(AuditedAdmin):
    """Products' documentation."""

    list_display = ("title", "product", "slug", "position")
    list_select_related = ("product__organization",)
    search_fields = ("title", "product__name")
    autocomplete_fields = ("product",)

    def organization_of(self, row: Any) -> Organization | None:
        """The product's."""
        organization: Organization = row.product.organization
        return organization
