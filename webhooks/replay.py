"""Deliveries are sent again by hand: the same delivery, message id and history, due now."""

import datetime as dt
from typing import Any, Final

from django.db import connection, transaction

from gateway import audit
from gateway.actor import Actor
from gateway.errors import RefusedError
from webhooks.models import Delivery, DeliveryState, Endpoint, EndpointState, Lane, Payload

# One row per delivery: a second click finds the row of the first and adds nothing.
_ARM: Final = """
INSERT INTO webhooks_due AS due (delivery_id, day, lane_id, due_at, attempts, manual)
VALUES (%s, %s, %s, clock_timestamp(), %s, true)
ON CONFLICT (delivery_id) DO UPDATE SET due_at = least(due.due_at, clock_timestamp()), manual = true
WHERE due.lease IS NULL
RETURNING due_at
"""
# Oldest first, as they would have come; one that was armed meanwhile is left as it is.
_ARM_EXHAUSTED: Final = """
WITH failed AS (
    SELECT id, day, attempts FROM webhooks_delivery AS delivery
    WHERE endpoint_id = %(endpoint)s AND state = %(exhausted)s AND created_at >= %(since)s AND EXISTS (
        SELECT FROM webhooks_payload AS payload
        WHERE payload.message_id = delivery.message_id AND payload.day = delivery.day
    )
    ORDER BY id LIMIT %(most)s
), armed AS (
    INSERT INTO webhooks_due (delivery_id, day, lane_id, due_at, attempts, manual)
    SELECT id, day, %(lane)s, clock_timestamp(), attempts, true FROM failed
    ON CONFLICT (delivery_id) DO NOTHING
    RETURNING delivery_id, day, due_at
)
UPDATE webhooks_delivery AS delivery SET state = %(pending)s, due_at = armed.due_at, finished_at = NULL
FROM armed WHERE delivery.id = armed.delivery_id AND delivery.day = armed.day
"""
MOST_AT_ONCE: Final = 10_000
"""Deliveries that one call of `replay_exhausted` takes."""


@transaction.atomic
def replay_delivery(actor: Actor, delivery: Delivery) -> Delivery:
    """Try a delivery now, whether finished or waiting for its next try; a second call meanwhile adds nothing.

    Raises RefusedError: the endpoint is paused, disabled or gone, the payload is past its retention, or a try is
    under way.
    """
    _check_endpoint(_kept(delivery.endpoint_id))
    if not Payload.objects.filter(message_id=delivery.message_id, day=delivery.day).exists():
        raise RefusedError("the payload is past its retention: there is nothing to send", code="payload_gone")
    lane = Lane.objects.get(endpoint=delivery.endpoint, key="")
    with connection.cursor() as cursor:
        cursor.execute(_ARM, [delivery.pk, delivery.day, lane.pk, delivery.attempts])
        armed = cursor.fetchone()
    if armed is None:
        raise RefusedError(
            "a try of this delivery is under way", code="under_way", remedy="wait for its outcome"
        )
    Delivery.objects.filter(pk=delivery.pk, day=delivery.day).update(
        state=DeliveryState.PENDING, due_at=armed[0], finished_at=None
    )
    audit.record(actor, "delivery.replay", delivery)
    return Delivery.objects.select_related("endpoint").get(pk=delivery.pk, day=delivery.day)


@transaction.atomic
def replay_exhausted(actor: Actor, endpoint: Endpoint, since: dt.datetime) -> int:
    """Try each delivery once more that was made since then and ran out of tries; returns how many.

    At most MOST_AT_ONCE, the oldest; a second call takes the next ones. Those past their payload's retention are
    left out. Raises RefusedError: the endpoint is paused, disabled or gone, or there is nothing to replay.
    """
    endpoint = _kept(endpoint.pk)
    _check_endpoint(endpoint)
    values: dict[str, Any] = {
        "endpoint": endpoint.pk,
        "lane": Lane.objects.get(endpoint=endpoint, key="").pk,
        "since": since,
        "most": MOST_AT_ONCE,
        "exhausted": DeliveryState.EXHAUSTED,
        "pending": DeliveryState.PENDING,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ARM_EXHAUSTED, values)
        replayed: int = cursor.rowcount
    if not replayed:
        raise RefusedError("no delivery made since then ran out of tries", code="nothing_to_replay")
    changes: dict[str, list[Any]] = {
        "since": [None, since.isoformat()],
        "deliveries": [None, replayed],
    }
    audit.record(actor, "endpoint.replay", endpoint, changes)
    return replayed


def _kept(endpoint_id: int) -> Endpoint:
    """The endpoint, which cannot be deleted before this transaction ends. Raises RefusedError.

    This weakest of PostgreSQL's row locks stands in the way of a deletion alone, and so never waits for a worker
    that notes how the endpoint fares.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM webhooks_endpoint WHERE id = %s FOR KEY SHARE", [endpoint_id])
        if cursor.fetchone() is None:
            raise RefusedError("the endpoint was deleted a moment ago", code="endpoint_gone")
    return Endpoint.objects.get(pk=endpoint_id)


def _check_endpoint(endpoint: Endpoint) -> None:
    if endpoint.state != EndpointState.ENABLED:
        because = f" ({endpoint.state_reason})" if endpoint.state_reason else ""
        raise RefusedError(
            f"the endpoint is {endpoint.state}{because}",
            code=f"endpoint_{endpoint.state}",
            remedy="enable the endpoint first",
        )
