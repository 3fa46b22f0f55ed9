"""What developers hold: apps, their keys, their subscriptions."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from gateway import applications, credentials, subscriptions
from gateway.actor import Actor
from gateway.models import App, Credential, Organization, Subscription
from portal.admin.audited import ReadOnlyAdmin
from portal.admin.domain import DomainAdmin, Values
from portal.admin.irreversible import irreversible


@admin.register(App)
class AppAdmin(DomainAdmin):
    """Apps; developers make their own, and delete them with what waits for their endpoints."""

    list_display = ("name", "organization", "created_by", "created_at")
    list_filter = ("created_at",)
    list_select_related = ("organization", "created_by")
    search_fields = ("name", "organization__name")
    fields = ("name", "description", "organization", "created_by", "created_at")
    kept = ("organization", "created_by", "created_at")

    def change(self, actor: Actor, row: Any, values: Values) -> App:
        """Set name or description."""
        return applications.change_app(actor, row, values)


@admin.register(Credential)
class CredentialAdmin(ReadOnlyAdmin):
    """Keys of apps; their texts are kept nowhere."""

    list_display = ("prefix", "app", "kind", "created_at", "last_used_at", "expires_at", "revoked_at")
    list_select_related = ("app__organization",)
    list_filter = ("kind", "expires_at", "revoked_at")
    search_fields = ("prefix", "app__name", "app__organization__name")
    actions = ("revoke",)

    def organization_of(self, row: Any) -> Organization | None:
        """The app's."""
        organization: Organization = row.app.organization
        return organization

    @admin.action(description="Revoke")
    @irreversible
    def revoke(self, request: HttpRequest, rows: "QuerySet[Credential]") -> None:
        """Revoke credentials."""
        self.each(request, rows, credentials.revoke_credential)


@admin.register(Subscription)
class SubscriptionAdmin(DomainAdmin):
    """Who is subscribed to what; moved by actions."""

    list_display = ("app", "product", "plan", "state", "requested_at", "decided_at")
    list_filter = ("state", "requested_at")
    list_select_related = ("app__organization", "product__organization", "plan__product")
    search_fields = ("app__name", "app__organization__name", "product__name")
    kept = (
        "app",
        "product",
        "plan",
        "state",
        "purpose",
        "requested_by",
        "requested_at",
        "decided_by",
        "decided_at",
        "reason",
        "expires_at",
    )
    fields = (*kept, "attributes")
    actions = ("approve", "reject", "suspend", "resume", "cancel")

    def organization_of(self, row: Any) -> Organization | None:
        """The publisher's: operators decide in its place."""
        organization: Organization = row.product.organization
        return organization

    def change(self, actor: Actor, row: Any, values: Values) -> Subscription:
        """Replace the attributes; an empty field is none."""
        return subscriptions.set_attributes(actor, row, values["attributes"] or {})

    @admin.action(description="Approve")
    def approve(self, request: HttpRequest, rows: "QuerySet[Subscription]") -> None:
        """Approve requests."""
        self.each(request, rows, subscriptions.approve_subscription)

    @admin.action(description="Reject")
    def reject(self, request: HttpRequest, rows: "QuerySet[Subscription]") -> None:
        """Reject requests."""
        self.each(request, rows, subscriptions.reject_subscription)

    @admin.action(description="Suspend")
    def suspend(self, request: HttpRequest, rows: "QuerySet[Subscription]") -> None:
        """Suspend subscriptions."""
        self.each(request, rows, subscriptions.suspend_subscription)

    @admin.action(description="Resume")
    def resume(self, request: HttpRequest, rows: "QuerySet[Subscription]") -> None:
        """Resume suspended subscriptions."""
        self.each(request, rows, subscriptions.resume_subscription)

    @admin.action(description="Cancel")
    @irreversible
    def cancel(self, request: HttpRequest, rows: "QuerySet[Subscription]") -> None:
        """Cancel subscriptions."""
        self.each(request, rows, subscriptions.cancel_subscription)
