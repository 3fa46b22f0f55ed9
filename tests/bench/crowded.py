"""An organization with very much of everything, in a database that is thrown away: what pages are slow with."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import connection, models
from django.utils import timezone

from gateway.models import (
    ApiDefinition,
    App,
    Audit,
    EventType,
    Membership,
    Organization,
    Plan,
    Product,
    Quarantine,
    Revision,
    Role,
    Subscription,
    SubscriptionState,
    Traffic,
    User,
    Visibility,
)
from tests.portal.pages.conftest import Estate

PRODUCTS = 2_000
"""A quarter is the estate's own."""
DELIVERIES = 200_000
"""Three quarters to one endpoint."""
ORGANIZATIONS = 50
DEFINITIONS = 200
REVISIONS = 100
APPS = 500
MEMBERS = 200
QUARANTINED = 20_000
AUDITED = 50_000
MINUTES = 24 * 60

# A message, its payload, one delivery and one try each, spread over a day; every tenth failed.
_DELIVERIES = """
WITH made AS (
    SELECT number, gen_random_uuid() AS message_id, current_date AS day,
        clock_timestamp() - (number %% 1440) * interval '1 minute' AS at,
        %(endpoints)s::bigint[] AS endpoints, number %% 10 = 0 AS failed
    FROM generate_series(1, %(count)s) AS number
), messages AS (
    INSERT INTO webhooks_message (id, day, organization_id, definition_id, stream, event_type, position,
        record_at, accepted_at, matched)
    SELECT message_id, day, %(organization)s, %(definition)s, 'events', 'order.created', 'orders/0@' || number,
        at, at, 1 FROM made
), payloads AS (
    INSERT INTO webhooks_payload (message_id, day, content_type, body)
    SELECT message_id, day, 'application/json', %(body)s FROM made
), deliveries AS (
    INSERT INTO webhooks_delivery (id, day, message_id, endpoint_id, event_type, state, attempts, created_at,
        finished_at, last_status)
    SELECT %(first)s + number, day, message_id,
        endpoints[CASE WHEN number %% 4 = 0 THEN 2 + number %% (cardinality(endpoints) - 1) ELSE 1 END],
        'order.created', CASE WHEN failed THEN 4 ELSE 2 END, 1, at, at,
        CASE WHEN failed THEN 503 ELSE 204 END FROM made
)
INSERT INTO webhooks_attempt (day, delivery_id, number, at, signed_at, signature, status, total_ms, decision)
SELECT day, %(first)s + number, 1, at, 0, 'v1,AAAA', CASE WHEN failed THEN 503 ELSE 204 END, 12,
    CASE WHEN failed THEN 2 ELSE 0 END FROM made
"""
_BODY = b'{"id": 7, "text": "' + b"x" * 800 + b'"}'


def crowd(estate: Estate) -> None:
    """Fill the estate's organization and the catalogue, then gather PostgreSQL's statistics."""
    others = _made(Organization(name=f"Publisher {n}", slug=f"publisher-{n}") for n in range(ORGANIZATIONS))
    _people(estate)
    definitions = _definitions(estate)
    _products(estate, others, definitions)
    _subscriptions(estate, others)
    _deliveries(estate, definitions[0])
    _records(estate)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _made(rows: Iterable[Any]) -> list[Any]:
    made = list(rows)
    model: type[models.Model] = type(made[0])
    return list(model._default_manager.bulk_create(made, batch_size=2_000))


def _people(estate: Estate) -> None:
    users = _made(User(email=f"colleague{n}@example.com", name=f"Colleague {n}") for n in range(MEMBERS))
    ours = estate.actor.organization
    _made(Membership(user=user, organization=ours, role=Role.DEVELOPER) for user in users)


def _definitions(estate: Estate) -> list[ApiDefinition]:
    first = ApiDefinition.objects.get(organization=estate.actor.organization)
    more = _made(
        ApiDefinition(
            organization=estate.actor.organization,
            public_id=f"crowd{n}",
            name=f"Definition {n}",
            dialect=first.dialect,
            document=first.document,
            listen_path=f"/crowd-{n}/",
        )
        for n in range(DEFINITIONS)
    )
    old = {"definition": first, "document": first.document, "listen_path": first.listen_path}
    _made(Revision(number=number, **old) for number in range(2, REVISIONS))
    return [first, *more]


def _products(estate: Estate, others: list[Organization], definitions: list[ApiDefinition]) -> None:
    owners = [estate.actor.organization if n % 4 == 0 else others[n % len(others)] for n in range(PRODUCTS)]
    products = _made(
        Product(
            organization=owner,
            slug=f"crowd-{n}",
            name=f"Product {n % 97} of many, {n}",
            summary="Orders, invoices and parcels as they happen.",
            lifecycle="published",
            visibility=Visibility.PUBLIC,
            webhooks_enabled=n % 3 > 0,
            published_at=timezone.now(),
        )
        for n, owner in enumerate(owners)
    )
    types = _made(
        EventType(organization=owner, name=f"crowd.created.{n}", schema={"type": "object"}, example={"id": n})
        for n, owner in enumerate(owners)
    )
    _made(Plan(product=product, name=name) for product in products for name in ("Free", "Gold"))
    pairs = list(zip(products, types, strict=True))
    for place in range(3):
        turned = pairs[place:] + pairs[:place]
        _linked("event_types", [(product, turned[n][1]) for n, (product, _) in enumerate(pairs)])
    _linked(
        "definitions", [(product, definitions[n % len(definitions)]) for n, product in enumerate(products)]
    )


def _linked(name: str, pairs: list[tuple[Product, Any]]) -> None:
    through = Product._meta.get_field(name).remote_field.through
    column = "eventtype_id" if name == "event_types" else "apidefinition_id"
    _made(through(product_id=product.pk, **{column: other.pk}) for product, other in pairs)


def _subscriptions(estate: Estate, others: list[Organization]) -> None:
    """Our apps have subscribed to others' products, and others' apps to one of ours."""
    mine = _made(App(organization=estate.actor.organization, name=f"Crowd {n}") for n in range(APPS))
    theirs = _made(App(organization=others[n % len(others)], name=f"Crowd {n}") for n in range(APPS))
    plans = list(Plan.objects.filter(name="Gold").select_related("product")[:APPS])
    own = {"product": estate.shared, "plan": estate.shared.plans.earliest("pk")}
    states = (SubscriptionState.APPROVED, SubscriptionState.REQUESTED)
    _made(
        Subscription(app=app, product=plan.product, plan=plan, state=states[n % 2])
        for n, (app, plan) in enumerate(zip(mine, plans, strict=True))
    )
    _made(Subscription(app=estate.app, product=plan.product, plan=plan, state=states[0]) for plan in plans)
    _made(Subscription(app=app, state=states[n % 2], **own) for n, app in enumerate(theirs))


def _deliveries(estate: Estate, definition: ApiDefinition) -> None:
    values = {
        "endpoints": list(estate.app.endpoints.order_by("pk").values_list("pk", flat=True)),
        "count": DELIVERIES,
        "first": 1_000_000,
        "organization": estate.actor.organization.pk,
        "definition": definition.pk,
        "body": _BODY,
    }
    with connection.cursor() as cursor:
        cursor.execute(_DELIVERIES, values)


def _records(estate: Estate) -> None:
    """What is written down beside: changes, messages in quarantine, traffic."""
    ours = estate.actor.organization
    definition = ApiDefinition.objects.filter(organization=ours).earliest("pk")
    subject = {"object_type": "app", "object_id": str(estate.app.pk), "object_name": estate.app.name}
    change = {"organization": ours, "actor": estate.actor.user, "verb": "app.change", **subject}
    _made(Audit(changes={"name": ["before", "after"]}, **change) for _ in range(AUDITED))
    place = {"definition": definition, "stream": "events", "revision": 1, "stage": "pipeline.processors.0"}
    _made(
        Quarantine(
            identity=n.to_bytes(32, "big"), error="expected number", content=b"{}", position="0", **place
        )
        for n in range(QUARANTINED)
    )
    now = timezone.now().replace(second=0, microsecond=0)
    minutes = [now - n * dt.timedelta(minutes=1) for n in range(MINUTES)]
    counted = {"definition_id": definition.pk, "app_id": estate.app.pk, "value": 7}
    _made(
        Traffic(minute=minute, measure=measure, **counted)
        for minute in minutes
        for measure in ("messages", "bytes", "opened")
    )
