"""`/api/instances`: the streams that run, and where."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.models import Instance
from portal import access
from portal.api.pages import PageQuery, page_serializer
from portal.api.view import ManagementView


class InstanceSerializer(serializers.ModelSerializer[Instance]):
    """A stream running in a process, as the process last said."""

    definition = serializers.CharField(source="definition.public_id")

    class Meta:
        model = Instance
        fields = (
            "id",
            "definition",
            "stream",
            "process",
            "host",
            "pid",
            "revision",
            "state",
            "partitions",
            "lag",
            "received",
            "sent",
            "errors",
            "last_error",
            "last_error_at",
            "since",
            "seen_at",
        )


class InstanceQuery(PageQuery):
    """Which ones."""

    definition = serializers.CharField(max_length=32, required=False)


class InstanceList(ManagementView):
    """All of them."""

    @extend_schema(parameters=[InstanceQuery], responses=page_serializer(InstanceSerializer))
    def get(self, request: Request) -> Response:
        """List the running instances of the organization's streams."""
        organization = access.organization(self.actor)
        query = self.query(InstanceQuery)
        own = Instance.objects.filter(definition__organization=organization).select_related("definition")
        chosen = own.filter(definition__public_id=query["definition"]) if "definition" in query else own
        return self.page(chosen, InstanceSerializer, query)
