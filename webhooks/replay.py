"""A delivery is sent again by hand: the same delivery, message id and history, due now."""

from typing import Final

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
