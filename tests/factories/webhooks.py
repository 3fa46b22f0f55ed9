"""Rows of the webhooks' models."""

# factory_boy's own annotations export no names and leave its generics open.
# mypy: disable-error-code="attr-defined, type-arg"

import secrets

import factory
from django.conf import settings
from django.utils import timezone
from factory.django import DjangoModelFactory

from streams.secrets import KeyRing
from tests.factories.gateway import ApiDefinitionFactory, AppFactory, OrganizationFactory
from webhooks import models as webhooks
from webhooks.endpoints import SECRET_PURPOSE
from webhooks.signing import secret_key

ENDPOINT_SECRET = "whsec_" + "c2x1aWNl" * 6
"""What endpoints of these factories sign with."""


class EndpointFactory(DjangoModelFactory):
    """Enabled, with its lane and one secret, ENDPOINT_SECRET."""

    class Meta:
        model = webhooks.Endpoint
        skip_postgeneration_save = True

    app = factory.SubFactory(AppFactory)
    public_id = factory.LazyFunction(lambda: f"ep_{secrets.token_hex(12)}")
    url = "https://receiver.example.com/hook"
    lane = factory.RelatedFactory("tests.factories.LaneFactory", factory_related_name="endpoint")
    secret = factory.RelatedFactory("tests.factories.EndpointSecretFactory", factory_related_name="endpoint")


class LaneFactory(DjangoModelFactory):
    class Meta:
        model = webhooks.Lane
        django_get_or_create = ("endpoint", "key")

    endpoint = factory.SubFactory(EndpointFactory, lane=None)
    key = ""


class EndpointSecretFactory(DjangoModelFactory):
    class Meta:
        model = webhooks.EndpointSecret

    endpoint = factory.SubFactory(EndpointFactory, secret=None)
    ciphertext = factory.LazyAttribute(
        lambda row: KeyRing(settings.KEY_RING).encrypt(
            secret_key(ENDPOINT_SECRET), purpose=SECRET_PURPOSE, row=row.endpoint.public_id
        )
    )


class MessageFactory(DjangoModelFactory):
    class Meta:
        model = webhooks.Message

    id = factory.Faker("uuid4", cast_to=None)
    day = factory.LazyFunction(lambda: timezone.now().date())
    organization = factory.SubFactory(OrganizationFactory)
    definition = factory.SubFactory(
        ApiDefinitionFactory, organization=factory.SelfAttribute("..organization")
    )
    stream = "default_stream"
    event_type = "order.created"
    position = "orders/0@42"
    record_at = factory.LazyFunction(timezone.now)
    accepted_at = factory.LazyFunction(timezone.now)
    matched = 1


class PayloadFactory(DjangoModelFactory):
    class Meta:
        model = webhooks.Payload

    message_id = factory.Faker("uuid4", cast_to=None)
    day = factory.LazyFunction(lambda: timezone.now().date())
    content_type = "application/json"
    body = b'{"id":7}'


class DeliveryFactory(DjangoModelFactory):
    """Pending, of a new message with its payload; its row in the queue is DueFactory's."""

    class Meta:
        model = webhooks.Delivery

    class Params:
        message = factory.SubFactory(MessageFactory)
        payload = factory.SubFactory(PayloadFactory, message_id=factory.SelfAttribute("..message.id"))

    id = factory.Sequence(lambda n: n + 1)
    day = factory.SelfAttribute("message.day")
    message_id = factory.SelfAttribute("payload.message_id")
    endpoint = factory.SubFactory(EndpointFactory)
    event_type = factory.SelfAttribute("message.event_type")
    state = webhooks.DeliveryState.PENDING
    created_at = factory.LazyFunction(timezone.now)


class DueFactory(DjangoModelFactory):
    """The queue's row of a delivery: pass `delivery`."""

    class Meta:
        model = webhooks.Due

    class Params:
        delivery = factory.SubFactory(DeliveryFactory)

    delivery_id = factory.SelfAttribute("delivery.id")
    day = factory.SelfAttribute("delivery.day")
    lane = factory.LazyAttribute(lambda row: row.delivery.endpoint.lanes.get(key=""))
    due_at = factory.LazyFunction(timezone.now)


class AttemptFactory(DjangoModelFactory):
    """A failed try of a delivery: pass `delivery`."""

    class Meta:
        model = webhooks.Attempt

    class Params:
        delivery = factory.SubFactory(DeliveryFactory)

    id = factory.Sequence(lambda n: n + 1)
    day = factory.SelfAttribute("delivery.day")
    delivery_id = factory.SelfAttribute("delivery.id")
    number = 1
    at = factory.LazyFunction(timezone.now)
    signed_at = 1_700_000_000
    signature = "v1,AAAA"
    status = 500
    total_ms = 12.5
    decision = webhooks.AttemptDecision.RETRY


class DeliveryWorkerFactory(DjangoModelFactory):
    class Meta:
        model = webhooks.DeliveryWorker

    host = "worker.example.com"
    pid = 4711
    started_at = factory.LazyFunction(timezone.now)
    seen_at = factory.LazyFunction(timezone.now)


class UnmatchedCountFactory(DjangoModelFactory):
    class Meta:
        model = webhooks.UnmatchedCount

    definition = factory.SubFactory(ApiDefinitionFactory)
    stream = "default_stream"
    event_type = "order.lost"

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        """A view has no rows of its own: make a message that it counts."""
        MessageFactory(organization=kwargs["definition"].organization, offered=False, matched=0, **kwargs)
        return model_class.objects.get(definition=kwargs["definition"])
