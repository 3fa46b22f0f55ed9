"""`/api/definitions`: documents with streams, in Sluice's dialect; revisions, and what runs of them."""

import json
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from gateway import definitions
from gateway.definition_checks import DefinitionCheck, check_definition
from gateway.definitions import SavedDefinition
from gateway.models import ApiDefinition, Dialect, Revision
from gateway.openness import is_open_definition
from portal import access
from portal.api.pages import PageQuery, page_serializer
from portal.api.serializers import EmptySerializer, FaultSerializer, StrictSerializer
from portal.api.view import ManagementView, created, deleted, shown
from portal.components import definition_registry
from webhooks.models import UnmatchedCount


class DefinitionSerializer(serializers.ModelSerializer[ApiDefinition]):
    """A definition without its document."""

    id = serializers.CharField(source="public_id")
    revision = serializers.IntegerField(
        source="active_revision.number", default=None, allow_null=True, help_text="What runs; null: nothing."
    )

    open = serializers.SerializerMethodField(help_text="Anybody may call it, without a key.")

    class Meta:
        model = ApiDefinition
        fields = (
            "id",
            "name",
            "dialect",
            "listen_path",
            "open",
            "state",
            "revision",
            "created_at",
            "updated_at",
        )

    def get_open(self, definition: ApiDefinition) -> bool:
        """Tell whether it is open."""
        return is_open_definition(definition)


class DefinitionDetailSerializer(DefinitionSerializer):
    """A definition with its document as it was written."""

    class Meta(DefinitionSerializer.Meta):
        fields = (*DefinitionSerializer.Meta.fields, "document")  # type: ignore[assignment]


class SavedDefinitionSerializer(serializers.Serializer[SavedDefinition]):
    """A definition as it was saved, and what its author should know."""

    definition = DefinitionDetailSerializer()
    warnings = FaultSerializer(many=True)


class DefinitionCheckSerializer(serializers.Serializer[DefinitionCheck]):
    """What is to be said of a document."""

    errors = FaultSerializer(many=True)  # type: ignore[assignment]  # the member is named as the field is
    warnings = FaultSerializer(many=True)


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "object"}]})
class DocumentField(serializers.Field[str, Any, Any, Any]):
    """An OpenAPI document: a text in JSON or YAML, or the object itself."""

    default_error_messages = {"type": "This must be a text (JSON or YAML) or an object."}  # noqa: RUF012 - DRF's way

    def to_internal_value(self, data: Any) -> str:
        """Return the text."""
        if isinstance(data, dict):
            return json.dumps(data, indent=2, ensure_ascii=False)
        if not isinstance(data, str):
            self.fail("type")
        return data

    def to_representation(self, value: Any) -> Any:
        """Return it as it is."""
        return value


class DocumentSerializer(StrictSerializer):
    """A document."""

    document = DocumentField()


class NewDefinitionSerializer(DocumentSerializer):
    """A new definition."""

    activate = serializers.BooleanField(default=False, help_text="Run it at once.")


class DefinitionChangeSerializer(DocumentSerializer):
    """Another document."""

    activate = serializers.BooleanField(
        required=False, help_text="Run it as a new revision at once; left out: if the definition runs now."
    )


class ActivationSerializer(StrictSerializer):
    """Why."""

    note = serializers.CharField(max_length=200, default="", allow_blank=True)


class RollbackSerializer(StrictSerializer):
    """To where."""

    revision = serializers.IntegerField(min_value=1, max_value=2_147_483_647)


class RevisionSerializer(serializers.ModelSerializer[Revision]):
    """One activation."""

    activated_by = serializers.CharField(source="activated_by.email", default=None, allow_null=True)

    class Meta:
        model = Revision
        fields = ("number", "document", "listen_path", "activated_by", "activated_at", "note")


class UnmatchedCountSerializer(serializers.ModelSerializer[UnmatchedCount]):
    """Events of a type that no product with this definition offers, on one day."""

    class Meta:
        model = UnmatchedCount
        fields = ("stream", "event_type", "day", "count")


class DefinitionList(ManagementView):
    """All of them."""

    @extend_schema(parameters=[PageQuery], responses=page_serializer(DefinitionSerializer))
    def get(self, request: Request) -> Response:
        """List the organization's definitions, of both dialects."""
        own = ApiDefinition.objects.filter(organization=access.organization(self.actor))
        return self.page(own.select_related("active_revision"), DefinitionSerializer)

    @extend_schema(request=NewDefinitionSerializer, responses={201: SavedDefinitionSerializer})
    def post(self, request: Request) -> Response:
        """Save a definition; every error comes with its place in the document."""
        access.require(self.actor, access.DEFINITIONS)
        values = self.body(NewDefinitionSerializer)
        saved = definitions.create_definition(
            self.actor,
            values["document"],
            Dialect.SLUICE,
            definition_registry(),
            activate=values["activate"],
        )
        return created(SavedDefinitionSerializer, saved)


class DefinitionValidate(ManagementView):
    """Nothing is saved."""

    @extend_schema(request=DocumentSerializer, responses={200: DefinitionCheckSerializer})
    def post(self, request: Request) -> Response:
        """Check a document of a new definition; its errors are the answer, not a problem."""
        access.require(self.actor, access.DEFINITIONS)
        text = self.body(DocumentSerializer)["document"]
        check = check_definition(self.actor.organization, text, Dialect.SLUICE, definition_registry())
        return shown(DefinitionCheckSerializer, check)


class DefinitionDetail(ManagementView):
    """One of them."""

    @extend_schema(responses=DefinitionDetailSerializer)
    def get(self, request: Request, definition: str) -> Response:
        """Show a definition."""
        return shown(DefinitionDetailSerializer, access.definition(self.actor, definition))

    @extend_schema(request=DefinitionChangeSerializer, responses=SavedDefinitionSerializer)
    def put(self, request: Request, definition: str) -> Response:
        """Save another document; nothing is saved half."""
        row = access.definition(self.actor, definition, access.DEFINITIONS)
        values = self.body(DefinitionChangeSerializer)
        activate = values.get("activate", row.active_revision is not None)
        saved = definitions.replace_definition(
            self.actor, row, values["document"], definition_registry(), activate=activate
        )
        return shown(SavedDefinitionSerializer, saved)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, definition: str) -> Response:
        """Stop and delete a definition that no product of the catalogue contains."""
        definitions.delete_definition(
            self.actor, access.definition(self.actor, definition, access.DEFINITIONS)
        )
        return deleted()


class DefinitionActivate(ManagementView):
    """It runs."""

    @extend_schema(request=ActivationSerializer, responses={200: SavedDefinitionSerializer})
    def post(self, request: Request, definition: str) -> Response:
        """Run the saved document as a new revision."""
        row = access.definition(self.actor, definition, access.DEFINITIONS)
        note = self.body(ActivationSerializer)["note"]
        saved = definitions.activate_definition(self.actor, row, definition_registry(), note)
        return shown(SavedDefinitionSerializer, saved)


class DefinitionDeactivate(ManagementView):
    """It stops."""

    @extend_schema(request=EmptySerializer, responses={200: DefinitionSerializer})
    def post(self, request: Request, definition: str) -> Response:
        """Stop a definition's streams."""
        row = access.definition(self.actor, definition, access.DEFINITIONS)
        return shown(DefinitionSerializer, definitions.deactivate_definition(self.actor, row))


class DefinitionRollback(ManagementView):
    """It runs as it did."""

    @extend_schema(request=RollbackSerializer, responses={200: SavedDefinitionSerializer})
    def post(self, request: Request, definition: str) -> Response:
        """Run an earlier revision's document again, as a new revision."""
        row = access.definition(self.actor, definition, access.DEFINITIONS)
        number = self.body(RollbackSerializer)["revision"]
        saved = definitions.roll_back_definition(self.actor, row, number, definition_registry())
        return shown(SavedDefinitionSerializer, saved)


class DefinitionRevisions(ManagementView):
    """What ran when."""

    @extend_schema(parameters=[PageQuery], responses=page_serializer(RevisionSerializer))
    def get(self, request: Request, definition: str) -> Response:
        """List a definition's revisions, newest first."""
        rows = Revision.objects.filter(definition=access.definition(self.actor, definition))
        return self.page(rows.select_related("activated_by"), RevisionSerializer)


class DefinitionUnmatched(ManagementView):
    """What reached nobody."""

    @extend_schema(parameters=[PageQuery], responses=page_serializer(UnmatchedCountSerializer))
    def get(self, request: Request, definition: str) -> Response:
        """List how many events no product with this definition offers, by stream, type and day."""
        rows = UnmatchedCount.objects.filter(definition=access.definition(self.actor, definition))
        return self.page(rows, UnmatchedCountSerializer)
