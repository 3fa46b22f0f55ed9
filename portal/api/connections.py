"""`/api/connections`: the brokers that definitions may name; changed by operators."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from gateway import connections
from gateway.errors import Fault, InputError
from gateway.models import Connection, ConnectionKind, Organization
from portal import access
from portal.api.pages import PageQuery, page_serializer
from portal.api.serializers import StrictSerializer
from portal.api.view import ManagementView, created, deleted, shown


class ConnectionSerializer(serializers.ModelSerializer[Connection]):
    """A connection without its password."""

    class Meta:
        model = Connection
        fields = (
            "name",
            "kind",
            "addresses",
            "tls",
            "ca_certificate",
            "sasl_mechanism",
            "allowed_topics",
            "created_at",
        )


class ConnectionChangeSerializer(StrictSerializer):
    """What may change."""

    addresses = serializers.ListField(
        child=serializers.CharField(max_length=255), min_length=1, max_length=50, required=False
    )
    tls = serializers.BooleanField(required=False)
    ca_certificate = serializers.CharField(
        max_length=100_000,
        required=False,
        allow_blank=True,
        help_text="PEM; empty: the system's authorities.",
    )
    sasl_mechanism = serializers.ChoiceField(
        ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"), required=False, allow_blank=True
    )
    username = serializers.CharField(max_length=255, required=False, allow_blank=True)
    password = serializers.CharField(
        max_length=1000, required=False, allow_blank=True, trim_whitespace=False, write_only=True
    )
    allowed_topics = serializers.ListField(
        child=serializers.CharField(max_length=255), max_length=1000, required=False
    )
    organizations = serializers.ListField(
        child=serializers.CharField(max_length=60), max_length=1000, required=False, help_text="Slugs."
    )


class NewConnectionSerializer(ConnectionChangeSerializer):
    """A new connection."""

    name = serializers.SlugField(max_length=60)
    kind = serializers.ChoiceField(ConnectionKind.choices, default=ConnectionKind.KAFKA.value)
    addresses = serializers.ListField(
        child=serializers.CharField(max_length=255), min_length=1, max_length=50
    )


class ConnectionList(ManagementView):
    """All of them."""

    @extend_schema(parameters=[PageQuery], responses=page_serializer(ConnectionSerializer))
    def get(self, request: Request) -> Response:
        """List the connections that the organization's definitions may name."""
        organization = access.organization(self.actor, access.CONNECTIONS)
        return self.page(connections.usable_connections(organization), ConnectionSerializer)

    @extend_schema(request=NewConnectionSerializer, responses={201: ConnectionSerializer})
    def post(self, request: Request) -> Response:
        """Make a connection; for operators."""
        access.require_operator(self.actor)
        values = _with_organizations(self.body(NewConnectionSerializer))
        return created(ConnectionSerializer, connections.create_connection(self.actor, **values))


class ConnectionDetail(ManagementView):
    """One of them."""

    @extend_schema(request=ConnectionChangeSerializer, responses=ConnectionSerializer)
    def patch(self, request: Request, connection: str) -> Response:
        """Change a connection; for operators."""
        row = access.connection(self.actor, connection)
        values = _with_organizations(self.body(ConnectionChangeSerializer))
        return shown(ConnectionSerializer, connections.change_connection(self.actor, row, values))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, connection: str) -> Response:
        """Delete a connection; for operators."""
        connections.delete_connection(self.actor, access.connection(self.actor, connection))
        return deleted()


def _with_organizations(values: dict[str, Any]) -> dict[str, Any]:
    if "organizations" not in values:
        return values
    found = {row.slug: row for row in Organization.objects.filter(slug__in=values["organizations"])}
    faults = [
        Fault(f"there is no organization {slug!r}", f"/organizations/{place}", "unknown")
        for place, slug in enumerate(values["organizations"])
        if slug not in found
    ]
    if faults:
        raise InputError(*faults)
    return {**values, "organizations": list(found.values())}
