"""A test event: one signed request to an endpoint, now, and what came back; it is kept nowhere."""

import secrets
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import orjson
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from gateway import audit
from gateway.actor import Actor
from streams.guarded_session import Answer, CallTimeoutError, GuardedSession
from streams.jsontext import serialise
from streams.outbound import Guard, HostError, OutboundError
from webhooks.endpoints import decrypt_headers, decrypt_keys, offered_event_types
from webhooks.exchange import EXCERPT_BYTES, ErrorClass
from webhooks.models import Endpoint, EndpointSecret
from webhooks.request import USER_AGENT
from webhooks.signing import HmacKey, sign

TEST_TYPE: Final = "sluice.test"
CALL_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class EndpointTestResult:
    """What was sent and what came back."""

    message_id: str
    """The `webhook-id` as sent; such an id is never that of an event."""
    timestamp: int
    signature: str
    body: str
    total_ms: float
    status: int | None = None
    response_headers: str = ""
    """A line each."""
    response_body: str = ""
    """The first bytes, read as UTF-8."""
    error: str | None = None
    """The class of what went wrong, as attempts have it."""
    error_text: str | None = None

    @property
    def delivered(self) -> bool:
        """Whether it would count as delivered."""
        return self.error is None and self.status is not None and 200 <= self.status <= 299


def send_test_event(actor: Actor, endpoint: Endpoint, event_type: str = "") -> EndpointTestResult:
    """Post the example of an event type (empty: a short test event), signed as every delivery is.

    Raises InputError for an event type that the app's subscriptions do not offer.
    """
    body = _body(endpoint, event_type)
    now = timezone.now()
    live = Q(expires_at=None) | Q(expires_at__gt=now)
    stored = EndpointSecret.objects.filter(live, endpoint=endpoint).values_list("ciphertext", flat=True)
    keys = [HmacKey(key) for key in decrypt_keys(endpoint, stored)]
    message_id, timestamp = f"msg_test_{secrets.token_hex(12)}", int(now.timestamp())
    signature = sign(keys, message_id.encode(), str(timestamp).encode(), body).decode()
    headers = {
        **decrypt_headers(endpoint),
        "User-Agent": USER_AGENT,
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature,
    }
    result = _send(endpoint.url, headers, body)
    outcome = result.error or result.status
    audit.record(actor, "endpoint.test", endpoint, {"outcome": [None, outcome]})
    return result


def _send(url: str, headers: dict[str, str], body: bytes) -> EndpointTestResult:
    answer: Answer | None = None
    error: OutboundError | None = None
    started = time.perf_counter()
    session = GuardedSession(_guard(settings.OUTBOUND_ALLOW), seconds=CALL_SECONDS, body_bytes=EXCERPT_BYTES)
    try:
        answer = session.call("POST", url, headers=headers, body=body)
    except OutboundError as problem:
        error = problem
    total_ms = (time.perf_counter() - started) * 1000
    return EndpointTestResult(
        message_id=headers["webhook-id"],
        timestamp=int(headers["webhook-timestamp"]),
        signature=headers["webhook-signature"],
        body=body.decode(),
        total_ms=total_ms,
        status=None if answer is None else answer.status,
        response_headers="" if answer is None else _lines(answer),
        response_body="" if answer is None else answer.body.decode("utf-8", "replace"),
        error=None if error is None else str(_class(error)),
        error_text=None if error is None else str(error),
    )


def _body(endpoint: Endpoint, event_type: str) -> bytes:
    if event_type:
        example = offered_event_types(endpoint.app, [event_type])[0].example
        return serialise({} if example is None else example)
    said = {"message": "Sluice can reach this endpoint.", "endpoint": endpoint.public_id}
    return orjson.dumps({"type": TEST_TYPE, "timestamp": timezone.now().isoformat(), "data": said})


def _lines(answer: Answer) -> str:
    return "\n".join(f"{name}: {value}" for name, value in answer.headers.items())


def _class(error: OutboundError) -> ErrorClass:
    if isinstance(error, HostError):
        return ErrorClass.DNS_ERROR
    return ErrorClass.TIMEOUT if isinstance(error, CallTimeoutError) else ErrorClass.CONNECT_ERROR


@lru_cache(maxsize=1)
def _guard(allow: tuple[str, ...]) -> Guard:
    return Guard(allow)
