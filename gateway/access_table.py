"""Who may call what, as it was when it was last read: every key and every approved subscription, in memory.

A request looks here and never at the database. It is read anew with each change of the revision counter, and expiry
is judged by the clock.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from psycopg import AsyncCursor
from psycopg.rows import namedtuple_row

from gateway.caller import Limits
from gateway.database import Pool

_CREDENTIALS: Final = """
SELECT credential.id, credential.digest, credential.app_id, app.organization_id, credential.expires_at,
       credential.revoked_at IS NOT NULL AS revoked
FROM gateway_credential AS credential JOIN gateway_app AS app ON app.id = credential.app_id
JOIN gateway_organization AS organization ON organization.id = app.organization_id AND organization.is_active
"""
_GRANTS: Final = """
SELECT subscription.id, subscription.app_id, subscription.product_id, subscription.plan_id, subscription.attributes,
       subscription.expires_at, member.apidefinition_id AS definition_id, plan.requests_per_second,
       plan.messages_per_second, plan.quota, plan.quota_period, plan.max_clients, plan.client_age_seconds,
       plan.replay_window_seconds
FROM gateway_subscription AS subscription
JOIN gateway_app AS app ON app.id = subscription.app_id
JOIN gateway_organization AS organization ON organization.id = app.organization_id AND organization.is_active
JOIN gateway_plan AS plan ON plan.id = subscription.plan_id
JOIN gateway_product AS product ON product.id = subscription.product_id
     AND product.lifecycle IN ('published', 'deprecated')
JOIN gateway_product_definitions AS member ON member.product_id = product.id
WHERE subscription.state = 'approved'
ORDER BY subscription.id
"""
_LIMITS: Final = (
    "requests_per_second",
    "messages_per_second",
    "quota",
    "quota_period",
    "max_clients",
    "client_age_seconds",
    "replay_window_seconds",
)


@dataclass(frozen=True, slots=True)
class KnownCredential:
    """An API key, known by its digest."""

    id: int
    app_id: int
    organization_id: int
    """Of the app."""
    expires_at: dt.datetime | None
    revoked: bool

    def is_valid(self, now: dt.datetime) -> bool:
        """Tell whether it still proves anything."""
        return not self.revoked and (self.expires_at is None or self.expires_at > now)


@dataclass(frozen=True, slots=True)
class Grant:
    """An approved subscription of an app, as far as one definition is concerned."""

    subscription_id: int
    product_id: int
    plan_id: int
    limits: Limits
    attributes: Mapping[str, object]
    expires_at: dt.datetime | None

    def is_valid(self, now: dt.datetime) -> bool:
        """Tell whether it still grants anything."""
        return self.expires_at is None or self.expires_at > now


@dataclass(frozen=True, slots=True)
class AccessTable:
    """All keys and grants."""

    credentials: Mapping[bytes, KnownCredential] = field(default_factory=dict)
    """By SHA-256 digest of the key."""
    grants: Mapping[tuple[int, int], Sequence[Grant]] = field(default_factory=dict)
    """By app and definition, the oldest subscription first."""

    def grant(self, app_id: int, definition_id: int, now: dt.datetime) -> Grant | None:
        """Under which subscription an app calls a definition: the oldest that is valid."""
        return next((one for one in self.grants.get((app_id, definition_id), ()) if one.is_valid(now)), None)


async def load_access(pool: Pool) -> AccessTable:
    """Read all of it. Raises psycopg.Error."""
    async with pool.connection() as connection:
        cursor: AsyncCursor[Any] = connection.cursor(row_factory=namedtuple_row)
        credentials = await (await cursor.execute(_CREDENTIALS)).fetchall()
        granted = await (await cursor.execute(_GRANTS)).fetchall()
    grants: dict[tuple[int, int], list[Grant]] = {}
    for row in granted:
        grants.setdefault((row.app_id, row.definition_id), []).append(_grant(row))
    return AccessTable({bytes(row.digest): _credential(row) for row in credentials}, grants)


def _credential(row: Any) -> KnownCredential:
    return KnownCredential(row.id, row.app_id, row.organization_id, row.expires_at, row.revoked)


def _grant(row: Any) -> Grant:
    limits = Limits(**{name: getattr(row, name) for name in _LIMITS})
    return Grant(row.id, row.product_id, row.plan_id, limits, row.attributes, row.expires_at)
