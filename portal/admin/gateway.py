"""Tenancy and access."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from gateway import (
    connections,
    credentials,
    definitions,
    invitations,
    management_keys,
    organizations,
    products,
    subscriptions,
)
from gateway.models import (
    ApiDefinition,
    App,
    Audit,
    Connection,
    Credential,
    EventType,
    Instance,
    Invitation,
    Lease,
    ManagementKey,
    Membership,
    Organization,
    Plan,
    Poll,
    Product,
    Quarantine,
    Revision,
    RevisionCounter,
    Subscription,
    User,
)
from gateway.quarantine_decisions import discard_quarantined, retry_quarantined
from portal.admin.audited import AuditedAdmin, LargeTableAdmin, ReadOnlyAdmin

admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, AuditedAdmin):  # type: ignore[type-arg]  # it takes none when it runs
    """People."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("email", "name", "is_staff", "is_active", "last_login")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "password1", "password2")}),)


@admin.register(Organization)
class OrganizationAdmin(AuditedAdmin):
    """Tenants."""

    list_display = ("name", "slug", "is_active", "created_at")
    list_filter = ("is_active",)
    search_fields = ("name", "slug")
    readonly_fields = ("is_active",)
    actions = ("suspend", "let_go_on")

    def organization_of(self, row: Any) -> Organization | None:
        """Itself; a deleted one keeps no audit of its own."""
        return row if isinstance(row, Organization) else None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: with a tenant its history would go; suspend it."""
        return False

    @admin.action(description="Suspend: nothing is delivered and no key works")
    def suspend(self, request: HttpRequest, rows: "QuerySet[Organization]") -> None:
        """Suspend organizations."""
        self.each(
            request, rows, lambda actor, row: organizations.set_organization_active(actor, row, active=False)
        )

    @admin.action(description="Let go on")
    def let_go_on(self, request: HttpRequest, rows: "QuerySet[Organization]") -> None:
        """End a suspension."""
        self.each(
            request, rows, lambda actor, row: organizations.set_organization_active(actor, row, active=True)
        )


@admin.register(Membership)
class MembershipAdmin(AuditedAdmin):
    """Who belongs where."""

    list_display = ("user", "organization", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "organization")
    search_fields = ("user__email", "organization__name")
    autocomplete_fields = ("user", "organization")


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Who is asked to join; the tokens are in the mails alone."""

    list_display = ("email", "organization", "role", "invited_by", "expires_at", "accepted_at", "revoked_at")
    list_filter = ("role",)
    list_select_related = ("organization", "invited_by")
    search_fields = ("email", "organization__name")
    actions = ("revoke",)

    @admin.action(description="Revoke")
    def revoke(self, request: HttpRequest, rows: "QuerySet[Invitation]") -> None:
        """Revoke invitations."""
        self.each(request, rows, invitations.revoke_invitation)


@admin.register(ManagementKey)
class ManagementKeyAdmin(ReadOnlyAdmin):
    """Keys of programs; their texts are kept nowhere."""

    list_display = ("name", "prefix", "user", "organization", "last_used_at", "expires_at", "revoked_at")
    list_select_related = ("user", "organization")
    search_fields = ("name", "prefix", "user__email", "organization__name")
    actions = ("revoke",)

    @admin.action(description="Revoke")
    def revoke(self, request: HttpRequest, rows: "QuerySet[ManagementKey]") -> None:
        """Revoke management keys."""
        self.each(request, rows, management_keys.revoke_management_key)


class ConnectionForm(forms.ModelForm):  # type: ignore[type-arg]  # it takes none when it runs
    """A connection; its password is set and never shown."""

    new_password = forms.CharField(
        required=False,
        strip=False,
        widget=forms.PasswordInput,
        help_text="Left empty, the present one stays.",
    )

    class Meta:
        model = Connection
        fields = (
            "name",
            "kind",
            "addresses",
            "tls",
            "ca_certificate",
            "sasl_mechanism",
            "username",
            "allowed_topics",
            "organizations",
        )


@admin.register(Connection)
class ConnectionAdmin(AuditedAdmin):
    """Brokers."""

    form = ConnectionForm
    list_display = ("name", "kind", "addresses", "tls", "sasl_mechanism")
    search_fields = ("name",)
    autocomplete_fields = ("organizations",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The name stays: the password is encrypted for it."""
        return ("name",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Encrypt a new password on the way."""
        if form.cleaned_data["new_password"]:
            obj.password = connections.encrypted_password(obj.name, form.cleaned_data["new_password"])
        super().save_model(request, obj, form, change)


@admin.register(ApiDefinition)
class ApiDefinitionAdmin(ReadOnlyAdmin):
    """Definitions; written through the API, which checks them."""

    list_display = ("name", "organization", "dialect", "listen_path", "state", "updated_at")
    list_filter = ("state", "dialect")
    list_select_related = ("organization",)
    search_fields = ("name", "public_id", "listen_path", "organization__name")
    actions = ("deactivate",)

    @admin.action(description="Deactivate")
    def deactivate(self, request: HttpRequest, rows: "QuerySet[ApiDefinition]") -> None:
        """Stop definitions."""
        self.each(request, rows, definitions.deactivate_definition)


@admin.register(Revision)
class RevisionAdmin(ReadOnlyAdmin):
    """What ran when."""

    list_display = ("definition", "number", "listen_path", "activated_by", "activated_at")
    list_select_related = ("definition", "activated_by")
    search_fields = ("definition__name",)


@admin.register(RevisionCounter)
class RevisionCounterAdmin(ReadOnlyAdmin):
    """How often something changed."""

    list_display = ("value",)


@admin.register(Instance)
class InstanceAdmin(ReadOnlyAdmin):
    """What runs where."""

    list_display = ("stream", "definition", "host", "pid", "state", "lag", "seen_at")
    list_filter = ("state",)
    list_select_related = ("definition",)
    search_fields = ("definition__name", "stream", "host")


@admin.register(Lease)
class LeaseAdmin(ReadOnlyAdmin):
    """Who may run what must run once."""

    list_display = ("key", "holder", "token", "expires_at")
    search_fields = ("key", "holder")


@admin.register(Poll)
class PollAdmin(ReadOnlyAdmin):
    """When sources were last asked."""

    list_display = ("key", "polled_at")
    search_fields = ("key",)


@admin.register(Quarantine)
class QuarantineAdmin(ReadOnlyAdmin):
    """What streams could not process."""

    list_display = ("position", "definition", "stream", "stage", "error", "state", "created_at")
    list_filter = ("state",)
    list_select_related = ("definition__organization",)
    search_fields = ("definition__name", "position")
    actions = ("retry", "discard")

    def organization_of(self, row: Any) -> Organization | None:
        """The definition's."""
        organization: Organization = row.definition.organization
        return organization

    @admin.action(description="Retry")
    def retry(self, request: HttpRequest, rows: "QuerySet[Quarantine]") -> None:
        """Give messages to their stream again."""
        self.each(request, rows, retry_quarantined)

    @admin.action(description="Discard")
    def discard(self, request: HttpRequest, rows: "QuerySet[Quarantine]") -> None:
        """Drop messages."""
        self.each(request, rows, discard_quarantined)


@admin.register(EventType)
class EventTypeAdmin(AuditedAdmin):
    """Event types; their schemas are changed by the API, which counts the version up."""

    list_display = ("name", "organization", "version", "deprecated_since")
    list_select_related = ("organization",)
    search_fields = ("name", "organization__name")
    autocomplete_fields = ("organization",)
    readonly_fields = ("version", "schema")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: the API deletes a type that nothing offers and no endpoint has chosen."""
        return False


@admin.register(Product)
class ProductAdmin(AuditedAdmin):
    """Products; their life moves by actions."""

    list_display = ("name", "organization", "visibility", "lifecycle", "webhooks_enabled", "published_at")
    list_filter = ("lifecycle", "visibility", "webhooks_enabled")
    list_select_related = ("organization",)
    search_fields = ("name", "slug", "organization__name")
    autocomplete_fields = ("organization", "audience", "definitions", "event_types")
    readonly_fields = ("lifecycle", "published_at")
    actions = ("publish", "deprecate", "retire")

    @admin.action(description="Publish")
    def publish(self, request: HttpRequest, rows: "QuerySet[Product]") -> None:
        """Publish products."""
        self.each(request, rows, products.publish_product)

    @admin.action(description="Deprecate")
    def deprecate(self, request: HttpRequest, rows: "QuerySet[Product]") -> None:
        """Deprecate products."""
        self.each(request, rows, products.deprecate_product)

    @admin.action(description="Retire")
    def retire(self, request: HttpRequest, rows: "QuerySet[Product]") -> None:
        """Retire products."""
        self.each(request, rows, products.retire_product)


@admin.register(Plan)
class PlanAdmin(AuditedAdmin):
    """Plans."""

    list_display = ("name", "product", "approval", "messages_per_second", "quota", "max_endpoints")
    list_filter = ("approval",)
    list_select_related = ("product__organization",)
    search_fields = ("name", "product__name")
    autocomplete_fields = ("product",)

    def organization_of(self, row: Any) -> Organization | None:
        """The product's."""
        organization: Organization = row.product.organization
        return organization


@admin.register(App)
class AppAdmin(AuditedAdmin):
    """Apps."""

    list_display = ("name", "organization", "created_by", "created_at")
    list_select_related = ("organization", "created_by")
    search_fields = ("name", "organization__name")
    autocomplete_fields = ("organization",)
    readonly_fields = ("created_by",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: the API deletes an app with what waits for its endpoints."""
        return False


@admin.register(Credential)
class CredentialAdmin(ReadOnlyAdmin):
    """Keys of apps; their texts are kept nowhere."""

    list_display = ("prefix", "app", "kind", "created_at", "last_used_at", "expires_at", "revoked_at")
    list_select_related = ("app__organization",)
    search_fields = ("prefix", "app__name")
    actions = ("revoke",)

    def organization_of(self, row: Any) -> Organization | None:
        """The app's."""
        organization: Organization = row.app.organization
        return organization

    @admin.action(description="Revoke")
    def revoke(self, request: HttpRequest, rows: "QuerySet[Credential]") -> None:
        """Revoke credentials."""
        self.each(request, rows, credentials.revoke_credential)


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    """Who is subscribed to what; moved by actions."""

    list_display = ("app", "product", "plan", "state", "requested_at", "decided_at")
    list_filter = ("state",)
    list_select_related = ("app__organization", "product__organization", "plan__product")
    search_fields = ("app__name", "product__name")
    actions = ("approve", "reject", "suspend", "resume", "cancel")

    def organization_of(self, row: Any) -> Organization | None:
        """The publisher's: operators decide in its place."""
        organization: Organization = row.product.organization
        return organization

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
    def cancel(self, request: HttpRequest, rows: "QuerySet[Subscription]") -> None:
        """Cancel subscriptions."""
        self.each(request, rows, subscriptions.cancel_subscription)


@admin.register(Audit)
class AuditAdmin(LargeTableAdmin):
    """Who changed what."""

    list_display = ("at", "actor", "organization", "verb", "object_name", "object_id")
    list_filter = ("object_type",)
    list_select_related = ("actor", "organization")
    search_fields = ("actor__email", "organization__name", "object_id", "object_name")
