"""`/api/endpoints`: where apps receive webhooks."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.actor import Actor
from gateway.models import EventType
from portal import access
from portal.api.pages import PageQuery, page_serializer
from portal.api.serializers import EmptySerializer, StrictSerializer
from portal.api.view import ManagementView, created, deleted, shown
from webhooks import endpoints
from webhooks.endpoint_secrets import rotate_endpoint_secret
from webhooks.endpoint_test import EndpointTestResult, send_test_event
from webhooks.endpoints import CreatedEndpoint
from webhooks.models import Endpoint
from webhooks.replay import MOST_AT_ONCE, replay_exhausted


class EndpointSerializer(serializers.ModelSerializer[Endpoint]):
    """An endpoint; of its headers the names, since their values may be secrets."""

    id = serializers.CharField(source="public_id")
    app = serializers.IntegerField(source="app_id")
    event_types: serializers.SlugRelatedField[EventType] = serializers.SlugRelatedField(
        "name", many=True, read_only=True
    )
    headers = serializers.SerializerMethodField()

    class Meta:
        model = Endpoint
        fields = (
            "id",
            "app",
            "url",
            "description",
            "event_types",
            "headers",
            "max_in_flight",
            "state",
            "state_reason",
            "failing_since",
            "created_at",
        )

    def get_headers(self, endpoint: Endpoint) -> list[str]:
        """Return the names of the endpoint's own headers."""
        return sorted(endpoints.decrypt_headers(endpoint))


class CreatedEndpointSerializer(serializers.Serializer[CreatedEndpoint]):
    """An endpoint with its new signing secret, which is not shown again."""

    endpoint = EndpointSerializer()
    secret = serializers.CharField()


class EndpointChangeSerializer(StrictSerializer):
    """What may change."""

    url = serializers.CharField(max_length=2000, required=False)
    description = serializers.CharField(max_length=250, required=False, allow_blank=True)
    event_types = serializers.ListField(
        child=serializers.CharField(max_length=127),
        required=False,
        max_length=1000,
        help_text="Names; none: all that the app's subscriptions offer.",
    )
    headers = serializers.DictField(child=serializers.CharField(max_length=4096), required=False)
    max_in_flight = serializers.IntegerField(min_value=1, max_value=256, required=False)


class NewEndpointSerializer(EndpointChangeSerializer):
    """A new endpoint."""

    app = serializers.IntegerField(min_value=1)
    url = serializers.CharField(max_length=2000)
    secret = serializers.CharField(
        max_length=400,
        required=False,
        trim_whitespace=False,
        help_text="whsec_... or a text of at least 24 bytes; left out: one is made.",
    )


class SecretRotationSerializer(StrictSerializer):
    """A new signing secret, and how long the present ones still sign beside it."""

    secret = serializers.CharField(max_length=400, required=False, trim_whitespace=False)
    overlap_seconds = serializers.IntegerField(min_value=0, max_value=604_800, default=86_400)


class TestEventSerializer(StrictSerializer):
    """What to send."""

    event_type = serializers.CharField(
        max_length=127, default="", allow_blank=True, help_text="Its example is sent; empty: a short test."
    )


class EndpointTestResultSerializer(serializers.Serializer[EndpointTestResult]):
    """What was sent and what came back."""

    message_id = serializers.CharField(help_text="webhook-id as sent.")
    timestamp = serializers.IntegerField(help_text="webhook-timestamp as sent.")
    signature = serializers.CharField(help_text="webhook-signature as sent.")
    body = serializers.CharField(help_text="The exact text sent.")
    total_ms = serializers.FloatField()
    delivered = serializers.BooleanField(help_text="Whether it would count as delivered.")
    status = serializers.IntegerField(allow_null=True)
    response_headers = serializers.CharField()
    response_body = serializers.CharField()
    error = serializers.CharField(allow_null=True)
    error_text = serializers.CharField(allow_null=True)


class EndpointQuery(PageQuery):
    """Which ones."""

    app = serializers.IntegerField(min_value=1, required=False)


class EndpointList(ManagementView):
    """All of them."""

    @extend_schema(parameters=[EndpointQuery], responses=page_serializer(EndpointSerializer))
    def get(self, request: Request) -> Response:
        """List the endpoints of the organization's apps."""
        access.require(self.actor, access.READ)
        query = self.query(EndpointQuery)
        own = access.endpoints(self.actor).prefetch_related("event_types")
        return self.page(own.filter(app=query["app"]) if "app" in query else own, EndpointSerializer, query)

    @extend_schema(request=NewEndpointSerializer, responses={201: CreatedEndpointSerializer})
    def post(self, request: Request) -> Response:
        """Make an endpoint; the answer is the only place that shows its secret."""
        access.require(self.actor, access.WEBHOOKS)
        values = self.body(NewEndpointSerializer)
        app = access.app(self.actor, values.pop("app"), access.WEBHOOKS)
        return created(CreatedEndpointSerializer, endpoints.create_endpoint(self.actor, app, **values))


class EndpointDetail(ManagementView):
    """One of them."""

    @extend_schema(responses=EndpointSerializer)
    def get(self, request: Request, endpoint: str) -> Response:
        """Show an endpoint."""
        return shown(EndpointSerializer, access.endpoint(self.actor, endpoint))

    @extend_schema(request=EndpointChangeSerializer, responses=EndpointSerializer)
    def patch(self, request: Request, endpoint: str) -> Response:
        """Change an endpoint; event types and headers are replaced as wholes."""
        row = access.endpoint(self.actor, endpoint, access.WEBHOOKS)
        values = self.body(EndpointChangeSerializer)
        return shown(EndpointSerializer, endpoints.change_endpoint(self.actor, row, values))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, endpoint: str) -> Response:
        """Delete an endpoint; what was not delivered to it yet is cancelled."""
        endpoints.delete_endpoint(self.actor, access.endpoint(self.actor, endpoint, access.WEBHOOKS))
        return deleted()


class EndpointMove(ManagementView):
    """It is paused, resumed, or enabled after it was disabled; `move` is set where the address is."""

    move: Callable[[Actor, Endpoint], Endpoint] | None = None

    @extend_schema(request=EmptySerializer, responses={200: EndpointSerializer})
    def post(self, request: Request, endpoint: str) -> Response:
        """Change whether it is sent to."""
        row = access.endpoint(self.actor, endpoint, access.WEBHOOKS)
        assert self.move is not None, "set in urls.py"  # noqa: S101
        return shown(EndpointSerializer, self.move(self.actor, row))


class EndpointTest(ManagementView):
    """It is tried."""

    @extend_schema(request=TestEventSerializer, responses={200: EndpointTestResultSerializer})
    def post(self, request: Request, endpoint: str) -> Response:
        """Send one signed test event now; the answer is what came back, whatever it was."""
        row = access.endpoint(self.actor, endpoint, access.WEBHOOKS)
        event_type = self.body(TestEventSerializer)["event_type"]
        return shown(EndpointTestResultSerializer, send_test_event(self.actor, row, event_type))


class ReplaySerializer(StrictSerializer):
    """Which deliveries."""

    since = serializers.DateTimeField(help_text="Those made since then that ran out of tries.")


class ReplayedSerializer(serializers.Serializer[Any]):
    """What is on its way."""

    deliveries = serializers.IntegerField(
        help_text=f"How many, at most {MOST_AT_ONCE}; ask again for the next."
    )


class EndpointReplay(ManagementView):
    """What did not arrive is sent again."""

    @extend_schema(request=ReplaySerializer, responses={200: ReplayedSerializer})
    def post(self, request: Request, endpoint: str) -> Response:
        """Try each delivery once more that ran out of tries since a time; the oldest first."""
        row = access.endpoint(self.actor, endpoint, access.WEBHOOKS)
        replayed = replay_exhausted(self.actor, row, self.body(ReplaySerializer)["since"])
        return shown(ReplayedSerializer, {"deliveries": replayed})


class EndpointRotateSecret(ManagementView):
    """It signs with another secret."""

    @extend_schema(request=SecretRotationSerializer, responses={201: CreatedEndpointSerializer})
    def post(self, request: Request, endpoint: str) -> Response:
        """Sign with a new secret, and with the present ones too until the overlap ends."""
        row = access.endpoint(self.actor, endpoint, access.WEBHOOKS)
        values = self.body(SecretRotationSerializer)
        overlap = dt.timedelta(seconds=values["overlap_seconds"])
        rotated = rotate_endpoint_secret(self.actor, row, overlap, values.get("secret", ""))
        return created(CreatedEndpointSerializer, rotated)
