"""Endpoints: where an app receives webhooks; made, changed, deleted."""

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from gateway import audit
from gateway.actor import Actor
from gateway.announcements import announce
from gateway.errors import Fault, InputError, RefusedError
from gateway.event_types import delete_event_type
from gateway.models import App, EventType, Lifecycle, Subscription, SubscriptionState
from gateway.models.subscription import LIVE
from gateway.records import save_checked, set_fields, set_members
from streams.addresses import judge, parse_allow
from streams.outbound import UrlError, check_url
from streams.secrets import KeyRing
from webhooks.models import DeliveryState, Endpoint, EndpointSecret, Lane
from webhooks.request import HeaderError, check_headers
from webhooks.signing import SecretError, generate_secret, secret_key

SECRET_PURPOSE: Final = "endpoint-secret"  # noqa: S105 - what it is for, not a secret
"""The `purpose` that key bytes are encrypted for; the `row` is the endpoint's public id."""
HEADERS_PURPOSE: Final = "endpoint-headers"
"""The `purpose` that an endpoint's own headers, as JSON, are encrypted for; the `row` as above."""

# The worker that holds one of these rows finds it gone, and keeps its attempt alone.
_CANCEL_DELIVERIES: Final = """
WITH gone AS (
    DELETE FROM webhooks_due WHERE lane_id IN (SELECT id FROM webhooks_lane WHERE endpoint_id = %s)
    RETURNING delivery_id, day
)
UPDATE webhooks_delivery AS delivery SET state = %s, due_at = NULL, finished_at = clock_timestamp()
FROM gone WHERE delivery.id = gone.delivery_id AND delivery.day = gone.day
"""


@dataclass(frozen=True, slots=True)
class CreatedEndpoint:
    """A new endpoint with its signing secret, which is not shown again."""

    endpoint: Endpoint
    secret: str


@transaction.atomic
def create_endpoint(
    actor: Actor, app: App, *, url: str, secret: str = "", event_types: Sequence[str] = (), **values: Any
) -> CreatedEndpoint:
    """Make an endpoint of an app.

    secret: `whsec_...` or text of at least 24 bytes; empty: one is generated. event_types: names that the
    app's subscriptions offer; none: all of them. values: description, max_in_flight, headers (name to value).
    Raises InputError, RefusedError.
    """
    check_endpoint_url(url)
    secret = secret or generate_secret()
    key = read_secret(secret)
    _check_room(app)
    endpoint = Endpoint(app=app, public_id=f"ep_{secrets.token_hex(12)}", url=url)
    set_fields(endpoint, _plain(endpoint, values))
    save_checked(endpoint)
    endpoint.event_types.set(offered_event_types(app, event_types))
    EndpointSecret.objects.create(endpoint=endpoint, ciphertext=encrypt_key(endpoint, key))
    Lane.objects.create(endpoint=endpoint, key="")
    audit.record(actor, "endpoint.create", endpoint, {"url": [None, url]})
    announce()
    return CreatedEndpoint(endpoint, secret)


@transaction.atomic
def change_endpoint(actor: Actor, endpoint: Endpoint, values: Mapping[str, Any]) -> Endpoint:
    """Set url, description, max_in_flight, headers, or event_types by name. Raises InputError."""
    if "url" in values:
        check_endpoint_url(values["url"])
    endpoint = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    plain = _plain(endpoint, {name: value for name, value in values.items() if name != "event_types"})
    changes = dict(set_fields(endpoint, plain))
    save_checked(endpoint)
    if "event_types" in values:
        chosen = offered_event_types(endpoint.app, values["event_types"])
        changes.update(set_members(endpoint, "event_types", chosen))
    audit.record(actor, "endpoint.change", endpoint, changes)
    announce()
    return endpoint


@transaction.atomic
def delete_endpoint(actor: Actor, endpoint: Endpoint) -> None:
    """Delete an endpoint; what was not delivered to it yet is cancelled in the same transaction."""
    audit.record(actor, "endpoint.delete", endpoint)
    with connection.cursor() as cursor:
        cursor.execute(_CANCEL_DELIVERIES, [endpoint.pk, DeliveryState.CANCELLED])
    endpoint.delete()
    announce()


@transaction.atomic
def delete_app(actor: Actor, app: App) -> None:
    """Delete an app with its credentials, subscriptions and endpoints."""
    for endpoint in Endpoint.objects.filter(app=app):
        delete_endpoint(actor, endpoint)
    audit.record(actor, "app.delete", app)
    app.delete()
    announce()


@transaction.atomic
def delete_unchosen_event_type(actor: Actor, event_type: EventType) -> None:
    """Delete an event type that no product offers and no endpoint has chosen. Raises RefusedError.

    An endpoint whose last choice went would from then on receive every type.
    """
    if Endpoint.objects.filter(event_types=event_type).exists():
        raise RefusedError(
            f"webhook endpoints have chosen {event_type}",
            code="in_use",
            remedy="deprecate it: nobody is sent what no product offers",
        )
    delete_event_type(actor, event_type)


def check_endpoint_url(url: str) -> None:
    """Refuse a URL that can never be called. A name is judged again at each connect. Raises InputError."""
    try:
        host = check_url(url).host
        ip_address(host)
    except UrlError as error:
        raise InputError(Fault(str(error), "/url", "url")) from error
    except ValueError:
        return  # a name: what it resolves to is judged when it is called
    verdict = judge(host, parse_allow(settings.OUTBOUND_ALLOW))
    if not verdict.allowed:
        message = f"this address may not be called ({verdict.reason})"
        raise InputError(Fault(message, "/url", "forbidden_address", "use a public address"))


def read_secret(secret: str) -> bytes:
    """Return the key bytes of a secret as a developer gives it. Raises InputError."""
    try:
        return secret_key(secret)
    except SecretError as error:
        remedy = "give whsec_<base64> or a text of at least 24 bytes, or leave it out to have one made"
        raise InputError(Fault(str(error), "/secret", "secret", remedy)) from error


def encrypt_key(endpoint: Endpoint, key: bytes) -> bytes:
    """Return a signing key as `EndpointSecret.ciphertext` keeps it."""
    return KeyRing(settings.KEY_RING).encrypt(key, purpose=SECRET_PURPOSE, row=endpoint.public_id)


def decrypt_keys(endpoint: Endpoint, ciphertexts: "Iterable[bytes | memoryview[int]]") -> list[bytes]:
    """Return signing keys. Raises streams.secrets.DecryptionError."""
    ring = KeyRing(settings.KEY_RING)
    return [ring.decrypt(bytes(text), purpose=SECRET_PURPOSE, row=endpoint.public_id) for text in ciphertexts]


def decrypt_headers(endpoint: Endpoint) -> dict[str, str]:
    """Return an endpoint's own headers. Raises streams.secrets.DecryptionError."""
    if not endpoint.headers:
        return {}
    ring = KeyRing(settings.KEY_RING)
    text = ring.decrypt(bytes(endpoint.headers), purpose=HEADERS_PURPOSE, row=endpoint.public_id)
    headers: dict[str, str] = json.loads(text)
    return headers


def event_types_offered_to(app: App) -> "QuerySet[EventType]":
    """The event types that the app's live subscriptions send as webhooks, by name."""
    return EventType.objects.filter(
        products__subscriptions__app=app,
        products__subscriptions__state__in=LIVE,
        products__lifecycle__in=(Lifecycle.PUBLISHED, Lifecycle.DEPRECATED),
        products__webhooks_enabled=True,
    ).distinct()


def offered_event_types(app: App, names: Sequence[str]) -> list[EventType]:
    """The event types of these names that the app's live subscriptions offer. Raises InputError."""
    found = [event_type for event_type in event_types_offered_to(app) if event_type.name in names]
    known = {event_type.name for event_type in found}
    faults = [
        Fault(
            f"no product that {app} is subscribed to sends {name} as a webhook",
            f"/event_types/{place}",
            "unknown",
            "subscribe to a product that offers it, or leave event_types out to receive all that are offered",
        )
        for place, name in enumerate(names)
        if name not in known
    ]
    if faults:
        raise InputError(*faults)
    return found


def _plain(endpoint: Endpoint, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as columns: headers encrypted."""
    columns = dict(values)
    if "headers" in columns:
        columns["headers"] = _encrypt_headers(endpoint, columns["headers"])
    return columns


def _encrypt_headers(endpoint: Endpoint, headers: Mapping[str, str]) -> bytes | None:
    if not headers:
        return None
    try:
        check_headers(headers)
    except HeaderError as error:
        raise InputError(Fault(str(error), "/headers", "header")) from error
    text = json.dumps(dict(headers)).encode()
    return KeyRing(settings.KEY_RING).encrypt(text, purpose=HEADERS_PURPOSE, row=endpoint.public_id)


def _check_room(app: App) -> None:
    """The most generous plan of the app's approved, unexpired subscriptions counts; an app without any may prepare.

    The app is locked, so that two endpoints made at the same moment do not both take the last place.
    """
    App.objects.select_for_update(no_key=True).get(pk=app.pk)
    current = Subscription.objects.filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now()),
        app=app,
        state=SubscriptionState.APPROVED,
        product__lifecycle__in=(Lifecycle.PUBLISHED, Lifecycle.DEPRECATED),
    )
    limits = current.values_list("plan__max_endpoints", flat=True)
    if not limits or None in limits:
        return
    most = max(limit for limit in limits if limit is not None)
    if Endpoint.objects.filter(app=app).count() >= most:
        raise RefusedError(f"the plan allows {most} webhook endpoints for an app", code="plan_limit")
