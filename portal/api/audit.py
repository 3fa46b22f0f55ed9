"""`/api/audit`: who changed what."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.models import Audit
from portal import access
from portal.api.pages import PageQuery, page_serializer
from portal.api.view import ManagementView


class AuditSerializer(serializers.ModelSerializer[Audit]):
    """One change."""

    actor = serializers.SerializerMethodField()
    management_key = serializers.CharField(source="management_key.prefix", default=None, allow_null=True)

    class Meta:
        model = Audit
        fields = (
            "id",
            "at",
            "actor",
            "management_key",
            "verb",
            "object_type",
            "object_id",
            "object_name",
            "changes",
        )

    def get_actor(self, row: Audit) -> str | None:
        """Return the e-mail address of a colleague; of another organization's people, nothing."""
        if row.actor is None or row.actor.pk not in self.context["colleagues"]:
            return None
        return row.actor.email


class AuditQuery(PageQuery):
    """Which ones."""

    object_type = serializers.CharField(max_length=40, required=False)
    object_id = serializers.CharField(max_length=64, required=False)


class AuditList(ManagementView):
    """All of them."""

    @extend_schema(parameters=[AuditQuery], responses=page_serializer(AuditSerializer))
    def get(self, request: Request) -> Response:
        """List what was changed in the organization, newest first."""
        organization = access.organization(self.actor)
        query = self.query(AuditQuery)
        chosen = {name: query[name] for name in ("object_type", "object_id") if name in query}
        own = Audit.objects.filter(organization=organization, **chosen)
        colleagues = set(organization.memberships.values_list("user", flat=True))
        related = own.select_related("actor", "management_key")
        return self.page(related, AuditSerializer, query, {"colleagues": colleagues})
