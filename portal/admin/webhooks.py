"""The delivery engine's tables."""

import uuid
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from gateway.models import Organization
from portal.admin.audited import LargeTableAdmin, ReadOnlyAdmin
from webhooks.endpoint_states import disable_endpoint, enable_endpoint, pause_endpoint
from webhooks.models import (
    Attempt,
    Delivery,
    DeliveryWorker,
    Due,
    Endpoint,
    EndpointSecret,
    Lane,
    Message,
    Payload,
    UnmatchedCount,
)
from webhooks.replay import replay_delivery


@admin.register(Endpoint)
class EndpointAdmin(ReadOnlyAdmin):
    """Where apps receive webhooks."""

    list_display = ("url", "public_id", "app", "state", "state_reason", "failing_since")
    list_filter = ("state",)
    list_select_related = ("app__organization",)
    search_fields = ("public_id", "url", "app__name")
    actions = ("pause", "enable", "disable")

    def organization_of(self, row: Any) -> Organization | None:
        """The app's."""
        organization: Organization = row.app.organization
        return organization

    @admin.action(description="Pause: deliveries gather")
    def pause(self, request: HttpRequest, rows: "QuerySet[Endpoint]") -> None:
        """Pause endpoints."""
        self.each(request, rows, pause_endpoint)

    @admin.action(description="Enable")
    def enable(self, request: HttpRequest, rows: "QuerySet[Endpoint]") -> None:
        """Enable endpoints."""
        self.each(request, rows, enable_endpoint)

    @admin.action(description="Disable: nothing gathers")
    def disable(self, request: HttpRequest, rows: "QuerySet[Endpoint]") -> None:
        """Disable endpoints."""
        self.each(request, rows, lambda actor, row: disable_endpoint(actor, row, "Disabled by an operator."))


@admin.register(EndpointSecret)
class EndpointSecretAdmin(ReadOnlyAdmin):
    """That there are signing secrets, and until when; never which."""

    list_display = ("endpoint", "created_at", "expires_at")
    list_select_related = ("endpoint",)


@admin.register(Lane)
class LaneAdmin(ReadOnlyAdmin):
    """Queues and their breakers."""

    list_display = ("endpoint", "key", "failures", "open_at")
    list_select_related = ("endpoint",)
    search_fields = ("endpoint__public_id", "endpoint__url")


@admin.register(DeliveryWorker)
class DeliveryWorkerAdmin(ReadOnlyAdmin):
    """Workers and their heartbeats."""

    list_display = ("epoch", "host", "pid", "started_at", "seen_at")


@admin.register(UnmatchedCount)
class UnmatchedCountAdmin(LargeTableAdmin):
    """Events that no product offers."""

    list_display = ("definition", "stream", "event_type", "day", "count")
    list_select_related = ("definition",)
    search_fields = ("definition__name", "event_type")


class ByIdAdmin(LargeTableAdmin):
    """Found by id alone: any other search would read the whole table."""

    search_fields = ("pk",)
    search_help_text = "An id, with or without its prefix."
    id_prefix = ""
    id_column = "pk"

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> tuple["QuerySet[Any]", bool]:
        """Filter by the id in the search, if it is one."""
        if not search_term:
            return queryset, False
        value = self.read_id(search_term.strip().removeprefix(self.id_prefix))
        return (queryset.none() if value is None else queryset.filter(**{self.id_column: value})), False

    def read_id(self, text: str) -> Any:
        """Return the id, or None."""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


class ByMessageAdmin(ByIdAdmin):
    """Found by the message's id."""

    id_prefix = "msg_"

    def read_id(self, text: str) -> Any:
        """Return the id, or None."""
        try:
            return uuid.UUID(text)
        except ValueError:
            return None


@admin.register(Message)
class MessageAdmin(ByMessageAdmin):
    """Events accepted for delivery."""

    list_display = ("__str__", "event_type", "stream", "position", "accepted_at", "matched")


@admin.register(Payload)
class PayloadAdmin(ByMessageAdmin):
    """That there are payloads; what is in them is their recipients' business."""

    list_display = ("__str__", "content_type", "day")


@admin.register(Delivery)
class DeliveryAdmin(ByIdAdmin):
    """One message for one endpoint."""

    list_display = (
        "__str__",
        "endpoint",
        "event_type",
        "state",
        "attempts",
        "due_at",
        "last_status",
        "last_error",
    )
    list_filter = ("state",)
    list_select_related = ("endpoint__app__organization",)
    id_prefix = "dlv_"
    actions = ("replay",)

    def organization_of(self, row: Any) -> Organization | None:
        """The app's."""
        organization: Organization = row.endpoint.app.organization
        return organization

    @admin.action(description="Replay")
    def replay(self, request: HttpRequest, rows: "QuerySet[Delivery]") -> None:
        """Send deliveries again."""
        self.each(request, rows, replay_delivery)


@admin.register(Due)
class DueAdmin(ByIdAdmin):
    """The queue."""

    list_display = ("__str__", "lane", "due_at", "attempts", "manual", "lease")
    list_select_related = ("lane__endpoint",)
    id_prefix = "dlv_"


@admin.register(Attempt)
class AttemptAdmin(ByIdAdmin):
    """Tries of a delivery; for operators with the detail that tenants do not see."""

    list_display = ("__str__", "at", "status", "error", "detail", "total_ms", "decision")
    ordering = ("-delivery_id", "-id")
    id_prefix = "dlv_"
    id_column = "delivery_id"
