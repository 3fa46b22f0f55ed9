"""`/api/messages/{message}`: one event, and what it became for the reader's organization."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.actor import Actor
from portal import access
from portal.api.deliveries import DeliverySerializer, PayloadSerializer
from portal.api.view import ManagementView
from webhooks.models import Delivery, Message, Payload


class MessageSerializer(serializers.ModelSerializer[Message]):
    """One event."""

    id = serializers.CharField(source="__str__")

    class Meta:
        model = Message
        fields = ("id", "event_type", "record_at", "accepted_at")


class MessageSourceSerializer(serializers.ModelSerializer[Message]):
    """Where a message came from and how many it reached; for its publisher."""

    definition = serializers.CharField(source="definition.public_id")

    class Meta:
        model = Message
        fields = ("definition", "stream", "position", "matched")


class MessageAnswerSerializer(serializers.Serializer[Any]):
    """A message with its payload and the deliveries to own endpoints."""

    message = MessageSerializer()
    origin = MessageSourceSerializer(allow_null=True, help_text="Null for who is not its publisher.")
    payload = PayloadSerializer(allow_null=True, help_text="Null: past its retention.")
    deliveries = DeliverySerializer(many=True)


class MessageDetail(ManagementView):
    """One of them."""

    @extend_schema(responses=MessageAnswerSerializer)
    def get(self, request: Request, message: str) -> Response:
        """Show a message that the organization published or received."""
        row = access.message(self.actor, message)
        return Response(MessageAnswerSerializer(_answer(self.actor, row)).data)


def _answer(actor: Actor, message: Message) -> dict[str, Any]:
    mine = Delivery.objects.filter(
        message_id=message.pk, day=message.day, endpoint__app__organization=actor.organization
    )
    return {
        "message": message,
        "origin": message if message.organization_id == actor.organization.pk else None,
        "payload": Payload.objects.filter(message_id=message.pk, day=message.day).first(),
        "deliveries": mine.select_related("endpoint").order_by("-id"),
    }
