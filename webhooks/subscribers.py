"""Who receives an event: read from the database when something changed, asked in memory for each message.

This is the one place that decides it (docs/architecture.md, "Who receives"): an approved, unexpired subscription
to a product that has webhooks on and contains the definition and, exactly, the event type; an endpoint of the
subscribed app that is not disabled and takes the type.
"""

import asyncio
import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from psycopg import AsyncConnection, AsyncCursor
from psycopg.rows import namedtuple_row

# Three plain reads, put together here: one statement for all of it multiplies subscriptions, types and endpoints, and
# takes seconds where the tables' statistics are old.
_RECEIVING: Final = """
SELECT subscription.product_id, subscription.expires_at, endpoint.id AS endpoint_id, lane.id AS lane_id
FROM gateway_subscription AS subscription
JOIN gateway_app AS app ON app.id = subscription.app_id
JOIN gateway_organization AS organization ON organization.id = app.organization_id AND organization.is_active
JOIN gateway_product AS product ON product.id = subscription.product_id
     AND product.webhooks_enabled AND product.lifecycle IN ('published', 'deprecated')
JOIN webhooks_endpoint AS endpoint ON endpoint.app_id = app.id AND endpoint.state <> 'disabled'
JOIN webhooks_lane AS lane ON lane.endpoint_id = endpoint.id AND lane.key = ''
WHERE subscription.state = 'approved'
  AND (subscription.expires_at IS NULL OR subscription.expires_at > clock_timestamp())
"""
_OFFERS: Final = """
SELECT product.id AS product_id, defined.apidefinition_id AS definition_id, type.name AS event_type
FROM gateway_product AS product
JOIN gateway_product_definitions AS defined ON defined.product_id = product.id
JOIN gateway_product_event_types AS offered ON offered.product_id = product.id
JOIN gateway_eventtype AS type ON type.id = offered.eventtype_id
WHERE product.lifecycle <> 'retired'
"""
_CHOSEN: Final = """
SELECT chosen.endpoint_id, type.name AS event_type
FROM webhooks_endpoint_event_types AS chosen JOIN gateway_eventtype AS type ON type.id = chosen.eventtype_id
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
    """Read who receives what. Call it in a transaction that sees one moment."""
    cursor: AsyncCursor[Any] = connection.cursor(row_factory=namedtuple_row)
    receiving = await (await cursor.execute(_RECEIVING)).fetchall()
    offers = await (await cursor.execute(_OFFERS)).fetchall()
    chosen = await (await cursor.execute(_CHOSEN)).fetchall()
    # On a thread: in a large installation this takes a while, and deliveries go on meanwhile.
    return await asyncio.to_thread(_put_together, receiving, offers, chosen)


def _put_together(receiving: Sequence[Any], offers: Sequence[Any], chosen: Sequence[Any]) -> Subscribers:
    """receiving: product, endpoint, lane, expiry; offers: product, definition, type; chosen: endpoint, type."""
    kinds: dict[int, list[Kind]] = defaultdict(list)
    for offer in offers:
        kinds[offer.product_id].append((offer.definition_id, offer.event_type))
    choices: dict[int, set[str]] = defaultdict(set)
    for choice in chosen:
        choices[choice.endpoint_id].add(choice.event_type)
    best: dict[Kind, dict[int, Recipient]] = defaultdict(dict)
    for row in receiving:
        recipient = Recipient(row.endpoint_id, row.lane_id, _unix(row.expires_at))
        wanted = choices.get(row.endpoint_id)
        for kind in kinds[row.product_id]:
            if wanted is None or kind[1] in wanted:
                _keep_longest(best[kind], recipient)
    recipients = {kind: tuple(by_endpoint.values()) for kind, by_endpoint in best.items()}
    return Subscribers(
        MappingProxyType(recipients), frozenset(kind for offered in kinds.values() for kind in offered)
    )


def _keep_longest(by_endpoint: dict[int, Recipient], recipient: Recipient) -> None:
    """Where two subscriptions reach one endpoint, the one that lasts longest counts."""
    known = by_endpoint.get(recipient.endpoint_id)
    if known is None or _lasts_longer(recipient, known):
        by_endpoint[recipient.endpoint_id] = recipient


def _lasts_longer(one: Recipient, other: Recipient) -> bool:
    if other.expires_at is None:
        return False
    return one.expires_at is None or one.expires_at > other.expires_at


def _unix(moment: dt.datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
