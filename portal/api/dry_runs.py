"""`/api/definitions/dry-run`: a document tried on the last messages of a topic; nothing is saved or written."""

import base64
import json
from typing import Any, Final

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.dry_run_report import DryRunReport, PlacedMessage, PlacedTrial
from gateway.dry_runs import MOST_MESSAGES, DryRunRequest, try_definition
from gateway.models import Dialect
from portal import access
from portal.api.definitions import DocumentField
from portal.api.serializers import FaultSerializer, StrictSerializer
from portal.api.view import ManagementView, shown
from portal.components import definition_registry
from streams.dry_run.trial import Outcome
from streams.jsontext import serialise
from streams.message import Message

MOST_CONTENT: Final = 65_536
"""Bytes of one message that are given."""


class ChoiceSerializer(StrictSerializer):
    """What is tried, on what."""

    stream = serializers.CharField(
        max_length=200, default="", allow_blank=True, help_text="Its name; empty: the only one."
    )
    connection = serializers.CharField(
        max_length=60, default="", allow_blank=True, help_text="A name; empty: as the stream's input says."
    )
    topic = serializers.CharField(
        max_length=249, default="", allow_blank=True, help_text="Empty: as the stream's input says."
    )
    messages = serializers.IntegerField(
        min_value=1, max_value=MOST_MESSAGES, default=5, help_text="How many of the last."
    )


class DocumentDryRunSerializer(ChoiceSerializer):
    """A new definition, and what it is tried on."""

    document = DocumentField()


class DefinitionDryRunSerializer(ChoiceSerializer):
    """Another document of a definition, and what it is tried on."""

    document = DocumentField(required=False, help_text="Left out: the saved one.")


class ContentSerializer(serializers.Serializer[Message]):
    """A message."""

    content = serializers.SerializerMethodField(help_text=f"Base64; the first {MOST_CONTENT} bytes.")
    text = serializers.SerializerMethodField(help_text="The same as text; null where it is none.")
    size = serializers.SerializerMethodField(help_text="Bytes there are.")
    metadata = serializers.SerializerMethodField(help_text="Of a record of Kafka with its key and headers.")

    def get_content(self, message: Message) -> str:
        """Return bytes in base64."""
        return base64.b64encode(message.content[:MOST_CONTENT]).decode()

    def get_text(self, message: Message) -> str | None:
        """Return the same as text."""
        try:
            return message.content[:MOST_CONTENT].decode()
        except UnicodeDecodeError:
            return None

    def get_size(self, message: Message) -> int:
        """Return how many bytes there are."""
        return len(message.content)

    def get_metadata(self, message: Message) -> dict[str, Any]:
        """Return metadata as JSON has them."""
        values: dict[str, Any] = json.loads(serialise(message.metadata))
        return values


class ReadSerializer(ContentSerializer):
    """A message that was read."""

    position = serializers.CharField(source="source.position")


class WrittenSerializer(serializers.Serializer[PlacedMessage]):
    """A message that an output would get."""

    output = serializers.CharField(help_text="Its label or path in the stream.")
    component = serializers.CharField()
    message = ContentSerializer()
    error = FaultSerializer(allow_null=True)


class TrialSerializer(serializers.Serializer[PlacedTrial]):
    """What would have become of a message; of several, where the input makes batches."""

    outcome = serializers.ChoiceField([one.value for one in Outcome], source="trial.outcome.value")
    read = ReadSerializer(many=True, source="trial.given")
    written = WrittenSerializer(many=True)
    unshown = serializers.IntegerField(
        source="trial.unshown", help_text="Messages that would be written beside those."
    )
    errors = FaultSerializer(  # type: ignore[assignment]  # the member is named as the field is
        many=True,
        help_text="Why it would be in quarantine (`quarantined`) or taken by no output (`rejected`).",
    )
    left_out = FaultSerializer(many=True, help_text="Processors that were not run, and why.")
    dropped_by = serializers.CharField(
        source="trial.dropped_by", help_text="Of what is dropped: the last stage that saw it."
    )


class DryRunSerializer(serializers.Serializer[DryRunReport]):
    """A dry run."""

    stream = serializers.CharField()
    connection = serializers.CharField()
    topic = serializers.CharField()
    remarks = serializers.ListField(
        child=serializers.CharField(), help_text="What differs from the stream at work."
    )
    warnings = FaultSerializer(many=True)
    trials = TrialSerializer(many=True)


class DocumentDryRun(ManagementView):
    """Nothing is saved."""

    @extend_schema(request=DocumentDryRunSerializer, responses={200: DryRunSerializer})
    def post(self, request: Request) -> Response:
        """Try a document of a new definition on the last messages of a topic; nothing is committed or written."""
        access.require(self.actor, access.DEFINITIONS)
        values = self.body(DocumentDryRunSerializer)
        text = values.pop("document")
        report = try_definition(
            self.actor.organization, text, Dialect.SLUICE, definition_registry(), DryRunRequest(**values)
        )
        return shown(DryRunSerializer, report)


class DefinitionDryRun(ManagementView):
    """Nothing is saved."""

    @extend_schema(request=DefinitionDryRunSerializer, responses={200: DryRunSerializer})
    def post(self, request: Request, definition: str) -> Response:
        """Try a document of a definition on the last messages of a topic; nothing is committed or written."""
        row = access.definition(self.actor, definition, access.DEFINITIONS)
        values = self.body(DefinitionDryRunSerializer)
        text = values.pop("document", row.document)
        report = try_definition(
            self.actor.organization,
            text,
            Dialect(row.dialect),
            definition_registry(),
            DryRunRequest(**values),
            definition=row,
        )
        return shown(DryRunSerializer, report)
