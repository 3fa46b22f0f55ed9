"""One-use tickets: how a browser, which can set no header for SSE or a WebSocket, shows who it is.

A ticket is of record in PostgreSQL and gone with its use, so that it opens one stream, whatever process it is shown
to, and whatever happens to Valkey.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from gateway.actor import Actor
from gateway.database import Pool
from gateway.errors import Fault, InputError
from gateway.models import (
    ApiDefinition,
    App,
    DefinitionState,
    Lifecycle,
    Subscription,
    SubscriptionState,
    Ticket,
)
from streams.config import parse
from streams.secrets import api_key_digest, generate_api_key

TICKET_SECONDS: Final = 60
_PREFIX: Final = "slt"
_REDEEM: Final = """
DELETE FROM gateway_ticket WHERE digest = %s AND definition_id = %s AND stream = %s
RETURNING app_id, expires_at > clock_timestamp()
"""


@dataclass(frozen=True, slots=True)
class IssuedTicket:
    """A new ticket, which nobody can read again."""

    ticket: str
    expires_at: dt.datetime


@transaction.atomic
def issue_ticket(actor: Actor, app: App, definition: str, stream: str) -> IssuedTicket:
    """Make a ticket for an app of the actor's; definition: its public id. Raises InputError.

    It is no change of anybody's rights, so it is not audited: whether the app may read is asked when it is used.
    """
    if app.organization_id != actor.organization.pk:
        raise InputError(Fault("there is no such app", "/app", "unknown"))
    found = _subscribed(app).filter(public_id=definition).first()
    if found is None:
        message = f"the app has no subscription to an active definition {definition!r}"
        raise InputError(Fault(message, "/definition", "unknown", "subscribe to a product that contains it"))
    if stream not in (names := _streams(found)):
        known = ", ".join(names)
        raise InputError(Fault(f"it has no stream {stream!r}", "/stream", "unknown", f"known: {known}"))
    ticket = generate_api_key(_PREFIX)
    expires_at = timezone.now() + dt.timedelta(seconds=TICKET_SECONDS)
    Ticket.objects.create(
        app=app, definition=found, stream=stream, digest=api_key_digest(ticket), expires_at=expires_at
    )
    return IssuedTicket(ticket, expires_at)


async def redeem_ticket(pool: Pool, ticket: str, definition_id: int, stream: str) -> int | None:
    """Use a ticket up; the app it stands for, or None where it is used, expired, or of another stream.

    Raises psycopg.Error.
    """
    async with pool.connection() as connection:
        cursor = await connection.execute(_REDEEM, [api_key_digest(ticket), definition_id, stream])
        row = await cursor.fetchone()
    return int(row[0]) if row is not None and row[1] else None


def forget_expired_tickets() -> int:
    """Delete those that nobody used in time; how many there were."""
    return Ticket.objects.filter(expires_at__lt=timezone.now()).delete()[0]


def _subscribed(app: App) -> "QuerySet[ApiDefinition]":
    """The active definitions that an app may call; where it has only asked to, it is given examples."""
    valid = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    subscriptions = Subscription.objects.filter(
        valid,
        app=app,
        state__in=(SubscriptionState.APPROVED, SubscriptionState.REQUESTED),
        product__lifecycle__in=(Lifecycle.PUBLISHED, Lifecycle.DEPRECATED),
    )
    return ApiDefinition.objects.filter(
        state=DefinitionState.ACTIVE, products__subscriptions__in=subscriptions
    ).select_related("active_revision")


def _streams(definition: ApiDefinition) -> list[str]:
    """The names of the streams that run; the document was checked when it was activated."""
    root, _ = parse(definition.active_revision.document if definition.active_revision is not None else "")
    return [] if root is None else list(root.plain()["x-tyk-streaming"]["streams"])
