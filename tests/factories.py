"""Rows for tests: one factory per model, each making a row that the database accepts."""

# factory_boy's own annotations export no names and leave its generics open.
# mypy: disable-error-code="attr-defined, type-arg"

import datetime as dt
import secrets

import factory
from django.conf import settings
from django.utils import timezone
from factory.django import DjangoModelFactory

from gateway import models as gateway
from portal import models as portal
from streams.secrets import KeyRing, api_key_digest
from webhooks import models as webhooks
from webhooks.endpoints import SECRET_PURPOSE
from webhooks.signing import secret_key

ENDPOINT_SECRET = "whsec_" + "c2x1aWNl" * 6
"""What endpoints of these factories sign with."""

TYK_DOCUMENT = '{"openapi": "3.0.3", "info": {"title": "t", "version": ""}, "paths": {}, "components": {}}'


class UserFactory(DjangoModelFactory):
    class Meta:
        model = gateway.User

    email = factory.Sequence(lambda n: f"user{n}@example.com")
    name = factory.Faker("name")


class OrganizationFactory(DjangoModelFactory):
    class Meta:
        model = gateway.Organization

    name = factory.Sequence(lambda n: f"Organization {n}")
    slug = factory.Sequence(lambda n: f"organization-{n}")


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = gateway.Membership

    user = factory.SubFactory(UserFactory)
    organization = factory.SubFactory(OrganizationFactory)
    role = gateway.Role.OWNER


class ManagementKeyFactory(DjangoModelFactory):
    """Pass `key` to know the text of it; its user gets no membership."""

    class Meta:
        model = gateway.ManagementKey

    class Params:
        key = factory.LazyFunction(lambda: "slm_" + secrets.token_hex(16))

    user = factory.SubFactory(UserFactory)
    organization = factory.SubFactory(OrganizationFactory)
    name = "tests"
    prefix = factory.LazyAttribute(lambda row: row.key[:12])
    digest = factory.LazyAttribute(lambda row: api_key_digest(row.key))
    scopes = factory.LazyFunction(lambda: list(gateway.Scope.values))


class ConnectionFactory(DjangoModelFactory):
    class Meta:
        model = gateway.Connection

    name = factory.Sequence(lambda n: f"kafka-{n}")
    addresses = factory.LazyFunction(lambda: ["kafka.example.com:9092"])


class ApiDefinitionFactory(DjangoModelFactory):
    """A draft."""

    class Meta:
        model = gateway.ApiDefinition

    organization = factory.SubFactory(OrganizationFactory)
    public_id = factory.LazyFunction(lambda: secrets.token_hex(16))
    name = factory.Sequence(lambda n: f"definition {n}")
    dialect = gateway.Dialect.SLUICE
    document = TYK_DOCUMENT
    listen_path = factory.Sequence(lambda n: f"/definition-{n}/")


class RevisionFactory(DjangoModelFactory):
    class Meta:
        model = gateway.Revision

    definition = factory.SubFactory(ApiDefinitionFactory)
    number = 1
    document = factory.SelfAttribute("definition.document")
    listen_path = factory.SelfAttribute("definition.listen_path")


class InstanceFactory(DjangoModelFactory):
    class Meta:
        model = gateway.Instance

    definition = factory.SubFactory(ApiDefinitionFactory)
    stream = "default_stream"
    process = factory.LazyFunction(lambda: secrets.token_hex(8))
    host = "worker.example.com"
    pid = 4711
    revision = 1
    state = gateway.InstanceState.RUNNING
    since = factory.LazyFunction(timezone.now)
    seen_at = factory.LazyFunction(timezone.now)


class LeaseFactory(DjangoModelFactory):
    class Meta:
        model = gateway.Lease

    key = factory.Sequence(lambda n: f"stream/{n}")
    holder = "worker"
    expires_at = factory.LazyFunction(lambda: timezone.now() + dt.timedelta(seconds=15))


class PositionFactory(DjangoModelFactory):
    class Meta:
        model = gateway.Position

    definition = factory.SubFactory(ApiDefinitionFactory)
    stream = "default_stream"
    consumer_group = factory.Sequence(lambda n: f"caller {n}")
    digest = factory.LazyFunction(lambda: secrets.token_bytes(32))
    holder = "gateway"
    held_until = factory.LazyFunction(timezone.now)


class QuarantineFactory(DjangoModelFactory):
    class Meta:
        model = gateway.Quarantine

    definition = factory.SubFactory(ApiDefinitionFactory)
    stream = "default_stream"
    revision = 1
    stage = "pipeline.processors.0"
    line = 1
    error = "expected number value, got string"
    content = b'{"id": "7"}'
    position = "orders/0@42"
    identity = factory.LazyFunction(lambda: secrets.token_bytes(32))


class EventTypeFactory(DjangoModelFactory):
    class Meta:
        model = gateway.EventType

    organization = factory.SubFactory(OrganizationFactory)
    name = factory.Sequence(lambda n: f"order.created.{n}")
    example = factory.LazyFunction(lambda: {"id": 7})


class ProductFactory(DjangoModelFactory):
    """Published, with webhooks on; it contains nothing yet."""

    class Meta:
        model = gateway.Product

    organization = factory.SubFactory(OrganizationFactory)
    slug = factory.Sequence(lambda n: f"product-{n}")
    name = factory.Sequence(lambda n: f"Product {n}")
    lifecycle = gateway.Lifecycle.PUBLISHED
    webhooks_enabled = True


class PlanFactory(DjangoModelFactory):
    class Meta:
        model = gateway.Plan

    product = factory.SubFactory(ProductFactory)
    name = factory.Sequence(lambda n: f"Plan {n}")


class AppFactory(DjangoModelFactory):
    class Meta:
        model = gateway.App

    organization = factory.SubFactory(OrganizationFactory)
    name = factory.Sequence(lambda n: f"App {n}")


class CredentialFactory(DjangoModelFactory):
    """Pass `key` to know the text of it."""

    class Meta:
        model = gateway.Credential

    class Params:
        key = factory.LazyFunction(lambda: "slk_" + secrets.token_hex(16))

    app = factory.SubFactory(AppFactory)
    prefix = factory.LazyAttribute(lambda row: row.key[:12])
    digest = factory.LazyAttribute(lambda row: api_key_digest(row.key))


class SubscriptionFactory(DjangoModelFactory):
    """Approved."""

    class Meta:
        model = gateway.Subscription

    app = factory.SubFactory(AppFactory)
    plan = factory.SubFactory(PlanFactory)
    product = factory.SelfAttribute("plan.product")
    state = gateway.SubscriptionState.APPROVED


class TicketFactory(DjangoModelFactory):
    class Meta:
        model = gateway.Ticket

    app = factory.SubFactory(AppFactory)
    definition = factory.SubFactory(ApiDefinitionFactory)
    stream = "default_stream"
    digest = factory.LazyFunction(lambda: secrets.token_bytes(32))
    expires_at = factory.LazyFunction(timezone.now)


class UsageFactory(DjangoModelFactory):
    class Meta:
        model = gateway.Usage

    subscription = factory.SubFactory(SubscriptionFactory)
    period = gateway.QuotaPeriod.MONTH
    start = factory.LazyFunction(lambda: timezone.now().date().replace(day=1))
    used = 1


class TrafficFactory(DjangoModelFactory):
    class Meta:
        model = gateway.Traffic

    minute = factory.LazyFunction(lambda: timezone.now().replace(second=0, microsecond=0))
    definition_id = 1
    measure = "messages"
    value = 1


class AuditFactory(DjangoModelFactory):
    class Meta:
        model = gateway.Audit

    organization = factory.SubFactory(OrganizationFactory)
    verb = "app.create"
    object_type = "app"
    object_id = "1"


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


class CatalogueFactory(DjangoModelFactory):
    class Meta:
        model = portal.Catalogue

    name = factory.Sequence(lambda n: f"Catalogue {n}")
    slug = factory.Sequence(lambda n: f"catalogue-{n}")


class PageFactory(DjangoModelFactory):
    class Meta:
        model = portal.Page

    product = factory.SubFactory(ProductFactory)
    title = factory.Sequence(lambda n: f"Page {n}")
    slug = factory.Sequence(lambda n: f"page-{n}")
