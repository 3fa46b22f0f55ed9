"""Who may call what, as it was when it was last read: every key, every approved subscription and every request for
one, in memory.

A request looks here and never at the database. It is read anew with each change of the revision counter, and expiry
is judged by the clock.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
WHERE subscription.state = %s
ORDER BY subscription.id
"""
_EXAMPLES: Final = """
SELECT offered.product_id, event_type.example::text
FROM gateway_product_event_types AS offered
JOIN gateway_eventtype AS event_type ON event_type.id = offered.eventtype_id
WHERE event_type.example IS NOT NULL AND offered.product_id = ANY (%s)
ORDER BY event_type.name
"""
SANDBOX_LIMITS: Final = Limits(requests_per_second=5, messages_per_second=5, max_clients=2)
"""Of an app whose subscription waits for its publisher, whatever the plan will allow."""
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
    """A subscription of an app that is approved, or asked for, as far as one definition is concerned."""

    subscription_id: int
    product_id: int
    plan_id: int
    limits: Limits
    attributes: Mapping[str, object]
    expires_at: dt.datetime | None
    examples: tuple[bytes, ...] | None = None
    """Set where it is only asked for: the product's examples, which may be read meanwhile."""

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
    requested: Mapping[tuple[int, int], Sequence[Grant]] = field(default_factory=dict)
    """Those that wait for a publisher, in the same way: they grant examples and nothing else."""

    def grant(self, app_id: int, definition_id: int, now: dt.datetime) -> Grant | None:
        """Under which subscription an app calls a definition: the oldest that is valid, else one that is asked for."""
        key = (app_id, definition_id)
        approved = (one for one in self.grants.get(key, ()) if one.is_valid(now))
        return next(approved, next(iter(self.requested.get(key, ())), None))


async def load_access(pool: Pool) -> AccessTable:
    """Read all of it. Raises psycopg.Error."""
    async with pool.connection() as connection:
        cursor: AsyncCursor[Any] = connection.cursor(row_factory=namedtuple_row)
        credentials = await (await cursor.execute(_CREDENTIALS)).fetchall()
        granted = await (await cursor.execute(_GRANTS, ["approved"])).fetchall()
        requested = await (await cursor.execute(_GRANTS, ["requested"])).fetchall()
        examples = await _examples(cursor, {row.product_id for row in requested})
    grants = _by_call((row, _grant(row)) for row in granted)
    waiting = _by_call((row, _waiting(row, examples)) for row in requested)
    return AccessTable({bytes(row.digest): _credential(row) for row in credentials}, grants, waiting)


async def _examples(cursor: AsyncCursor[Any], products: set[int]) -> dict[int, tuple[bytes, ...]]:
    """The examples of products' event types, each as the bytes of one message: as text, since JSON may say numbers that
    no library writes again, and one product's must not stand in the way of all.
    """
    if not products:
        return {}
    examples: dict[int, tuple[bytes, ...]] = {}
    for row in await (await cursor.execute(_EXAMPLES, [list(products)])).fetchall():
        examples[row.product_id] = (*examples.get(row.product_id, ()), row.example.encode())
    return examples


def _by_call(found: Iterable[tuple[Any, Grant]]) -> dict[tuple[int, int], list[Grant]]:
    grants: dict[tuple[int, int], list[Grant]] = {}
    for row, grant in found:
        grants.setdefault((row.app_id, row.definition_id), []).append(grant)
    return grants


def _waiting(row: Any, examples: Mapping[int, tuple[bytes, ...]]) -> Grant:
    return replace(_grant(row), limits=SANDBOX_LIMITS, examples=examples.get(row.product_id, ()))


def _credential(row: Any) -> KnownCredential:
    return KnownCredential(row.id, row.app_id, row.organization_id, row.expires_at, row.revoked)


def _grant(row: Any) -> Grant:
    limits = Limits(**{name: getattr(row, name) for name in _LIMITS})
    return Grant(row.id, row.product_id, row.plan_id, limits, row.attributes, row.expires_at)
