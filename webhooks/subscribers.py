"""Who receives an event: read from the database when something changed, asked in memory for each message.

This is the one place that decides it (docs/architecture.md, "Who receives"): an approved, unexpired subscription
to a product that has webhooks on and contains the definition and, exactly, the event type; an endpoint of the
subscribed app that is not disabled and takes the type.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import namedtuple_row

_RECIPIENTS: Final = """
SELECT DISTINCT defined.apidefinition_id AS definition_id, type.name AS event_type, lane.id AS lane_id,
       endpoint.id AS endpoint_id, subscription.expires_at
FROM gateway_subscription AS subscription
JOIN gateway_app AS app ON app.id = subscription.app_id
JOIN gateway_organization AS organization ON organization.id = app.organization_id AND organization.is_active
JOIN gateway_product AS product ON product.id = subscription.product_id
     AND product.webhooks_enabled AND product.lifecycle IN ('published', 'deprecated')
JOIN gateway_product_definitions AS defined ON defined.product_id = product.id
JOIN gateway_product_event_types AS offered ON offered.product_id = product.id
JOIN gateway_eventtype AS type ON type.id = offered.eventtype_id
JOIN webhooks_endpoint AS endpoint ON endpoint.app_id = app.id AND endpoint.state <> 'disabled'
JOIN webhooks_lane AS lane ON lane.endpoint_id = endpoint.id AND lane.key = ''
WHERE subscription.state = 'approved'
  AND (subscription.expires_at IS NULL OR subscription.expires_at > clock_timestamp())
  AND (NOT EXISTS (SELECT FROM webhooks_endpoint_event_types AS chosen WHERE chosen.endpoint_id = endpoint.id)
       OR EXISTS (SELECT FROM webhooks_endpoint_event_types AS chosen
                  WHERE chosen.endpoint_id = endpoint.id AND chosen.eventtype_id = type.id))
"""

_OFFERED: Final = """
SELECT DISTINCT defined.apidefinition_id, type.name
FROM gateway_product AS product
JOIN gateway_product_definitions AS defined ON defined.product_id = product.id
JOIN gateway_product_event_types AS offered ON offered.product_id = product.id
JOIN gateway_eventtype AS type ON type.id = offered.eventtype_id
WHERE product.lifecycle <> 'retired'
"""

Kind = tuple[int, str]
"""A definition's id and an event type's name."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One endpoint that takes one kind of event."""

    endpoint_id: int
    lane_id: int
    expires_at: float | None
    """When the subscription ends, in Unix seconds."""


@dataclass(frozen=True, slots=True)
class Subscribers:
    """Everybody who receives, as of one revision."""

    recipients: Mapping[Kind, tuple[Recipient, ...]] = field(default_factory=lambda: MappingProxyType({}))
    offered: frozenset[Kind] = frozenset()
    """What some product offers, subscribed to or not."""

    def match(self, definition_id: int, event_type: str, now: float) -> tuple[Recipient, ...]:
        """The recipients of an event at `now` (Unix seconds), each endpoint once."""
        found = self.recipients.get((definition_id, event_type), ())
        if all(recipient.expires_at is None for recipient in found):
            return found
        return tuple(r for r in found if r.expires_at is None or r.expires_at > now)


async def load_subscribers(connection: AsyncConnection[Any]) -> Subscribers:
    """Read who receives what."""
    cursor = connection.cursor(row_factory=namedtuple_row)
    rows = await (await cursor.execute(_RECIPIENTS)).fetchall()
    kinds = await (await connection.execute(_OFFERED)).fetchall()
    return Subscribers(MappingProxyType(_by_kind(rows)), frozenset((row[0], row[1]) for row in kinds))


def _by_kind(rows: Iterable[Any]) -> dict[Kind, tuple[Recipient, ...]]:
    """Group by kind; where two subscriptions reach one endpoint, the one that lasts longest counts."""
    best: dict[Kind, dict[int, Recipient]] = {}
    for row in rows:
        kind = best.setdefault((row.definition_id, row.event_type), {})
        recipient = Recipient(row.endpoint_id, row.lane_id, _unix(row.expires_at))
        known = kind.get(row.endpoint_id)
        if known is None or _lasts_longer(recipient, known):
            kind[row.endpoint_id] = recipient
    return {kind: tuple(by_endpoint.values()) for kind, by_endpoint in best.items()}


def _lasts_longer(one: Recipient, other: Recipient) -> bool:
    if other.expires_at is None:
        return False
    return one.expires_at is None or one.expires_at > other.expires_at


def _unix(moment: dt.datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
