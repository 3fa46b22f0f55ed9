"""One-use tickets: how a browser, which can set no header for SSE or a WebSocket, shows who it is.

A ticket is of record in PostgreSQL and gone with its use, so that it opens one stream, whatever process it is shown
to, and whatever happens to Valkey.
"""

import datetime as dt
from typing import Final

from django.db import transaction
from django.utils import timezone

from gateway.actor import Actor
from gateway.database import Pool
from gateway.errors import Fault, InputError
from gateway.models import ApiDefinition, App, Ticket
from streams.secrets import api_key_digest, generate_api_key

TICKET_SECONDS: Final = 60
_PREFIX: Final = "slt"
_REDEEM: Final = """
DELETE FROM gateway_ticket WHERE digest = %s AND definition_id = %s AND stream = %s
RETURNING app_id, expires_at > clock_timestamp()
"""


@transaction.atomic
def issue_ticket(actor: Actor, app: App, definition: ApiDefinition, stream: str) -> str:
    """Make a ticket for an app of the actor's; those that have expired are cleared away. Raises InputError.

    It is no change of anybody's rights, so it is not audited: whether the app may read is asked when it is used.
    """
    if app.organization_id != actor.organization.pk:
        raise InputError(Fault("there is no such app", "/app", "unknown"))
    now = timezone.now()
    Ticket.objects.filter(expires_at__lt=now).delete()
    ticket = generate_api_key(_PREFIX)
    expires_at = now + dt.timedelta(seconds=TICKET_SECONDS)
    Ticket.objects.create(
        app=app, definition=definition, stream=stream, digest=api_key_digest(ticket), expires_at=expires_at
    )
    return ticket


async def redeem_ticket(pool: Pool, ticket: str, definition_id: int, stream: str) -> int | None:
    """Use a ticket up; the app it stands for, or None where it is used, expired, or of another stream.

    Raises psycopg.Error.
    """
    async with pool.connection() as connection:
        cursor = await connection.execute(_REDEEM, [api_key_digest(ticket), definition_id, stream])
        row = await cursor.fetchone()
    return int(row[0]) if row is not None and row[1] else None
