"""`/api/event-types`: what kinds of event an organization emits."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from gateway import event_types
from gateway.models import EventType
from portal import access
from portal.api.pages import PageQuery, page_serializer
from portal.api.serializers import EmptySerializer, StrictSerializer
from portal.api.view import ManagementView, created, deleted, shown
from webhooks import endpoints


class EventTypeSerializer(serializers.ModelSerializer[EventType]):
    """An event type."""

    class Meta:
        model = EventType
        fields = (
            "id",
            "name",
            "description",
            "schema",
            "example",
            "version",
            "deprecated_since",
            "created_at",
        )


class EventTypeChangeSerializer(StrictSerializer):
    """What may change."""

    description = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    schema = serializers.JSONField(required=False, allow_null=True, help_text="JSON Schema of the payload.")
    example = serializers.JSONField(required=False, allow_null=True)


class NewEventTypeSerializer(EventTypeChangeSerializer):
    """A new event type."""

    name = serializers.CharField(max_length=127)


class EventTypeList(ManagementView):
    """All of them."""

    @extend_schema(parameters=[PageQuery], responses=page_serializer(EventTypeSerializer))
    def get(self, request: Request) -> Response:
        """List the organization's event types."""
        organization = access.organization(self.actor)
        return self.page(EventType.objects.filter(organization=organization), EventTypeSerializer)

    @extend_schema(request=NewEventTypeSerializer, responses={201: EventTypeSerializer})
    def post(self, request: Request) -> Response:
        """Make an event type."""
        access.require(self.actor, access.PRODUCTS)
        values = self.body(NewEventTypeSerializer)
        return created(EventTypeSerializer, event_types.create_event_type(self.actor, **values))


class EventTypeDetail(ManagementView):
    """One of them."""

    @extend_schema(responses=EventTypeSerializer)
    def get(self, request: Request, event_type: int) -> Response:
        """Show an event type."""
        return shown(EventTypeSerializer, access.event_type(self.actor, event_type))

    @extend_schema(request=EventTypeChangeSerializer, responses=EventTypeSerializer)
    def patch(self, request: Request, event_type: int) -> Response:
        """Change an event type; a new schema counts its version up."""
        row = access.event_type(self.actor, event_type, access.PRODUCTS)
        values = self.body(EventTypeChangeSerializer)
        return shown(EventTypeSerializer, event_types.change_event_type(self.actor, row, values))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, event_type: int) -> Response:
        """Delete an event type that no product offers and no webhook endpoint has chosen."""
        row = access.event_type(self.actor, event_type, access.PRODUCTS)
        endpoints.delete_unchosen_event_type(self.actor, row)
        return deleted()


class EventTypeDeprecate(ManagementView):
    """Its end is announced."""

    @extend_schema(request=EmptySerializer, responses={200: EventTypeSerializer})
    def post(self, request: Request, event_type: int) -> Response:
        """Deprecate an event type."""
        row = access.event_type(self.actor, event_type, access.PRODUCTS)
        return shown(EventTypeSerializer, event_types.deprecate_event_type(self.actor, row))


class EventTypeRestore(ManagementView):
    """Its end is called off."""

    @extend_schema(request=EmptySerializer, responses={200: EventTypeSerializer})
    def post(self, request: Request, event_type: int) -> Response:
        """Take a deprecation back."""
        row = access.event_type(self.actor, event_type, access.PRODUCTS)
        return shown(EventTypeSerializer, event_types.restore_event_type(self.actor, row))
