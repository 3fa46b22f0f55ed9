"""`/api/deliveries`: what was sent, every try of it, what happens next; sent again by hand."""

import base64
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal import access
from portal.api.pages import Page, PageQuery, decode_cursor, encode_cursor, page_serializer
from portal.api.serializers import EmptySerializer
from portal.api.view import ManagementView, answer_page, shown
from webhooks.exchange import PUBLIC_TEXT, ErrorClass, public_class
from webhooks.history import DeliveryFilter, find_deliveries
from webhooks.models import (
    Attempt,
    AttemptDecision,
    Delivery,
    DeliveryState,
    Due,
    Endpoint,
    Payload,
    message_id_text,
)
from webhooks.replay import replay_delivery
from webhooks.retry import forecast

_STATES = {state.label: state for state in DeliveryState}


def shown_error(error: str | None) -> str | None:
    """Return the class of an error as a tenant may see it."""
    return None if error is None else str(public_class(ErrorClass(error)))


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """A delivery."""

    id = serializers.CharField(source="__str__")
    message = serializers.SerializerMethodField()
    endpoint = serializers.SerializerMethodField()
    state = serializers.ChoiceField([state.label for state in DeliveryState], source="get_state_display")
    last_error = serializers.SerializerMethodField()

    class Meta:
        model = Delivery
        fields = (
            "id",
            "message",
            "endpoint",
            "event_type",
            "state",
            "attempts",
            "created_at",
            "due_at",
            "finished_at",
            "last_status",
            "last_error",
        )

    def get_message(self, delivery: Delivery) -> str:
        """Return the `webhook-id`."""
        return message_id_text(delivery.message_id.bytes)

    def get_endpoint(self, delivery: Delivery) -> str:
        """Return the endpoint's id."""
        return str(delivery.endpoint.public_id)

    def get_last_error(self, delivery: Delivery) -> str | None:
        """Return the class of the last try's error."""
        return shown_error(delivery.last_error)


class PhasesSerializer(serializers.Serializer[Attempt]):
    """Where the time of a try went, in milliseconds; null: not needed or not reached."""

    dns_ms = serializers.FloatField(allow_null=True)
    connect_ms = serializers.FloatField(allow_null=True)
    tls_ms = serializers.FloatField(allow_null=True)
    first_byte_ms = serializers.FloatField(allow_null=True)
    total_ms = serializers.FloatField()


class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    """One try."""

    phases = PhasesSerializer(source="*")
    timestamp = serializers.IntegerField(source="signed_at", help_text="webhook-timestamp as sent.")
    error = serializers.SerializerMethodField()
    error_text = serializers.SerializerMethodField()
    response_body = serializers.SerializerMethodField()
    decision = serializers.ChoiceField(
        [decision.label for decision in AttemptDecision], source="get_decision_display"
    )

    class Meta:
        model = Attempt
        fields = (
            "number",
            "manual",
            "at",
            "timestamp",
            "signature",
            "status",
            "error",
            "error_text",
            "phases",
            "response_headers",
            "response_body",
            "decision",
            "next_at",
        )

    def get_error(self, attempt: Attempt) -> str | None:
        """Return the class of what went wrong."""
        return shown_error(attempt.error)

    def get_error_text(self, attempt: Attempt) -> str | None:
        """Return what went wrong in words."""
        return None if attempt.error is None else PUBLIC_TEXT[ErrorClass(attempt.error)]

    def get_response_body(self, attempt: Attempt) -> str | None:
        """Return the first bytes of the answer, read as UTF-8."""
        body = attempt.response_body
        return None if body is None else bytes(body).decode("utf-8", "replace")


class PayloadSerializer(serializers.ModelSerializer[Payload]):
    """What was sent. The signed bytes of a try are `<message>.<timestamp>.` and then exactly these."""

    base64 = serializers.SerializerMethodField()
    text = serializers.SerializerMethodField()

    class Meta:
        model = Payload
        fields = ("content_type", "base64", "text")

    def get_base64(self, payload: Payload) -> str:
        """Return the exact bytes."""
        return base64.b64encode(bytes(payload.body)).decode()

    def get_text(self, payload: Payload) -> str | None:
        """Return the bytes as UTF-8; null: they are none."""
        try:
            return bytes(payload.body).decode()
        except UnicodeDecodeError:
            return None


class ForecastSerializer(serializers.Serializer[Any]):
    """A try that will be made if all before it fail."""

    number = serializers.IntegerField()
    earliest = serializers.DateTimeField()
    expected = serializers.DateTimeField()
    latest = serializers.DateTimeField()


class DeliveryDetailSerializer(DeliverySerializer):
    """A delivery with all of its tries."""

    attempt_list = serializers.SerializerMethodField()
    payload = serializers.SerializerMethodField()
    forecast = serializers.SerializerMethodField()

    class Meta(DeliverySerializer.Meta):
        fields = (*DeliverySerializer.Meta.fields, "attempt_list", "payload", "forecast")  # type: ignore[assignment]

    @extend_schema(responses=AttemptSerializer(many=True))
    def get_attempt_list(self, delivery: Delivery) -> Any:
        """Return every try, the first one first."""
        tries = Attempt.objects.filter(delivery_id=delivery.pk, day=delivery.day).order_by("number", "at")
        return AttemptSerializer(tries, many=True).data

    def get_payload(self, delivery: Delivery) -> Any:
        """Return the bytes sent; null: past their retention."""
        payload = Payload.objects.filter(message_id=delivery.message_id, day=delivery.day).first()
        return None if payload is None else PayloadSerializer(payload).data

    def get_forecast(self, delivery: Delivery) -> Any:
        """Return the tries still to come."""
        due = Due.objects.filter(pk=delivery.pk).first()
        if due is None:
            return []
        tries = forecast(due.attempts, due.due_at)
        return ForecastSerializer(tries[:1] if due.manual else tries, many=True).data


class DeliveryQuery(PageQuery):
    """Which ones."""

    endpoint = serializers.CharField(max_length=32, required=False)
    app = serializers.IntegerField(min_value=1, required=False)
    state = serializers.ChoiceField(sorted(_STATES), required=False)
    event_type = serializers.CharField(max_length=127, required=False)
    message = serializers.RegexField(r"^msg_[0-9a-f]{32}$", required=False)
    after = serializers.DateTimeField(required=False)
    before = serializers.DateTimeField(required=False)


class DeliveryList(ManagementView):
    """All of them."""

    @extend_schema(parameters=[DeliveryQuery], responses=page_serializer(DeliverySerializer))
    def get(self, request: Request) -> Response:
        """List deliveries, newest first; a filtered page may hold less than `limit` and yet have a next one."""
        access.require(self.actor, access.READ)
        query = self.query(DeliveryQuery)
        endpoints = {endpoint.pk: endpoint for endpoint in self._endpoints(query)}
        page = self._of_message(query, endpoints) if "message" in query else self._found(query, endpoints)
        for delivery in page.rows:
            delivery.endpoint = endpoints[delivery.endpoint_id]
        return answer_page(page, DeliverySerializer)

    def _endpoints(self, query: dict[str, Any]) -> list[Endpoint]:
        columns = {"endpoint": "public_id", "app": "app"}
        chosen = {column: query[name] for name, column in columns.items() if name in query}
        return list(access.endpoints(self.actor).filter(**chosen))

    def _found(self, query: dict[str, Any], endpoints: dict[int, Endpoint]) -> Page[Delivery]:
        wanted = DeliveryFilter(
            (_STATES[query["state"]],) if "state" in query else (),
            query.get("event_type"),
            query.get("after"),
            query.get("before"),
        )
        before_id = decode_cursor(query["cursor"]) if query["cursor"] else None
        found = find_deliveries(list(endpoints), wanted, query["limit"], before_id)
        return Page(found.deliveries, None if found.next is None else encode_cursor(found.next))

    def _of_message(self, query: dict[str, Any], endpoints: dict[int, Endpoint]) -> Page[Delivery]:
        """A message's deliveries are few: one for each endpoint."""
        rows = Delivery.objects.filter(
            message_id=query["message"].removeprefix("msg_"), endpoint_id__in=list(endpoints)
        )
        return Page(list(rows.order_by("-id")), None)


class DeliveryDetail(ManagementView):
    """One of them."""

    @extend_schema(responses=DeliveryDetailSerializer)
    def get(self, request: Request, delivery: int) -> Response:
        """Show a delivery with its tries, the bytes sent and what happens next."""
        return shown(DeliveryDetailSerializer, access.delivery(self.actor, delivery))


class DeliveryReplay(ManagementView):
    """It is sent again."""

    @extend_schema(request=EmptySerializer, responses={200: DeliverySerializer})
    def post(self, request: Request, delivery: int) -> Response:
        """Try a delivery now, under the same message id."""
        row = access.delivery(self.actor, delivery, access.WEBHOOKS)
        return shown(DeliverySerializer, replay_delivery(self.actor, row))
