"""People and tenants: who signs in, what they belong to, and the keys of their programs."""

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from gateway import invitations, management_keys, organizations, users
from gateway.actor import Actor
from gateway.models import Invitation, ManagementKey, Membership, Organization, Role, User
from portal.admin.audited import AuditedAdmin, ReadOnlyAdmin
from portal.admin.domain import DomainAdmin, Values
from portal.admin.irreversible import irreversible

# Rights are given to people, not to groups.
admin.site.unregister(Group)
admin.site.unregister(EmailAddress)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, AuditedAdmin):  # type: ignore[type-arg]  # it takes none when it runs
    """People."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("email", "name", "is_staff", "is_active", "last_login")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email", "name")
    actions = ("disable", "enable")
    ordering = ("email",)
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("Known since", {"fields": ("date_joined", "last_login")}),
    )
    readonly_fields = ("is_active", "date_joined", "last_login")
    add_fieldsets = ((None, {"fields": ("email", "password1", "password2")}),)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: the audit names them; disable them."""
        return False

    @admin.action(description="Disable: they are signed out, and their management keys stop working")
    def disable(self, request: HttpRequest, rows: "QuerySet[User]") -> None:
        """Disable accounts."""
        self._set_active(request, rows, active=False)

    @admin.action(description="Enable")
    def enable(self, request: HttpRequest, rows: "QuerySet[User]") -> None:
        """Enable accounts."""
        self._set_active(request, rows, active=True)

    def _set_active(self, request: HttpRequest, rows: "QuerySet[User]", *, active: bool) -> None:
        by = self.operator(request)
        self.attempt_each(request, rows, lambda row: users.set_user_active(by, row, active=active))


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnlyAdmin):
    """Which addresses are confirmed."""

    list_display = ("email", "user", "verified")
    list_filter = ("verified",)
    list_select_related = ("user",)
    search_fields = ("email",)


@admin.register(Organization)
class OrganizationAdmin(AuditedAdmin):
    """Tenants."""

    list_display = ("name", "slug", "is_active", "created_at")
    list_filter = ("is_active", "created_at")
    search_fields = ("name", "slug")
    fields = ("name", "slug", "is_active")
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
class MembershipAdmin(DomainAdmin):
    """Who belongs where."""

    list_display = ("user", "organization", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "organization")
    search_fields = ("user__email", "user__name", "organization__name")
    autocomplete_fields = ("user", "organization")
    fields = ("user", "organization", "role")
    kept = ("user", "organization")

    def create(self, actor: Actor, values: Values) -> Membership:
        """Add a user to an organization."""
        return organizations.add_member(actor, email=values["user"].email, role=Role(values["role"]))

    def change(self, actor: Actor, row: Any, values: Values) -> Membership:
        """Give another role."""
        return organizations.change_member(actor, row, Role(values["role"]))

    def remove(self, actor: Actor, row: Any) -> None:
        """End a membership."""
        organizations.remove_member(actor, row)


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
    @irreversible
    def revoke(self, request: HttpRequest, rows: "QuerySet[ManagementKey]") -> None:
        """Revoke management keys."""
        self.each(request, rows, management_keys.revoke_management_key)
