"""What the gateway writes of its clients and their traffic; to read only."""

from django.contrib import admin

from gateway.models import Position, Ticket, Traffic, Usage
from portal.admin.audited import LargeTableAdmin, ReadOnlyAdmin


@admin.register(Position)
class PositionAdmin(ReadOnlyAdmin):
    """How far callers with a place of their own have read."""

    list_display = ("consumer_group", "definition", "stream", "holder", "held_until", "updated_at")
    list_select_related = ("definition",)
    search_fields = ("consumer_group", "definition__name", "stream")


@admin.register(Ticket)
class TicketAdmin(ReadOnlyAdmin):
    """Browsers' ways into streams that were not used yet."""

    list_display = ("app", "definition", "stream", "created_at", "expires_at")
    list_select_related = ("app", "definition")
    search_fields = ("app__name", "definition__name", "stream")


@admin.register(Usage)
class UsageAdmin(ReadOnlyAdmin):
    """What subscriptions have used of their quotas."""

    list_display = ("subscription", "period", "start", "used")
    list_filter = ("period",)
    list_select_related = ("subscription__app", "subscription__product")
    search_fields = ("subscription__app__name", "subscription__product__name")


@admin.register(Traffic)
class TrafficAdmin(LargeTableAdmin):
    """What passed the gateway, by the minute."""

    list_display = ("minute", "definition_id", "product_id", "app_id", "plan_id", "measure", "value")
    search_fields = ("measure",)
