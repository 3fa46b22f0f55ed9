"""`/api/apps/{app}/clients`: what an app has open at the gateway now."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.client_listing import OpenStream, ask_open_streams
from gateway.errors import RefusedError
from gateway.models import ApiDefinition
from portal import access
from portal.api.view import ManagementView


class ClientSerializer(serializers.Serializer[OpenStream]):
    """One open stream."""

    definition = serializers.SerializerMethodField(help_text="Its id; empty: it was deleted a moment ago.")
    stream = serializers.CharField()
    purpose = serializers.CharField(help_text="`stream`, `websocket`, `poll` or `ingest_websocket`.")
    credential = serializers.IntegerField(
        source="credential_id", allow_null=True, help_text="Null: it came by a ticket."
    )
    address = serializers.CharField()
    opened_at = serializers.DateTimeField()

    def get_definition(self, stream: OpenStream) -> str:
        """Return the definition's public id."""
        ids: dict[int, str] = self.context["definitions"]
        return ids.get(stream.definition_id, "")


class ClientListSerializer(serializers.Serializer[Any]):
    """What was heard, and from how many."""

    items = ClientSerializer(many=True, source="streams")
    total = serializers.IntegerField(help_text="More than are listed, where one process has very many.")
    asked = serializers.IntegerField(help_text="Gateway processes that heard the question.")
    answered = serializers.IntegerField(help_text="Those that answered in time.")


class ClientList(ManagementView):
    """All of them."""

    @extend_schema(responses=ClientListSerializer)
    def get(self, request: Request, app: int) -> Response:
        """List an app's open streams, as every gateway process says."""
        found = access.app(self.actor, app)
        heard = ask_open_streams(settings.VALKEY_URL, found.pk)
        if heard is None:
            raise RefusedError(
                "the gateway's processes cannot be asked: Valkey does not answer",
                code="not_known",
                remedy="ask again in a while; what is open goes on",
            )
        wanted = {stream.definition_id for stream in heard.streams}
        ids = dict(ApiDefinition.objects.filter(pk__in=wanted).values_list("pk", "public_id"))
        return Response(ClientListSerializer(heard, context={"definitions": ids}).data)
