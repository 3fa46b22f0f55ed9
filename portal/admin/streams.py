"""What runs: definitions and their revisions, connections, instances, what could not be processed."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminPasswordWidget

from gateway import connections, definitions
from gateway.models import (
    ApiDefinition,
    Connection,
    Correlation,
    Instance,
    Lease,
    Organization,
    Poll,
    Quarantine,
    Revision,
    RevisionCounter,
)
from gateway.quarantine_decisions import discard_quarantined, retry_quarantined
from portal.admin.audited import AuditedAdmin, ReadOnlyAdmin
from portal.admin.irreversible import irreversible


class ConnectionForm(forms.ModelForm):  # type: ignore[type-arg]  # it takes none when it runs
    """A connection; its password is set and never shown."""

    new_password = forms.CharField(
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
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
        labels = {  # noqa: RUF012 - Django's own way
            "tls": "TLS",
            "ca_certificate": "CA certificate",
            "sasl_mechanism": "SASL mechanism",
        }


@admin.register(Connection)
class ConnectionAdmin(AuditedAdmin):
    """Brokers."""

    form = ConnectionForm
    fields = (*ConnectionForm.Meta.fields[:7], "new_password", *ConnectionForm.Meta.fields[7:])
    list_display = ("name", "kind", "addresses", "tls", "sasl_mechanism")
    list_filter = ("kind", "tls")
    search_fields = ("name", "addresses")
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
    list_filter = ("activated_at",)
    search_fields = ("definition__name", "listen_path")


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


@admin.register(Correlation)
class CorrelationAdmin(ReadOnlyAdmin):
    """What `pattern` and `join` remember; a stream whose rules change forgets it by itself."""

    list_display = ("key", "definition", "stream", "component", "due", "owing")
    list_select_related = ("definition",)
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
    @irreversible
    def discard(self, request: HttpRequest, rows: "QuerySet[Quarantine]") -> None:
        """Drop messages."""
        self.each(request, rows, discard_quarantined)
