"""`/api/catalogue`: the products somebody finds, with what they need to subscribe."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.actor import Actor
from gateway.models import ApiDefinition, EventType, Product
from gateway.openness import is_open_definition
from portal import access
from portal.api.pages import PageQuery, page_serializer
from portal.api.plans import PlanSerializer
from portal.api.view import ManagementView, shown


class OfferedEventTypeSerializer(serializers.ModelSerializer[EventType]):
    """An event type as a product offers it."""

    class Meta:
        model = EventType
        fields = ("name", "description", "schema", "example", "version", "deprecated_since")


class OfferedDefinitionSerializer(serializers.ModelSerializer[ApiDefinition]):
    """A definition as a product offers it: where the gateway serves it."""

    id = serializers.CharField(source="public_id")
    open = serializers.SerializerMethodField(help_text="Anybody may call it, without a key.")

    class Meta:
        model = ApiDefinition
        fields = ("id", "name", "listen_path", "open", "state")

    def get_open(self, definition: ApiDefinition) -> bool:
        """Tell whether it is open."""
        return is_open_definition(definition)


class CatalogueEntrySerializer(serializers.ModelSerializer[Product]):
    """A product as its audience sees it."""

    publisher = serializers.CharField(source="organization.name")
    plans = PlanSerializer(many=True)
    event_types = OfferedEventTypeSerializer(many=True)
    definitions = OfferedDefinitionSerializer(many=True)

    class Meta:
        model = Product
        fields = (
            "slug",
            "name",
            "summary",
            "description",
            "publisher",
            "lifecycle",
            "webhooks_enabled",
            "plans",
            "event_types",
            "definitions",
            "published_at",
        )


class CatalogueView(ManagementView):
    """Open to who did not sign in: they find what is public."""

    permission_classes = (AllowAny,)

    @property
    def reader(self) -> Actor | None:
        """Who looks; None: somebody who did not sign in."""
        return self.request.auth if isinstance(self.request.auth, Actor) else None


class CatalogueList(CatalogueView):
    """All of them."""

    @extend_schema(parameters=[PageQuery], responses=page_serializer(CatalogueEntrySerializer))
    def get(self, request: Request) -> Response:
        """List the products that the caller finds, newest first."""
        found = access.catalogue(self.reader).select_related("organization")
        related = ("plans", "event_types", "definitions__active_revision")
        return self.page(found.prefetch_related(*related), CatalogueEntrySerializer)


class CatalogueDetail(CatalogueView):
    """One of them."""

    @extend_schema(responses=CatalogueEntrySerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Show a product that the caller finds."""
        found = access.catalogue(self.reader).filter(slug=slug).first()
        if found is None:
            raise Http404
        return shown(CatalogueEntrySerializer, found)
