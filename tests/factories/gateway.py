"""Rows of the gateway's models."""

# factory_boy's own annotations export no names and leave its generics open.
# mypy: disable-error-code="attr-defined, type-arg"

import datetime as dt
import secrets

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from gateway import models as gateway
from streams.secrets import api_key_digest

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


class InvitationFactory(DjangoModelFactory):
    """Pass `token` to know it."""

    class Meta:
        model = gateway.Invitation

    class Params:
        token = factory.LazyFunction(secrets.token_urlsafe)

    organization = factory.SubFactory(OrganizationFactory)
    email = factory.Sequence(lambda n: f"invited{n}@example.com")
    role = gateway.Role.DEVELOPER
    digest = factory.LazyAttribute(lambda row: api_key_digest(row.token))
    invited_by = factory.SubFactory(UserFactory)
    expires_at = factory.LazyFunction(lambda: timezone.now() + dt.timedelta(days=7))


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


class PollFactory(DjangoModelFactory):
    class Meta:
        model = gateway.Poll

    key = factory.Sequence(lambda n: f"poll-{n}")
    request = b"0123456789abcdef"
    polled_at = factory.LazyFunction(timezone.now)


class PositionFactory(DjangoModelFactory):
    class Meta:
        model = gateway.Position

    definition = factory.SubFactory(ApiDefinitionFactory)
    stream = "default_stream"
    consumer_group = factory.Sequence(lambda n: f"caller {n}")
    digest = factory.LazyFunction(lambda: secrets.token_bytes(32))
    holder = "gateway"
    held_until = factory.LazyFunction(timezone.now)


class CorrelationFactory(DjangoModelFactory):
    class Meta:
        model = gateway.Correlation

    definition = factory.SubFactory(ApiDefinitionFactory)
    stream = "default_stream"
    component = "input"
    key = factory.Sequence(lambda n: f"card {n}")
    value = b"{}"


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
    definition_id = factory.Sequence(lambda number: number + 1)
    measure = "messages"
    value = 1


class AuditFactory(DjangoModelFactory):
    class Meta:
        model = gateway.Audit

    organization = factory.SubFactory(OrganizationFactory)
    verb = "app.create"
    object_type = "app"
    object_id = "1"
