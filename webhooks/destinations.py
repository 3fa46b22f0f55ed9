"""What a try needs to know of its endpoint, read when something changed."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import namedtuple_row

from streams.outbound import UrlError
from streams.secrets import DecryptionError, KeyRing
from webhooks.endpoints import HEADERS_PURPOSE, SECRET_PURPOSE
from webhooks.health import Breaker
from webhooks.request import Target, encode_headers
from webhooks.signing import HmacKey

logger = logging.getLogger(__name__)

_DESTINATIONS: Final = """
SELECT lane.id AS lane_id, endpoint.id AS endpoint_id, endpoint.public_id, endpoint.url, endpoint.headers,
       endpoint.max_in_flight, endpoint.state = 'paused' AS paused, endpoint.failing_since IS NOT NULL AS failing,
       lane.failures, lane.open_at,
       array_agg(secret.ciphertext ORDER BY secret.id DESC) AS secrets
FROM webhooks_lane AS lane
JOIN webhooks_endpoint AS endpoint ON endpoint.id = lane.endpoint_id AND endpoint.state <> 'disabled'
JOIN webhooks_endpointsecret AS secret ON secret.endpoint_id = endpoint.id
     AND (secret.expires_at IS NULL OR secret.expires_at > clock_timestamp())
GROUP BY lane.id, endpoint.id
"""


@dataclass(frozen=True, slots=True)
class Destination:
    """One lane of an endpoint that is not disabled."""

    lane_id: int
    endpoint_id: int
    target: Target
    signers: tuple[HmacKey, ...]
    """The newest first."""
    headers: bytes
    """The endpoint's own, each line ended by CR LF."""
    max_in_flight: int
    paused: bool
    failing: bool
    """Its last try that came to an end failed."""
    breaker: Breaker
    """As it was last written; each worker goes on from there by itself."""


Destinations = Mapping[int, Destination]
"""By lane id."""


async def load_destinations(connection: AsyncConnection[Any], ring: KeyRing) -> Destinations:
    """Read every lane whose endpoint is not disabled; one whose secret cannot be read is left out and logged."""
    cursor = connection.cursor(row_factory=namedtuple_row)
    rows = await (await cursor.execute(_DESTINATIONS)).fetchall()
    made = (_destination(row, ring) for row in rows)
    return MappingProxyType({each.lane_id: each for each in made if each is not None})


def _destination(row: Any, ring: KeyRing) -> Destination | None:
    try:
        keys = [ring.decrypt(text, purpose=SECRET_PURPOSE, row=row.public_id) for text in row.secrets]
        headers = _headers(row, ring)
        target = Target.of(row.url)
    except (DecryptionError, UrlError) as error:
        logger.error("endpoint %s is left out: %s", row.public_id, error)  # noqa: TRY400 - no fault of the code
        return None
    return Destination(
        lane_id=row.lane_id,
        endpoint_id=row.endpoint_id,
        target=target,
        signers=tuple(HmacKey(key) for key in keys),
        headers=headers,
        max_in_flight=row.max_in_flight,
        paused=row.paused,
        failing=row.failing,
        breaker=Breaker(row.failures, row.open_at),
    )


def _headers(row: Any, ring: KeyRing) -> bytes:
    if not row.headers:
        return b""
    text = ring.decrypt(row.headers, purpose=HEADERS_PURPOSE, row=row.public_id)
    return encode_headers(json.loads(text).items())
