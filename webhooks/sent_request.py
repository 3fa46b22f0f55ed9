"""The request of a try, put together again from what is kept of it: the bytes that went over the wire."""

from webhooks.endpoints import decrypt_headers
from webhooks.models import Attempt, Delivery, Endpoint, Payload, message_id_text
from webhooks.request import Request, Target, encode_headers
from webhooks.signing import signed_content

HIDDEN = "(a header of yours, not shown)"
"""Stands for the values of an endpoint's own headers: they may be passwords."""


def sent_request(delivery: Delivery, attempt: Attempt, payload: Payload) -> Request:
    """Return the request of a try, with `delivery.endpoint` as it is now, which may have changed since.

    Raises streams.outbound.UrlError, streams.secrets.DecryptionError.
    """
    endpoint = delivery.endpoint
    return Request(
        target=Target.of(endpoint.url),
        content_type=payload.content_type.encode(),
        message_id=message_id_text(delivery.message_id.bytes).encode(),
        timestamp=b"%d" % attempt.signed_at,
        signature=attempt.signature.encode(),
        headers=_hidden_headers(endpoint) + bytes(payload.headers),
        body=bytes(payload.body),
    )


def head_of(request: Request) -> str:
    """Return a request's line and headers, a line each, without the body."""
    encoded = request.encoded()
    head = encoded[: len(encoded) - len(request.body)]
    return head.decode("latin-1").replace("\r\n", "\n").strip()


def signed_bytes(request: Request) -> bytes:
    """Return the bytes that the signature of a request is over."""
    return signed_content(request.message_id, request.timestamp, request.body)


def _hidden_headers(endpoint: Endpoint) -> bytes:
    return encode_headers((name, HIDDEN) for name in decrypt_headers(endpoint))
