"""`/api/quarantine`: messages that a stream could not process."""

import base64
from collections.abc import Callable

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.actor import Actor
from gateway.models import Quarantine, QuarantineState
from portal import access
from portal.api.pages import PageQuery, page_serializer
from portal.api.serializers import EmptySerializer
from portal.api.view import ManagementView, shown


class QuarantineSerializer(serializers.ModelSerializer[Quarantine]):
    """A message as it came in, with where and why it failed."""

    definition = serializers.CharField(source="definition.public_id")
    content = serializers.SerializerMethodField(help_text="Base64.")

    class Meta:
        model = Quarantine
        fields = (
            "id",
            "definition",
            "stream",
            "revision",
            "stage",
            "line",
            "error",
            "content",
            "metadata",
            "position",
            "state",
            "created_at",
            "decided_at",
        )

    def get_content(self, message: Quarantine) -> str:
        """Return the message's bytes in base64."""
        return base64.b64encode(bytes(message.content)).decode()


class QuarantineQuery(PageQuery):
    """Which ones."""

    definition = serializers.CharField(max_length=32, required=False)
    state = serializers.ChoiceField(QuarantineState.choices, required=False)


class QuarantineList(ManagementView):
    """All of them."""

    @extend_schema(parameters=[QuarantineQuery], responses=page_serializer(QuarantineSerializer))
    def get(self, request: Request) -> Response:
        """List the quarantined messages of the organization's streams."""
        organization = access.organization(self.actor)
        query = self.query(QuarantineQuery)
        columns = {"definition": "definition__public_id", "state": "state"}
        chosen = {column: query[name] for name, column in columns.items() if name in query}
        own = Quarantine.objects.filter(definition__organization=organization, **chosen)
        return self.page(own.select_related("definition"), QuarantineSerializer, query)


class QuarantineDetail(ManagementView):
    """One of them."""

    @extend_schema(responses=QuarantineSerializer)
    def get(self, request: Request, quarantined: int) -> Response:
        """Show a quarantined message."""
        return shown(QuarantineSerializer, access.quarantined(self.actor, quarantined))


class QuarantineDecision(ManagementView):
    """Somebody decides; `decide` is set where the address is."""

    decide: Callable[[Actor, Quarantine], Quarantine] | None = None

    @extend_schema(request=EmptySerializer, responses={200: QuarantineSerializer})
    def post(self, request: Request, quarantined: int) -> Response:
        """Give a message to its stream again, or drop it."""
        row = access.quarantined(self.actor, quarantined, access.DEFINITIONS)
        assert self.decide is not None, "set in urls.py"  # noqa: S101
        return shown(QuarantineSerializer, self.decide(self.actor, row))
