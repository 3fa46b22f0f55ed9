"""Who changed what."""

from collections.abc import Iterable
from typing import Any, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from gateway.models import Audit
from portal.admin.audited import LargeTableAdmin

_TYPES: Final = (
    ("app", "Apps"),
    ("connection", "Connections"),
    ("credential", "Credentials"),
    ("definition", "Definitions"),
    ("delivery", "Deliveries"),
    ("endpoint", "Endpoints"),
    ("event_type", "Event types"),
    ("invitation", "Invitations"),
    ("management_key", "Management keys"),
    ("member", "Members"),
    ("organization", "Organizations"),
    ("page", "Pages"),
    ("plan", "Plans"),
    ("product", "Products"),
    ("quarantine", "Quarantined messages"),
    ("subscription", "Subscriptions"),
    ("user", "Users"),
)


class ObjectTypeFilter(admin.SimpleListFilter):
    """What was changed: a fixed list, as asking a table of this size for its values reads all of it."""

    title = "what"
    parameter_name = "object_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """The choices."""
        return _TYPES

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Audit]") -> "QuerySet[Audit]":
        """Those of the chosen type."""
        return queryset.filter(object_type=self.value()) if self.value() else queryset


@admin.register(Audit)
class AuditAdmin(LargeTableAdmin):
    """Who changed what."""

    list_display = ("at", "actor", "organization", "verb", "object_name", "object_id")
    list_filter = (ObjectTypeFilter, "at")
    list_select_related = ("actor", "organization")
    search_fields = ("actor__email", "organization__name", "object_id", "object_name")
