"""`/api/apis/streams`: definitions in Tyk's dialect, with the requests and answers of Tyk's Dashboard.

A problem here has Tyk's members beside those of RFC 9457 (which allows more members): programs written for Tyk
read `Status` and `Message`, others the positions in `errors`.
"""

from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from gateway import definitions
from gateway.definitions import SavedDefinition
from gateway.models import ApiDefinition, Dialect
from portal import access
from portal.api.definitions import DefinitionSerializer
from portal.api.pages import PageQuery, page_serializer
from portal.api.parsers import TextParser
from portal.api.problems import fault_body
from portal.api.serializers import FaultSerializer
from portal.api.view import ManagementView
from portal.components import definition_registry
from streams.config import parse

MEDIA_TYPE: Final = "application/vnd.tyk.streams.oas"
_BODY: Final = {MEDIA_TYPE: OpenApiTypes.OBJECT, "application/json": OpenApiTypes.OBJECT}


class TykStreamsParser(TextParser):
    """Tyk's own media type."""

    media_type = MEDIA_TYPE


class JSONTextParser(TextParser):
    """JSON, kept as it was written so that findings have its lines."""

    media_type = "application/json"


class YAMLTextParser(TextParser):
    """YAML."""

    media_type = "application/yaml"


class TykStreamsRenderer(JSONRenderer):
    """JSON under Tyk's own media type, for who asks for it."""

    media_type = MEDIA_TYPE


class TykAnswerSerializer(serializers.Serializer[Any]):
    """How Tyk's Dashboard says that something was done."""

    Status = serializers.CharField()
    Message = serializers.CharField()
    Meta = serializers.CharField()
    ID = serializers.CharField()
    warnings = FaultSerializer(many=True, required=False)


class TykView(ManagementView):
    """What the two addresses have in common."""

    parser_classes = (TykStreamsParser, JSONTextParser, YAMLTextParser)
    renderer_classes = (JSONRenderer, TykStreamsRenderer)

    def handle_exception(self, exc: Exception) -> Response:
        """Add Tyk's members to a problem."""
        response = super().handle_exception(exc)
        faults = response.data["errors"]
        response.data |= {
            "Status": "Error",
            "Message": response.data["detail"],
            "Meta": None,
            "Errors": [f"{fault['pointer']}: {fault['message']}" for fault in faults],
        }
        return response

    def text(self) -> str:
        """Return the body as it was written; empty: there was none."""
        data: Any = self.request.data
        return data if isinstance(data, str) else ""


class TykStreamsList(TykView):
    """All of them."""

    @extend_schema(parameters=[PageQuery], responses=page_serializer(DefinitionSerializer))
    def get(self, request: Request) -> Response:
        """List the organization's definitions of Tyk's dialect."""
        own = ApiDefinition.objects.filter(organization=access.organization(self.actor), dialect=Dialect.TYK)
        return self.page(own.select_related("active_revision"), DefinitionSerializer)

    @extend_schema(request=_BODY, responses={200: TykAnswerSerializer})
    def post(self, request: Request) -> Response:
        """Create a definition of an OpenAPI document with `x-tyk-streaming`; it runs unless it says otherwise."""
        access.require(self.actor, access.DEFINITIONS)
        saved = definitions.create_definition(self.actor, self.text(), Dialect.TYK, definition_registry())
        return _answer("API created", saved)


class TykStreamsDetail(TykView):
    """One of them."""

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request, definition: str) -> Response:
        """Answer with the document."""
        root, _ = parse(access.definition(self.actor, definition).document)
        return Response(None if root is None else root.plain())

    @extend_schema(request=_BODY, responses={200: TykAnswerSerializer})
    def put(self, request: Request, definition: str) -> Response:
        """Replace the document; an active definition runs it at once, as a new revision."""
        row = access.definition(self.actor, definition, access.DEFINITIONS)
        saved = definitions.replace_definition(self.actor, row, self.text(), definition_registry())
        return _answer("API updated", saved)

    @extend_schema(request=_BODY, responses={200: TykAnswerSerializer})
    def patch(self, request: Request, definition: str) -> Response:
        """Change members of the document (a merge patch, RFC 7396), with what follows as of PUT."""
        row = access.definition(self.actor, definition, access.DEFINITIONS)
        text = definitions.patched_document(row, self.text())
        saved = definitions.replace_definition(self.actor, row, text, definition_registry())
        return _answer("API updated", saved)

    @extend_schema(responses={200: TykAnswerSerializer})
    def delete(self, request: Request, definition: str) -> Response:
        """Stop and delete a definition."""
        row = access.definition(self.actor, definition, access.DEFINITIONS)
        definitions.delete_definition(self.actor, row)
        return _answer("API deleted", SavedDefinition(row))


def _answer(message: str, saved: SavedDefinition) -> Response:
    public_id = saved.definition.public_id
    body: dict[str, Any] = {"Status": "OK", "Message": message, "Meta": public_id, "ID": public_id}
    if saved.warnings:
        body["warnings"] = [fault_body(fault) for fault in saved.warnings]
    return Response(body)
